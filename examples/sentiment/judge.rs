//! Several networks that have learned from the same reviews, and naive Bayes beside them.

use rayon::prelude::*;
use train::prelude::*;
use train::program::Outcome;

use crate::bayes::Bayes;
use crate::reader::{Numbered, Reader};
use crate::reviews::{POSITIVE, Sample};
use crate::settings::ReaderSettings;
use crate::shown::Judged;

/// A word that the training reviews have less often is unknown.
const FLOOR: usize = 2;
/// Words of the longest gram that is counted.
pub const LONGEST: usize = 2;
/// Reviews that are read at once.
const AT_ONCE: usize = 200;

/// A network with its parameters.
pub type Member = (Reader, ParameterSet);

/// The log-odds for "positive" are the mean of the networks' and `weight` times naive Bayes':
///
/// ```text
/// z = (1/K) Σ_k z_k + a z_Bayes
/// ```
///
/// Naive Bayes knows the training reviews better than others, so that a network would not learn beside it: the
/// networks learn alone, and a is chosen afterwards, on the reviews that tell them when to stop.
pub struct Judge {
    pub settings: ReaderSettings,
    pub vocabulary: Vocabulary,
    pub networks: Vec<Member>,
    pub bayes: Bayes,
    pub weight: f64,
}

impl Judge {
    /// Learns from training reviews; what is to be chosen is chosen by the validation reviews.
    pub fn train(
        settings: &ReaderSettings,
        training: &[Sample],
        validation: &[Sample],
        seed: u64,
    ) -> Outcome<Self> {
        let text = training.iter().flat_map(|(words, _)| words);
        let vocabulary = Vocabulary::words(&text.map(String::as_str).collect::<String>(), FLOOR);
        let numbered = |samples: &[Sample]| -> Vec<Numbered> {
            let of_sample = |(words, class): &Sample| (number(&vocabulary, words), *class);
            samples.iter().map(of_sample).collect()
        };
        let data = [training, validation].map(numbered);
        let bayes = Bayes::count(training, LONGEST);
        let ratios = vocabulary.tokens().iter().map(|word| bayes.ratio(word));
        let ratios: Vec<_> = ratios.collect();
        let learn = |network: usize| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(network as u64);
            let mut set = ParameterSet::new();
            let reader = Reader::new(&mut set, network, settings, &vocabulary, &mut rng);
            reader.start_at(&mut set, &ratios, settings.log_counts);
            let set = reader.train(set, settings, &data, rng.random())?;
            Ok((reader, set))
        };
        let networks = (1..=settings.networks).into_par_iter().map(learn);
        let mut judge = Judge {
            settings: settings.clone(),
            networks: networks.collect::<Outcome<Vec<_>>>()?,
            bayes,
            weight: 0.0,
            vocabulary,
        };
        judge.weight = best_weight(&judge.opinions(validation), validation);
        Ok(judge)
    }

    /// What networks and naive Bayes say of each review.
    pub fn opinions(&self, samples: &[Sample]) -> Vec<Opinion> {
        let numbers = samples
            .iter()
            .map(|(words, _)| number(&self.vocabulary, words));
        let numbers: Vec<_> = numbers.collect();
        let of_network = |member: &Member| -> Vec<f64> {
            numbers
                .chunks(AT_ONCE)
                .flat_map(|reviews| log_odds(member, reviews))
                .collect()
        };
        let networks: Vec<Vec<f64>> = self.networks.par_iter().map(of_network).collect();
        let of_sample = |(i, (words, _)): (usize, &Sample)| Opinion {
            networks: networks.iter().map(|odds| odds[i]).collect(),
            bayes: self.bayes.log_odds(words),
        };
        samples.iter().enumerate().map(of_sample).collect()
    }

    /// How a review is judged, word by word.
    pub fn explain(&self, words: &[String]) -> Judged {
        let count = self.networks.len() as f64;
        let bayes = self.bayes.shares(words);
        let mut judged = Judged {
            words: words.to_vec(),
            log_odds: self.weight * self.bayes.log_odds(words),
            attention: vec![0.0; words.len()],
            shares: bayes.iter().map(|share| self.weight * share).collect(),
        };
        for (reader, set) in &self.networks {
            let tape = Tape::new();
            let read = reader.read(&set.bind(&tape), &[number(&self.vocabulary, words)]);
            let z = read.log_odds();
            let gradient = z.backward().of(read.vectors);
            let (x, attention) = (read.vectors.value(), read.attended.weights_of(0));
            judged.log_odds += f64::from(z.item()) / count;
            for t in 0..words.len() {
                let share: f32 = x
                    .row(t)
                    .iter()
                    .zip(gradient.row(t))
                    .map(|(x, g)| x * g)
                    .sum();
                judged.shares[t] += f64::from(share) / count;
                judged.attention[t] += f64::from(attention[(0, t)]) / count;
            }
        }
        judged
    }
}

