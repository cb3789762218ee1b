//! From many to one: a network that reads a review in both directions, and looks back at all of it.

use autograd::Shape;
use train::layers::dropout;
use train::prelude::*;
use train::program::Outcome;

use crate::settings::ReaderSettings;

/// Samples of a mini-batch, and the mini-batches that are sorted by length together.
const BATCH: usize = 50;
const WINDOW: usize = 20;
/// Decay of the averages of the parameters, which so are over some 100 mini-batches.
const DECAY: f64 = 0.99;
/// Vectors of words start in ± this.
const START: f64 = 0.1;
/// Probability that a unit is dropped from the products of the recurrent layer with its state.
const RECURRENT: f64 = 0.3;
/// Epochs to wait for a better one: the first ones of made-up reviews look alike.
const PATIENCE: u64 = 3;

/// A review by its words' numbers, and its class.
pub type Numbered = (Vec<usize>, usize);

/// A network of words x_1 … x_T, with →h and ←h of GRUs:
///
/// ```text
/// h_t = [→h_t, ←h_t]
/// α_t = softmax_t (w · h_t)                     how much it looks at word t
/// y   = softmax (V [Σ_t α_t h_t, max_t h_t] + d)
/// ```
///
/// The attention (Bahdanau et al. 2015) has one question for all reviews, w.
pub struct Reader {
    words: Embedding,
    layer: Bidirectional<RecurrentDropout<Gru>>,
    attention: Attention,
    output: Linear,
    /// As [`ReaderSettings::dropout`] and [`ReaderSettings::unknown`] say.
    dropout: f64,
    unknown: f64,
    /// The number of an unknown word.
    gap: usize,
    network: usize,
}

/// What a network has made of some reviews.
pub struct Read<'t> {
    /// A row for each review, a column for each class.
    logits: Var<'t>,
    /// The vectors of all words, stacked.
    pub vectors: Var<'t>,
    /// How much it has looked at each word.
    pub attended: Attended<'t>,
}

impl<'t> Read<'t> {
    /// z = ln p(positive) / p(negative), a row for each review.
    pub fn log_odds(&self) -> Var<'t> {
        self.logits.cols(1..2) - self.logits.cols(0..1)
    }
}

/// What the names of a network's parameters begin with.
fn prefix(network: usize) -> String {
    format!("network{network}")
}

impl Reader {
    /// Adds the parameters of the network of that number, which their names begin with.
    pub fn new(
        set: &mut ParameterSet,
        network: usize,
        settings: &ReaderSettings,
        words: &Vocabulary,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let (features, hidden) = (settings.features, settings.hidden);
        let name = |part: &str| format!("{}.{part}", prefix(network));
        let embedding = Embedding::new(set, &name("words"), words.len(), features, rng);
        Init::Uniform(START).apply(set, embedding.e, rng);
        let layer = Bidirectional::new(&name("gru"), |name| {
            let gru = Gru::new(set, name, features, hidden, Reset::After, rng);
            RecurrentDropout::new(gru, RECURRENT)
        });
        Reader {
            words: embedding,
            layer,
            attention: Attention::general(set, &name("attention"), 1, 2 * hidden, rng),
            output: Linear::new(set, &name("output"), 4 * hidden, 2, rng),
            dropout: settings.dropout,
            unknown: settings.unknown,
            gap: words.unknown().expect("words have a mark for others"),
            network,
        }
    }

    /// Adds to the vector x of each word its log-count ratio r, in a direction that is the same for all words:
    /// x ← x + s r (1, −1, 1, −1, …). So what counting tells of a word need not be learned, which otherwise takes
    /// epochs in which the network learns its reviews by heart.
    pub fn start_at(&self, set: &mut ParameterSet, ratios: &[f64], scale: f64) {
        let mut vectors = set.get_mut(self.words.e).view_mut();
        for (word, ratio) in ratios.iter().enumerate() {
            for (i, x) in vectors.row(word).iter_mut().enumerate() {
                let sign = if i % 2 == 0 { 1.0 } else { -1.0 };
                *x += (sign * scale * ratio) as f32;
            }
        }
    }

    /// The parameters that grow with the settings, and their shapes.
    pub fn shapes(network: usize, settings: &ReaderSettings, words: usize) -> [(String, Shape); 3] {
        let (features, hidden) = (settings.features, settings.hidden);
        let name = |part: &str| format!("{}.{part}", prefix(network));
        let shape = |part, rows, cols| (name(part), Shape::new(rows, cols));
        [
            shape("words.E", words, features),
            shape("gru.forward.U", 3 * hidden, features),
            shape("gru.forward.W", 3 * hidden, hidden),
        ]
    }

