//! The model of PyTorch's tutorial of the same task, trained as it is there.
//!
//! "NLP From Scratch: Classifying Names with a Character-Level RNN" (S. Robertson) has a simple recurrent layer of 128
//! units, and 100,000 steps of gradient descent at a rate of 0.005, each on one name: first a nationality is drawn, then
//! one of its names. It is judged by a picture, a confusion matrix of 10,000 names drawn in the same way, from the same
//! names. So its measure is the accuracy on training names, with every nationality as frequent as any other.

use train::prelude::*;
use train::program::Outcome;

use crate::data::Sample;
use crate::judge::Judge;

/// The draws of the tutorial.
pub const DRAWS: usize = 100_000;

/// The tutorial's model after so many draws from the training names.
pub fn train(
    training: &[Sample],
    draws: usize,
    symbols: usize,
    nationalities: usize,
    seed: u64,
) -> Outcome<Judge> {
    let draws = class_by_class(training, nationalities, draws, seed);
    let mut model = Sequential::new(symbols)
        .seed(seed)
        .simple_rnn(128)
        .last()
        .dense(nationalities)
        .classifier(Sgd::new(0.005));
    model.fit_with(&mut Fit::new(1).silent(), 1, &draws, &[])?;
    Ok(Judge::new(model, vec![1.0; nationalities]))
}

/// So many samples, of nationalities that are all as likely.
fn class_by_class(
    samples: &[Sample],
    nationalities: usize,
    draws: usize,
    seed: u64,
) -> Vec<Sample> {
    let of_class = |class| {
        samples
            .iter()
            .filter(|sample| sample.1 == class)
            .collect::<Vec<_>>()
    };
    let classes: Vec<_> = (0..nationalities)
        .map(of_class)
        .filter(|names| !names.is_empty())
        .collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let draw = |_| {
        let names = &classes[rng.random_range(0..classes.len())];
        names[rng.random_range(0..names.len())].clone()
    };
    (0..draws).map(draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rare_nationality_is_drawn_as_often_as_any() {
        let samples: Vec<Sample> = (0..100)
            .map(|i| (vec![i], usize::from(i % 50 == 0)))
            .collect();
        let draws = class_by_class(&samples, 3, 10_000, 1);
        let rare = draws.iter().filter(|sample| sample.1 == 1).count();
        assert!((4_800..5_200).contains(&rare), "{rare} of 10,000");
    }
}