/// The log-odds for "positive" of one review.
#[derive(Clone, Debug, PartialEq)]
pub struct Opinion {
    /// Of each network.
    pub networks: Vec<f64>,
    pub bayes: f64,
}

impl Opinion {
    /// Of all networks together.
    pub fn mean(&self) -> f64 {
        self.networks.iter().sum::<f64>() / self.networks.len() as f64
    }

    /// Of these, and naive Bayes with this weight.
    pub fn with_bayes(&self, weight: f64) -> f64 {
        self.mean() + weight * self.bayes
    }
}

/// The weight of naive Bayes, of 0, 0.01, … 1, whose cross-entropy is the least.
fn best_weight(opinions: &[Opinion], samples: &[Sample]) -> f64 {
    let loss = |weight: f64| -> f64 {
        let of_sample = |(opinion, (_, class)): (&Opinion, &Sample)| {
            let z = opinion.with_bayes(weight);
            let z = if *class == POSITIVE { z } else { -z };
            (1.0 + (-z).exp()).ln()
        };
        opinions.iter().zip(samples).map(of_sample).sum()
    };
    let weights = (0..=100).map(|i| f64::from(i) / 100.0);
    weights
        .min_by(|&a, &b| loss(a).total_cmp(&loss(b)))
        .expect("there are weights")
}

fn log_odds((reader, set): &Member, reviews: &[Vec<usize>]) -> Vec<f64> {
    let tape = Tape::new();
    let z = reader.read(&set.bind(&tape), reviews).log_odds().value();
    (0..reviews.len()).map(|i| f64::from(z[(i, 0)])).collect()
}

/// The words by their numbers.
fn number(vocabulary: &Vocabulary, words: &[String]) -> Vec<usize> {
    let number = |word: &String| vocabulary.number(word);
    let numbers = words.iter().map(number).collect::<Option<_>>();
    numbers.expect("a word that is unknown has a number too")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up;
    use crate::reviews::{NEGATIVE, Reviews, samples, words};

    fn judge() -> Judge {
        let reviews = samples(&Reviews::of(made_up::reviews(100, 1)).0);
        let settings = ReaderSettings {
            features: 5,
            hidden: 4,
            epochs: 2,
            ..ReaderSettings::default()
        };
        let mut judge =
            Judge::train(&settings, &reviews[..80], &reviews[80..], 1).expect("a judge");
        judge.weight = 0.3;
        judge
    }

    #[test]
    fn what_is_explained_is_what_was_judged() {
        let (judge, text) = (judge(), words("frankly, the unheard plot is utterly dull."));
        let explained = judge.explain(&text);
        let opinion = &judge.opinions(&[(text, NEGATIVE)])[0];
        assert!((explained.log_odds - opinion.with_bayes(0.3)).abs() < 1e-5);
        assert!((explained.attention.iter().sum::<f64>() - 1.0).abs() < 1e-5);
    }

    /// Σ_i x_i ∂z/∂x_i is what z changes by, as the vector of the word is made longer: but a little, as another step
    /// may have the maximum then.
    #[test]
    fn what_a_word_adds_is_the_slope_along_its_vector() {
        let (mut judge, text) = (judge(), words("the plot is utterly dull."));
        judge.weight = 0.0;
        let (share, word) = (
            judge.explain(&text).shares[4],
            judge.vocabulary.number(" dull"),
        );
        let mut at = |factor: f32| {
            for (i, (_, set)) in judge.networks.iter_mut().enumerate() {
                let e = set
                    .find(&format!("network{}.words.E", i + 1))
                    .expect("vectors");
                let mut vectors = set.get_mut(e).view_mut();
                let vector = vectors.row(word.expect("a word"));
                vector.iter_mut().for_each(|x| *x *= factor);
            }
            judge.explain(&text).log_odds
        };
        let (above, below) = (at(1.005), at(0.995 / 1.005));
        let slope = (above - below) / 0.01;
        assert!(
            share.abs() > 1e-4 && (slope - share).abs() < 0.02 * share.abs(),
            "{slope}, and {share}"
        );
    }

    fn opinion(network: f64, bayes: f64) -> Opinion {
        Opinion {
            networks: vec![network, network + 1.0],
            bayes,
        }
    }

    #[test]
    fn naive_bayes_counts_as_much_as_it_knows() {
        assert_eq!(opinion(1.0, 4.0).with_bayes(0.5), 3.5);
        let samples = [(words("a"), POSITIVE), (words("b"), NEGATIVE)];
        // It is right where the networks know nothing, or wrong.
        assert_eq!(
            best_weight(&[opinion(-0.5, 3.0), opinion(-0.5, -3.0)], &samples),
            1.0
        );
        assert_eq!(
            best_weight(&[opinion(-0.5, -3.0), opinion(-0.5, 3.0)], &samples),
            0.0
        );
    }
}