    /// Reads reviews, each of which has a word at least.
    pub fn read<'t>(&self, p: &Bound<'t>, reviews: &[impl AsRef<[usize]>]) -> Read<'t> {
        let x = Sequence::from_symbols(reviews).expect("a review has words");
        let x = self.words.run(p, self.with_gaps(p, x));
        let vectors = x.stacked();
        let h = self.layer.run(p, Dropout::new(self.dropout).run(p, x));
        let question = p.tape().constant(Matrix::filled(reviews.len(), 1, 1.0));
        let question = Sequence::from_stacked(question, reviews.len());
        let memory = self.attention.remember(p, &h);
        let attended = self.attention.apply(p, &question, &memory);
        let found = Var::concat_cols(&[attended.contexts.last(), h.max()]);
        let found = match p.noise() {
            Some(mut rng) => dropout(found, self.dropout, &mut rng),
            None => found,
        };
        let logits = self.output.apply(p, found);
        Read {
            logits,
            vectors,
            attended,
        }
    }

    /// In training, some words are made unknown, so that it learns what to do with those.
    fn with_gaps<'t>(&self, p: &Bound<'t>, x: Sequence<'t>) -> Sequence<'t> {
        let (Some(mut rng), Some(words)) = (p.noise(), x.symbols()) else {
            return x;
        };
        let gap = |&word: &usize| match rng.random_bool(self.unknown) {
            true => self.gap,
            false => word,
        };
        let words: Vec<_> = words.iter().map(gap).collect();
        Sequence::from_stacked_symbols(&words, x.lengths())
    }

    fn loss<'t>(&self, p: &Bound<'t>, batch: &[&Numbered], measures: &mut Measures) -> Var<'t> {
        let (reviews, classes): (Vec<_>, Vec<_>) =
            batch.iter().map(|(words, class)| (words, *class)).unzip();
        let logits = self.read(p, &reviews).logits;
        measures.classes(logits, &classes);
        logits.cross_entropy(&classes)
    }

    /// Learns from the first of two lists of reviews, until the second is no longer judged better.
    pub fn train(
        &self,
        set: ParameterSet,
        settings: &ReaderSettings,
        data: &[Vec<Numbered>; 2],
        seed: u64,
    ) -> Outcome<ParameterSet> {
        let [mut training, mut validation] = data.each_ref().map(|reviews| {
            Samples::new(&reviews[..], BATCH).sorted_by_length(WINDOW, |(words, _)| words.len())
        });
        training = training.shuffled(seed);
        let mut trainer = Trainer::new(set, Adam::new(settings.lr)).clip(5.0);
        let network = self.network;
        let mut fit = Fit::new(settings.epochs)
            .seed(seed)
            .average(DECAY)
            .early_stopping(PATIENCE)
            .describe(move |report| line(network, report));
        fit.run_and_validate(
            &mut trainer,
            &mut training,
            &mut validation,
            |p, batch, measures| self.loss(p, batch, measures),
        )?;
        Ok(trainer.into_parameters())
    }
}

/// An epoch in one line.
fn line(network: usize, report: &EpochReport) -> String {
    let [learned, held_out] = [&report.training, report.scores()].map(|scores| {
        let right = scores.measures.get("accuracy").unwrap_or(f64::NAN);
        format!("{:.3} nats, {:5.1} % right", scores.loss, 100.0 * right)
    });
    let epoch = report.epoch;
    format!(
        "network {network}, epoch {epoch:2}: learned {learned}; validation {held_out}; {:.1} s",
        report.seconds
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(settings: &ReaderSettings) -> (Reader, ParameterSet) {
        let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(1));
        let words = Vocabulary::words(" a b c d", 1);
        let reader = Reader::new(&mut set, 3, settings, &words, &mut rng);
        (reader, set)
    }

    fn small() -> ReaderSettings {
        ReaderSettings {
            features: 5,
            hidden: 3,
            ..ReaderSettings::default()
        }
    }

    /// Reviews of a mini-batch do not see each other, and attention is over the words of each.
    #[test]
    fn a_review_is_read_as_if_it_were_alone() {
        let (reader, set) = reader(&small());
        let tape = Tape::new();
        let p = set.bind(&tape);
        let reviews = [vec![0, 1], vec![2, 3, 0, 4], vec![1]];
        let together = reader.read(&p, &reviews);
        for (i, review) in reviews.iter().enumerate() {
            let alone = reader.read(&p, &[review]);
            let difference = alone.log_odds().item() - together.log_odds().value()[(i, 0)];
            assert!(difference.abs() < 1e-6, "{difference}");
            let weights = together.attended.weights_of(i);
            assert_eq!(weights.shape(), Shape::new(1, review.len()));
            assert!((weights.data().iter().sum::<f32>() - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn words_are_made_unknown_in_training_only() {
        let (reader, set) = reader(&ReaderSettings {
            unknown: 0.5,
            ..small()
        });
        let tape = Tape::new();
        let p = set.bind(&tape);
        let words = |p| {
            let x = Sequence::from_symbols(&[[0; 100]]).expect("words");
            reader.with_gaps(p, x).symbols().expect("words").to_vec()
        };
        assert!(words(&p).iter().all(|&word| word == 0));
        let unknown = words(&p.training(1))
            .iter()
            .filter(|&&word| word == reader.gap)
            .count();
        assert!((30..70).contains(&unknown), "{unknown}");
    }

    #[test]
    fn vectors_start_apart_by_the_ratios_of_their_words() {
        let (reader, mut set) = reader(&small());
        let e = reader.words.e;
        let before = set.get(e).clone();
        reader.start_at(&mut set, &[2.0, 0.0, -1.0, 0.0, 0.0], 0.25);
        let moved = Matrix::from_fn(5, 5, |r, c| set.get(e)[(r, c)] - before[(r, c)]);
        let expected = [
            [0.5, -0.5, 0.5, -0.5, 0.5],
            [0.0; 5],
            [-0.25, 0.25, -0.25, 0.25, -0.25],
            [0.0; 5],
            [0.0; 5],
        ];
        for (r, row) in expected.iter().enumerate() {
            for (found, expected) in moved.row(r).iter().zip(row) {
                assert!((found - expected).abs() < 1e-6, "word {r}: {found}");
            }
        }
    }

    #[test]
    fn the_parameters_that_grow_have_the_shapes_that_are_told() {
        let settings = ReaderSettings {
            features: 7,
            hidden: 2,
            ..ReaderSettings::default()
        };
        let (_, set) = reader(&settings);
        for (name, shape) in Reader::shapes(3, &settings, 5) {
            let id = set.find(&name).expect("a parameter");
            assert_eq!(set.get(id).shape(), shape, "{name}");
        }
    }
}
