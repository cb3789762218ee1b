//! From many to many: an encoder that reads a sentence in both directions, and a decoder that writes another one and
//! looks back at all of it.

use autograd::Shape;
use clap::Args;
use serde::{Deserialize, Serialize};
use train::layers::DecodingError;
use train::prelude::*;
use train::program::{probability, up_to};

/// A translation has at most so many symbols for each of the source, and so many more.
const LONGEST: (usize, usize) = (3, 10);

/// How large a network is.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sizes {
    /// Features of a word's vector
    #[arg(long, default_value_t = 64, value_parser = up_to(10_000))]
    pub features: usize,
    /// Units of the encoder in each direction, and of the decoder
    #[arg(long, default_value_t = 64, value_parser = up_to(10_000))]
    pub hidden: usize,
    /// Probability that an element of a word's vector, or of what the next word is told from, is dropped in training
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true, value_parser = probability)]
    pub dropout: f64,
}

/// The sentence x_1 … x_S becomes y_1 … y_T. The encoder reads it with GRUs in both directions:
///
/// ```text
/// h_s = [→h_s, ←h_s]
/// ```
///
/// The decoder is a GRU, too. It begins with what both directions have read, and finds at each word what it looks for
/// in the sentence (Bahdanau et al. 2015; the score and o are those of Luong et al. 2015, "general", equation 5):
///
/// ```text
/// g_0  = tanh (V₀ [→h_S, ←h_1] + d₀)
/// g_t  = GRU (y_{t−1}, g_{t−1})
/// α_ts = softmax_s (g_t W h_s)                    how much it looks at word s to write word t
/// c_t  = Σ_s α_ts h_s
/// o_t  = tanh (V₁ [g_t, c_t] + d₁)
/// p (y_t | y_1 … y_{t−1}, x) = softmax (V₂ o_t + d₂)
/// ```
#[derive(Clone, Debug)]
pub struct Network {
    encoder: Stack,
    /// From the encoder's last states to the decoder's first one.
    bridge: Linear,
    decoder: Decoder,
    /// The numbers that a target begins and ends with.
    start: usize,
    end: usize,
}

/// A pair of sentences by their words' numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub source: Vec<usize>,
    /// Without its start, and with its end.
    pub target: Vec<usize>,
}

impl Network {
    /// Adds its parameters to a set. The words of the targets have a start and an end.
    pub fn new(
        set: &mut ParameterSet,
        sizes: &Sizes,
        [sources, targets]: [&Vocabulary; 2],
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let (features, hidden) = (sizes.features, sizes.hidden);
        let mut words = |name, vocabulary: &Vocabulary| {
            let words = Embedding::new(set, name, vocabulary.len(), features, rng);
            Stack::new().with(words).with(Dropout::new(sizes.dropout))
        };
        let (source, target) = (words("source", sources), words("target", targets));
        let mut gru = |name: &str| Gru::new(set, name, features, hidden, Reset::After, rng);
        let encoder = source.with(Bidirectional::new("encoder", &mut gru));
        let writer = target.with(Forward(gru("decoder")));
        let attention = Attention::general(set, "attention", hidden, 2 * hidden, rng);
        let output = Stack::new()
            .with(Linear::new(set, "found", 3 * hidden, features, rng))
            .with(Map::new("tanh", |x| x.tanh()))
            .with(Dropout::new(sizes.dropout))
            .with(Linear::new(set, "output", features, targets.len(), rng));
        Network {
            encoder,
            bridge: Linear::new(set, "bridge", 2 * hidden, hidden, rng),
            decoder: Decoder::new(writer, attention, output),
            start: targets.start().expect("targets have a start"),
            end: targets.end().expect("targets have an end"),
        }
    }

    /// Parameters that tell all sizes, and their shapes.
    pub fn shapes(
        sizes: &Sizes,
        [sources, targets]: [&Vocabulary; 2],
    ) -> [(&'static str, Shape); 3] {
        [
            ("source.E", Shape::new(sources.len(), sizes.features)),
            ("target.E", Shape::new(targets.len(), sizes.features)),
            ("decoder.W", Shape::new(3 * sizes.hidden, sizes.hidden)),
        ]
    }

    /// Reads sentences: what is looked at, and g_0.
    fn read<'t>(
        &self,
        p: &Bound<'t>,
        sources: &[impl AsRef<[usize]>],
    ) -> (Memory<'t>, Vec<State<'t>>) {
        let x = Sequence::from_symbols(sources).expect("a sentence has words");
        let mut states = States::initial();
        let h = self.encoder.pass(p, x, &mut states);
        let last: Vec<_> = states.last().iter().map(|state| state.h).collect();
        let g = self.bridge.apply(p, Var::concat_cols(&last)).tanh();
        (self.decoder.remember(p, &h), vec![State { h: g, c: None }])
    }

