//! [`History`]: what the epochs of a run were like.

use std::fmt::Write;
use std::path::Path;

use pictures::LineChart;
use serde::{Deserialize, Serialize};

use crate::files::write;
use crate::{FileError, Measures, bits, perplexity};

/// A pass over data: the mean loss, and what else was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// The mean of the loss over all elements: nats, where it is a cross-entropy.
    pub loss: f64,
    /// What the model has measured.
    pub measures: Measures,
}

impl Scores {
    /// The loss in bits, where it is a cross-entropy in nats.
    pub fn bits(&self) -> f64 {
        bits(self.loss)
    }

    /// The perplexity, where the loss is a cross-entropy in nats.
    pub fn perplexity(&self) -> f64 {
        perplexity(self.loss)
    }

    /// The loss as "loss", and all means by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        [("loss", self.loss)]
            .into_iter()
            .chain(self.measures.iter())
    }
}

/// What an epoch was like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// Its number, from 1.
    pub epoch: u64,
    /// Over the training data, while the parameters changed.
    pub training: Scores,
    /// Over the validation data, after that.
    pub validation: Option<Scores>,
    /// The learning rate of the last step.
    pub learning_rate: f64,
    /// Seconds of training.
    pub seconds: f64,
    /// The elements that the training loss is a mean over: samples, or steps.
    pub elements: f64,
    /// The rows that the mini-batches had together, and how many they would have had if they were padded.
    pub rows: Option<(usize, usize)>,
}

impl EpochReport {
    /// The share of the rows of padded mini-batches that were not computed.
    pub fn saving(&self) -> Option<f64> {
        let (rows, padded) = self.rows?;
        (padded > 0).then(|| 1.0 - rows as f64 / padded as f64)
    }

    /// Of validation if there was one, else of training.
    pub fn scores(&self) -> &Scores {
        self.validation.as_ref().unwrap_or(&self.training)
    }
}

/// What the epochs of a run were like, in their order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// One for each epoch.
    pub epochs: Vec<EpochReport>,
}

impl History {
    /// A table with a row for each epoch, as comma-separated values: "epoch", "seconds", "learning rate",
    /// the scores of training, and those of validation as "validation loss" and so on. What was not measured
    /// in an epoch is empty.
    pub fn csv(&self) -> String {
        let names = self.names();
        let heads = ["epoch", "seconds", "learning rate"].map(String::from);
        let mut text = row(heads.into_iter().chain(names.iter().cloned()));
        for report in &self.epochs {
            let numbers = [report.epoch as f64, report.seconds, report.learning_rate];
            let scores = scores(report);
            let score = |name: &String| scores.iter().find(|(n, _)| n == name).map(|(_, x)| *x);
            let numbers = numbers.into_iter().map(Some).chain(names.iter().map(score));
            text += &row(numbers.map(|x| x.map_or_else(String::new, |x| x.to_string())));
        }
        text
    }

    /// Writes [`History::csv`] to a file.
    ///
    /// # Errors
    /// If it cannot be written; an old file is then still there.
    pub fn save_csv(&self, path: impl AsRef<Path>) -> Result<(), FileError> {
        write(path.as_ref(), "table", |_| Ok(true), self.csv().as_bytes())
    }

    /// The curve of a score over the epochs, such as "loss" or "accuracy": that of training, and that of
    /// validation.
    pub fn chart(&self, score: &str) -> LineChart {
        let mut chart = LineChart::new(score, "epoch", score);
        let lines = [
            ("training", score.to_string()),
            ("validation", format!("validation {score}")),
        ];
        for (line, name) in lines {
            let of_epoch = |report: &EpochReport| {
                let scores = scores(report);
                let found = scores.into_iter().find(|(n, _)| *n == name);
                found.map_or(f64::NAN, |(_, x)| x)
            };
            // The first number of a line is that of epoch 0, before the training.
            let numbers: Vec<_> = [f64::NAN]
                .into_iter()
                .chain(self.epochs.iter().map(of_epoch))
                .collect();
            if numbers.iter().any(|x| x.is_finite()) {
                chart = chart.line(line, &numbers);
            }
        }
        chart
    }

    /// All scores, in the order in which they first come.
    fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (name, _) in self.epochs.iter().flat_map(scores) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

fn scores(report: &EpochReport) -> Vec<(String, f64)> {
    let training = report
        .training
        .iter()
        .map(|(name, x)| (name.to_string(), x));
    let validation = report.validation.iter().flat_map(Scores::iter);
    let validation = validation.map(|(name, x)| (format!("validation {name}"), x));
    training.chain(validation).collect()
}

/// A line of comma-separated values (RFC 4180).
fn row(fields: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for (i, field) in fields.enumerate() {
        let comma = if i == 0 { "" } else { "," };
        match field.contains([',', '"', '\n', '\r']) {
            true => write!(text, "{comma}\"{}\"", field.replace('"', "\"\"")),
            false => write!(text, "{comma}{field}"),
        }
        .expect("a string takes all that is written to it");
    }
    text + "\n"
}
