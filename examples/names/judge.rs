//! From many to one: a name is read in both directions, and given a nationality.

use clap::Args;
use train::prelude::*;
use train::program::{Outcome, at_least_one, probability, up_to};

use crate::data::{Parts, Sample, frequencies};

/// Samples of a mini-batch.
const BATCH: usize = 64;
/// Names whose probabilities are computed at once.
const AT_ONCE: usize = 500;

/// How the network is made and trained.
#[derive(Args, Clone, Debug)]
pub struct JudgeSettings {
    /// Units of the classifier's layer, in each direction
    #[arg(long, default_value_t = 96, value_parser = up_to(10_000))]
    pub hidden: usize,
    /// Passes over the names at most: it stops when the validation names are no longer judged better
    #[arg(long, default_value_t = 30, value_parser = at_least_one::<u64>)]
    pub epochs: u64,
    /// Probability that an element is dropped in training
    #[arg(long, default_value_t = 0.4, value_parser = probability)]
    pub dropout: f64,
}

/// A classifier of names, with the p(c) of the names that it has learned from.
pub struct Judge {
    model: Classifier,
    prior: Vec<f64>,
}

impl Judge {
    /// A classifier that has learned from names whose nationalities are as frequent as `prior` says.
    pub fn new(model: Classifier, prior: Vec<f64>) -> Self {
        Judge { model, prior }
    }

    /// y = softmax(V max_t [→h_t, ←h_t] + d), →h and ←h of LSTMs that read a vector for each character.
    pub fn train(
        settings: &JudgeSettings,
        parts: &Parts,
        symbols: usize,
        nationalities: usize,
        seed: u64,
    ) -> Outcome<(Self, History)> {
        let mut model = Sequential::new(symbols)
            .seed(seed)
            .embedding(32)
            .dropout(0.15)
            .bidirectional_lstm(settings.hidden)
            .pool(Pool::Max)
            .dropout(settings.dropout)
            .dense(nationalities)
            .classifier(Adam::decoupled(4e-3, 0.01));
        let mut fit = Fit::new(settings.epochs)
            .seed(seed)
            .average(0.995)
            .early_stopping(4);
        model.fit_with(&mut fit, BATCH, &parts.training, &parts.validation)?;
        let prior = frequencies(&parts.training, nationalities);
        Ok((Judge::new(model, prior), fit.history().clone()))
    }

    /// p(c | x) of each name x, a row for each.
    pub fn beliefs(&self, names: &[Vec<usize>]) -> Outcome<Vec<Vec<f64>>> {
        let mut beliefs = Vec::with_capacity(names.len());
        for names in names.chunks(AT_ONCE) {
            let rows = self.model.probabilities(names)?;
            let row = |p: &Matrix| p.data().iter().map(|&p| f64::from(p)).collect();
            beliefs.extend(rows.iter().map(row));
        }
        Ok(beliefs)
    }

    /// Which nationalities are taken for which, by one who expects each as often as `prior` says.
    ///
    /// A network that has learned from names drawn with p(c) gives p(c | x) ∝ p(x | c) p(c). Where they come with
    /// another p'(c), Bayes' rule makes of it p'(c | x) ∝ p(c | x) p'(c) / p(c).
    pub fn confusion(&self, samples: &[Sample], prior: &[f64]) -> Outcome<Confusion> {
        let names: Vec<_> = samples.iter().map(|(name, _)| name.clone()).collect();
        let mut confusion = Confusion::new(prior.len());
        for (p, &(_, class)) in self.beliefs(&names)?.iter().zip(samples) {
            let weighed: Vec<_> = (0..prior.len())
                .map(|c| p[c] * prior[c] / self.prior[c].max(1e-9))
                .collect();
            confusion.add(class, ranking(&weighed)[0]);
        }
        Ok(confusion)
    }
}

/// The classes from the most probable to the least.
pub fn ranking(p: &[f64]) -> Vec<usize> {
    let mut classes: Vec<_> = (0..p.len()).collect();
    classes.sort_by(|&a, &b| p[b].total_cmp(&p[a]));
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_probable_ranks_first() {
        assert_eq!(ranking(&[0.2, 0.5, 0.3]), [1, 2, 0]);
    }

    /// Two symbols that tell nothing: what is expected decides.
    #[test]
    fn whoever_expects_other_nationalities_judges_by_that() {
        let model = Sequential::new(2)
            .seed(1)
            .simple_rnn(3)
            .last()
            .dense(2)
            .classifier(Sgd::new(0.1));
        let judge = Judge::new(model, vec![0.5, 0.5]);
        let samples = [(vec![0], 0), (vec![1], 1)];
        for expected in [0, 1] {
            let prior = [[1.0, 0.0], [0.0, 1.0]][expected];
            let confusion = judge.confusion(&samples, &prior).expect("samples for it");
            assert_eq!(confusion.recall(expected), 1.0);
            assert_eq!(confusion.recall(1 - expected), 0.0);
        }
    }
}
