//! Whose utterance is it? Told from all of its steps.

use clap::Args;
use train::prelude::*;
use train::program::{Outcome, at_least_one, positive, probability, up_to};

use crate::noise::Noise;
use crate::scale::Scale;
use crate::ts::Sample;

/// Series of a mini-batch.
const BATCH: usize = 16;
/// What the learning rate ends at, as a part of what it begins with.
const LAST_RATE: f64 = 0.01;

/// How models are made and trained. What these are unless told was chosen by cross-validation on the series to learn
/// from (`--folds`); those to test with had no part in it.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// Units of each direction
    #[arg(long, default_value_t = 64, value_parser = up_to(10_000))]
    hidden: usize,
    /// Share of what the layers give that is dropped in training
    #[arg(long, default_value_t = 0.5, value_parser = probability)]
    dropout: f64,
    /// Deviation of the noise on every value in training, where 1 is that of the values; 0 for none
    #[arg(long, default_value_t = 0.6, value_parser = probability)]
    noise: f64,
    /// Deviation of the shift of all steps of a series in training; 0 for none
    #[arg(long, default_value_t = 0.3, value_parser = probability)]
    shift: f64,
    /// Passes over the series to learn from
    #[arg(long, default_value_t = 40, value_parser = at_least_one::<u64>)]
    epochs: u64,
    /// Learning rate of Adam, which falls along half a cosine
    #[arg(long, default_value_t = 1e-2, value_parser = positive)]
    lr: f64,
}

impl Settings {
    /// ```text
    /// h_t = [GRU forward, GRU backward] of x_t + noise
    /// y   = softmax(V max_t h_t + d)
    /// ```
    fn model(&self, dimensions: usize, classes: usize, seed: u64) -> Classifier {
        let noise = Noise {
            values: self.noise,
            shift: self.shift,
        };
        Sequential::new(dimensions)
            .seed(seed)
            .push("noise", dimensions, |_, _, _, _| noise)
            .bidirectional_gru(self.hidden)
            .pool(Pool::Max)
            .dropout(self.dropout)
            .dense(classes)
            .classifier(Adam::new(self.lr))
    }

    /// A model that has learned from series that are scaled.
    pub fn learn(&self, samples: &[Sample], classes: usize, seed: u64) -> Outcome<Classifier> {
        let mut model = self.model(samples[0].0.col_count(), classes, seed);
        let steps = self.epochs * samples.len().div_ceil(BATCH) as u64;
        let fit = Fit::new(self.epochs).seed(seed).silent();
        let mut fit = fit.schedule(Schedule::cosine(steps, LAST_RATE));
        model.fit_with(&mut fit, BATCH, samples, &[])?;
        Ok(model)
    }

    /// Accuracy and cross-entropy by cross-validation: every series is judged by a model that has not learned from it.
    pub fn cross_validate(
        &self,
        samples: &[Sample],
        classes: usize,
        folds: usize,
        seed: u64,
    ) -> Outcome<(f64, f64)> {
        let (mut right, mut nats) = (0.0, 0.0);
        for (others, own) in k_fold(samples.to_vec(), folds, seed) {
            let (others, own) = (others.to_vec(), own.to_vec());
            let scale = Scale::of(&others);
            let mut model = self.learn(&scale.apply(&others), classes, seed)?;
            let scores = model.evaluate(&scale.apply(&own))?;
            let share = own.len() as f64 / samples.len() as f64;
            right += share * scores.measures.get("accuracy").unwrap_or(0.0);
            nats += share * scores.loss;
        }
        Ok((right, nats))
    }
}

/// What models say together, a row for each series: the mean of the probabilities that each gives the classes.
pub fn together(models: &[Classifier], series: &[Matrix]) -> Outcome<Matrix<f64>> {
    let said = models.iter().map(|model| model.probabilities(series));
    let said = said.collect::<Result<Vec<_>, _>>()?;
    let mean = |i: usize, c: usize| {
        let probabilities = said.iter().map(|of_model| f64::from(of_model[i][(0, c)]));
        probabilities.sum::<f64>() / said.len() as f64
    };
    Ok(Matrix::from_fn(series.len(), said[0][0].col_count(), mean))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Few {
        #[command(flatten)]
        settings: Settings,
    }

    /// Series that rise, and series that fall, of any length.
    fn slopes() -> Vec<Sample> {
        let slope = |i: usize| [1.0, -1.0][i % 2];
        let series =
            |i: usize| Matrix::from_fn(3 + i % 5, 1, |t, _| slope(i) * t as f32 + (i % 3) as f32);
        (0..40).map(|i| (series(i), i % 2)).collect()
    }

    #[test]
    fn slopes_are_told_apart_by_models_alone_and_together() {
        let few = Few::parse_from([
            "", "--hidden", "8", "--epochs", "30", "--noise", "0.1", "--shift", "0.1",
        ]);
        let samples = slopes();
        let (right, nats) = few.settings.cross_validate(&samples, 2, 4, 1).unwrap();
        assert!(right > 0.9 && nats < 0.4, "{right}, {nats}");

        let samples = Scale::of(&samples).apply(&samples);
        let models = [1, 2].map(|seed| few.settings.learn(&samples, 2, seed).unwrap());
        let series: Vec<_> = samples.iter().map(|(x, _)| x.clone()).collect();
        let said = together(&models, &series).unwrap();
        let [a, b] = [0, 1].map(|model: usize| models[model].probabilities(&series).unwrap());
        for i in 0..series.len() {
            let mean = f64::from(a[i][(0, 1)] + b[i][(0, 1)]) / 2.0;
            assert!((said[(i, 1)] - mean).abs() < 1e-6);
        }
    }
}
