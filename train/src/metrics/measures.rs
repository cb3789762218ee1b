//! [`Measures`]: what is measured beside the loss.

use autograd::{Scalar, Var};
use serde::{Deserialize, Serialize};

use super::number;
use crate::{Confusion, Edits};

/// What is measured beside the loss, over the mini-batches of an epoch: means by name, and which classes are
/// taken for which.
///
/// ```
/// use train::prelude::*;
/// let tape = Tape::<f64>::new();
/// let logits = tape.constant(Matrix::from([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]]));
/// let mut measures = Measures::default();
/// measures.classes(logits, &[0, 1]);
/// measures.top(2, logits, &[0, 1]);
/// assert_eq!((measures.get("accuracy"), measures.get("top-2 accuracy")), (Some(0.5), Some(1.0)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    means: Vec<Mean>,
    confusion: Option<Confusion>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Mean {
    name: String,
    #[serde(with = "number")]
    sum: f64,
    #[serde(with = "number")]
    weight: f64,
}

impl Measures {
    /// Adds to the mean of that name, and its weight to the weights.
    pub fn add(&mut self, name: &str, value: f64, weight: f64) {
        self.add_sum(name, value * weight, weight);
    }

    fn add_sum(&mut self, name: &str, sum: f64, weight: f64) {
        match self.means.iter_mut().find(|mean| mean.name == name) {
            Some(mean) => {
                mean.sum += sum;
                mean.weight += weight;
            }
            None => self.means.push(Mean {
                name: name.into(),
                sum,
                weight,
            }),
        }
    }

    /// Measures "accuracy" and the [`Confusion`] of classes with these logits `[rows, classes]`, of which the
    /// largest counts.
    ///
    /// # Panics
    /// If there is not a target for each row, or one is not below the number of classes.
    #[track_caller]
    pub fn classes<T: Scalar>(&mut self, logits: Var<'_, T>, targets: &[usize]) {
        check(logits, targets);
        let classes = logits.col_count();
        let confusion = self
            .confusion
            .get_or_insert_with(|| Confusion::new(classes));
        let found = logits.value().row_argmax();
        let mut right = 0;
        for (&found, &target) in found.iter().zip(targets) {
            confusion.add(target, found);
            right += usize::from(found == target);
        }
        self.add_sum("accuracy", right as f64, targets.len() as f64);
    }

    /// Measures "top-k accuracy": how often the class is among the k with the largest logits.
    ///
    /// # Panics
    /// If there is not a target for each row, or one is not below the number of classes.
    #[track_caller]
    pub fn top<T: Scalar>(&mut self, k: usize, logits: Var<'_, T>, targets: &[usize]) {
        check(logits, targets);
        let value = logits.value();
        let is_among = |(row, &target): (usize, &usize)| {
            let row = value.row(row);
            row.iter().filter(|&&x| x > row[target]).count() < k
        };
        let right = targets.iter().enumerate().filter(|&t| is_among(t)).count();
        self.add_sum(
            &format!("top-{k} accuracy"),
            right as f64,
            targets.len() as f64,
        );
    }

    /// Measures "mean absolute error" and "mean squared error" over all elements of a prediction.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn errors<T: Scalar>(&mut self, predicted: Var<'_, T>, target: Var<'_, T>) {
        let (a, b) = (predicted.shape(), target.shape());
        assert!(a == b, "predictions of shape {a}, and targets of {b}");
        let (predicted, target) = (predicted.value(), target.value());
        let errors = predicted.iter().zip(target.iter());
        let (mut absolute, mut squared) = (0.0, 0.0);
        for (a, b) in errors {
            let error = a.to_f64() - b.to_f64();
            absolute += error.abs();
            squared += error * error;
        }
        self.add_sum("mean absolute error", absolute, a.len() as f64);
        self.add_sum("mean squared error", squared, a.len() as f64);
    }

    /// Measures an error rate, see [`Edits`]: under a name such as "word error rate".
    pub fn edits(&mut self, name: &str, edits: &Edits) {
        let (edits, expected) = edits.counts();
        self.add_sum(name, edits, expected);
    }

    /// The mean of that name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.iter().find(|mean| mean.0 == name).map(|mean| mean.1)
    }

    /// All means, in the order in which they were first added to.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        let means = self.means.iter();
        means.map(|mean| (mean.name.as_str(), mean.sum / mean.weight))
    }

    /// Which classes were taken for which, if classes were measured.
    pub fn confusion(&self) -> Option<&Confusion> {
        self.confusion.as_ref()
    }

    /// Adds what another mini-batch has measured.
    pub(crate) fn merge(&mut self, other: &Measures) {
        for mean in &other.means {
            self.add_sum(&mean.name, mean.sum, mean.weight);
        }
        match (&mut self.confusion, &other.confusion) {
            (Some(a), Some(b)) => a.add_all(b),
            (None, Some(b)) => self.confusion = Some(b.clone()),
            (_, None) => {}
        }
    }
}

#[track_caller]
fn check<T: Scalar>(logits: Var<'_, T>, targets: &[usize]) {
    let (rows, classes) = (logits.row_count(), logits.col_count());
    assert!(
        rows == targets.len(),
        "logits of {rows} rows, and {} targets",
        targets.len()
    );
    if let Some(row) = targets.iter().position(|&t| t >= classes) {
        panic!(
            "target {row} is class {}, and there are {classes}",
            targets[row]
        );
    }
}