    /// −ln p(y | x), a mean over the words of the targets and their ends. Each word is told from the true ones before
    /// it, and not from those that the network would have written.
    pub fn loss<'t>(&self, p: &Bound<'t>, batch: &[&Sample]) -> Var<'t> {
        let sources: Vec<_> = batch.iter().map(|sample| &sample.source).collect();
        let targets: Vec<_> = batch.iter().map(|sample| &sample.target).collect();
        let before = |target: &&Vec<usize>| self.after_start(&target[..target.len() - 1]);
        let before: Vec<_> = targets.iter().map(before).collect();
        let y = Sequence::from_symbols(&before).expect("a target has its end");
        let targets = y.lengths().stack(&targets).expect("a word after each");
        let (memory, states) = self.read(p, &sources);
        let decoded = self.decoder.run(p, y, &memory, &states);
        decoded.logits.cross_entropy(&targets)
    }

    /// The most probable translation of a sentence that a beam search finds, and where it looked: a row of weights for
    /// each of its symbols, and one for its end.
    ///
    /// # Errors
    /// If the parameters have run away.
    pub fn translate(
        &self,
        set: &ParameterSet,
        source: &[usize],
        beam: Beam,
    ) -> Result<(Vec<usize>, Matrix), DecodingError> {
        let tape = Tape::new();
        let p = set.bind(&tape);
        let (memory, states) = self.read(&p, &[source]);
        let (factor, more) = LONGEST;
        let stop = Stop {
            end: Some(self.end),
            max_length: factor * source.len() + more,
        };
        let step = |symbols: &[usize], states| self.decoder.step(&p, symbols, &memory, states);
        let best = beam_search(self.start, states.clone(), stop, beam, step)?;
        let symbols = best
            .into_iter()
            .next()
            .map_or(Vec::new(), |best| best.symbols);
        // It reads what it has written: so it looks where it looked when it wrote.
        let y = Sequence::from_symbols(&[self.after_start(&symbols)]).expect("a start");
        let looked = self.decoder.run(&p, y, &memory, &states).weights[0];
        Ok((symbols, looked.value().to_matrix()))
    }

    fn after_start(&self, symbols: &[usize]) -> Vec<usize> {
        [&[self.start], symbols].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes {
        features: 5,
        hidden: 4,
        dropout: 0.0,
    };

    fn network() -> (Network, ParameterSet) {
        let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(1));
        let words = Vocabulary::words(" a b c", 1);
        let targets = words.clone().with_ends();
        let network = Network::new(&mut set, &SIZES, [&words, &targets], &mut rng);
        for (name, shape) in Network::shapes(&SIZES, [&words, &targets]) {
            let id = set.find(name).expect("a parameter");
            assert_eq!(set.get(id).shape(), shape, "{name}");
        }
        (network, set)
    }

    fn sample(source: &[usize], target: &[usize]) -> Sample {
        Sample {
            source: source.into(),
            target: target.into(),
        }
    }

    /// The sentences of a mini-batch do not see each other, whatever their lengths on either side.
    #[test]
    fn the_loss_is_the_mean_over_the_words_of_each_pair_alone() {
        let (network, set) = network();
        let tape = Tape::new();
        let p = set.bind(&tape);
        let samples = [
            sample(&[0, 1, 2], &[1, 5]),
            sample(&[2], &[0, 0, 3, 5]),
            sample(&[1, 1, 0, 2, 1], &[5]),
        ];
        let all: Vec<_> = samples.iter().collect();
        let together = network.loss(&p, &all).item();
        let alone = samples
            .iter()
            .map(|sample| network.loss(&p, &[sample]).item() * sample.target.len() as f32);
        let alone = alone.sum::<f32>() / 7.0;
        assert!((together - alone).abs() < 1e-5, "{together} {alone}");
    }

    #[test]
    fn every_parameter_learns() {
        let (network, set) = network();
        let tape = Tape::new();
        let p = set.bind(&tape);
        let sample = sample(&[0, 1, 2, 3], &[0, 1, 2, 3, 5]);
        let gradients = network.loss(&p, &[&sample]).backward();
        for id in set.ids() {
            assert!(gradients.of(p.var(id)).norm() > 0.0, "{}", set.name(id));
        }
    }

    #[test]
    fn a_sentence_is_learned_and_written_with_a_look_at_its_words() {
        let (network, set) = network();
        let samples = [
            sample(&[0, 1, 2], &[2, 1, 0, 5]),
            sample(&[2, 1], &[1, 2, 5]),
        ];
        let batch: Vec<_> = samples.iter().collect();
        let mut trainer = Trainer::new(set, Adam::new(0.03));
        for _ in 0..150 {
            trainer.step(|p| network.loss(p, &batch)).expect("finite");
        }
        for Sample { source, target } in &samples {
            let set = trainer.parameters();
            let written = network.translate(set, source, Beam::default());
            let (symbols, looked) = written.expect("finite logits");
            assert_eq!(symbols, target[..target.len() - 1]);
            assert_eq!(looked.shape(), Shape::new(target.len(), source.len()));
            for row in looked.row_iter() {
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            }
        }
    }

    /// Whatever the first symbols are, it comes to an end.
    #[test]
    fn a_network_that_knows_nothing_stops() {
        let (network, mut set) = network();
        let d = set.find("output.d").expect("a parameter");
        set.get_mut(d).data_mut()[network.end] = -1e9;
        let (symbols, _) = network
            .translate(&set, &[1], Beam::default())
            .expect("finite");
        assert_eq!(symbols.len(), 13);
        set.get_mut(d).data_mut()[0] = f32::NAN;
        network
            .translate(&set, &[1], Beam::default())
            .expect_err("NaN");
    }
}
