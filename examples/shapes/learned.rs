//! What a model has learned, as a figure and as an example.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fmt::{self, Display};

use train::prelude::*;
use train::program::Outcome;
use train::{Input, Target};

/// A step of an example, with what comes in and what goes out; nothing is "".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    pub input: String,
    pub output: String,
}

impl Column {
    pub fn new(input: impl Display, output: impl Display) -> Self {
        Column {
            input: input.to_string(),
            output: output.to_string(),
        }
    }

    /// The steps of an example in which this is read from the first step on, and this is written from step `first` on,
    /// counted from 1.
    pub fn written<W: Display>(
        read: &[impl Display],
        first: usize,
        written: impl IntoIterator<Item = W>,
    ) -> Vec<Self> {
        let mut columns: Vec<_> = read.iter().map(|input| Column::new(input, "")).collect();
        for (t, output) in (first - 1..).zip(written) {
            if t >= columns.len() {
                columns.push(Column::default());
            }
            columns[t].output = output.to_string();
        }
        columns
    }
}

/// What a model has learned.
#[derive(Clone, Debug)]
pub struct Learned {
    /// The share of the samples not learned from that are right at every step.
    pub right: f64,
    pub tested: usize,
    /// One of those, with what the model says.
    pub example: Vec<Column>,
}

/// Tests a model. `columns` tells the steps of a sample and of what the model says. Of the samples with `shown` of them,
/// or about as many, the most varied becomes the example.
pub fn learned<X: Input<f32>, Y: Target>(
    model: &Classifier,
    test: &[(X, Y)],
    shown: usize,
    columns: impl Fn(&X, &[usize]) -> Vec<Column>,
) -> Outcome<Learned> {
    let inputs: Vec<_> = test.iter().map(|(x, _)| x.clone()).collect();
    let said = model.predict(&inputs)?;
    let is_right = said
        .iter()
        .zip(test)
        .map(|(said, (_, y))| said[..] == *y.classes());
    let right = is_right.filter(|&is_right| is_right).count();
    let examples = inputs.iter().zip(&said).map(|(x, said)| columns(x, said));
    let example = examples.min_by_key(|columns| {
        let texts = columns.iter().flat_map(|c| [&c.input, &c.output]);
        let different = texts.collect::<HashSet<_>>().len();
        (columns.len().abs_diff(shown), Reverse(different))
    });
    Ok(Learned {
        right: right as f64 / test.len() as f64,
        tested: test.len(),
        example: example.unwrap_or_default(),
    })
}

/// A run over so many epochs that says nothing.
pub fn quiet<'a>(epochs: u64, seed: u64) -> Fit<'a> {
    Fit::new(epochs).seed(seed).silent()
}

/// "X L I I → 4 2": what comes in, and what goes out.
impl Display for Learned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |of: fn(&Column) -> &String| {
            let texts = self.example.iter().map(of).filter(|text| !text.is_empty());
            texts.map(String::as_str).collect::<Vec<_>>().join("  ")
        };
        write!(f, "{} → {}", joined(|c| &c.input), joined(|c| &c.output))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(input: &str, output: &str) -> Column {
        Column::new(input, output)
    }

    #[test]
    fn what_is_written_may_go_on_when_all_is_read() {
        let expected = [column("a", ""), column("b", "1"), column("", "2")];
        assert_eq!(Column::written(&["a", "b"], 2, ["1", "2"]), expected);
        let after = [column("a", ""), column("", "1")];
        assert_eq!(Column::written(&["a"], 2, ["1"]), after);
        assert_eq!(
            Column::written(&["a", "b"], 1, ["1"]),
            [column("a", "1"), column("b", "")]
        );
    }

    /// Right is what is right at every step.
    #[test]
    fn a_sequence_with_one_mistake_is_wrong() {
        let model = Sequential::new(2)
            .embedding(2)
            .gru(2)
            .dense(2)
            .classifier(Sgd::new(0.1));
        let inputs = [vec![0, 1, 1], vec![0, 0, 0]];
        let mut said = model.predict(&inputs).unwrap();
        said[1][2] = 1 - said[1][2];
        let test: Vec<_> = inputs.into_iter().zip(said).collect();
        let tested = learned(&model, &test, 2, |x, _| Column::written(&x[1..], 1, ["y"])).unwrap();
        assert_eq!((tested.right, tested.tested), (0.5, 2));
        assert_eq!(tested.to_string(), "1  1 → y", "of two the more varied");
    }
}
