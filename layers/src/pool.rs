//! [`Pool`]: a sequence as one row.

use autograd::Scalar;

use crate::{Bound, Layer, Sequence, States};

/// One row of each sample, as a layer: what it gives are sequences of one step.
///
/// ```
/// use autograd::{Matrix, Tape};
/// use layers::{Layer, ParameterSet, Pool, Sequence};
///
/// let tape = Tape::<f64>::new();
/// let x = Sequence::from_samples(&tape, &[Matrix::from([[1.0], [4.0]]), Matrix::from([[3.0]])])?;
/// let last = Pool::Last.run(&ParameterSet::new().bind(&tape), x);
/// assert_eq!(last.stacked().value().to_matrix(), Matrix::from([[4.0], [3.0]]));
/// # Ok::<(), layers::SequenceError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pool {
    /// Its first step.
    First,
    /// Its last step.
    Last,
    /// The sum of its steps.
    Sum,
    /// The mean of its steps.
    Mean,
    /// The maximum of each feature over its steps.
    Max,
}

impl<T: Scalar> Layer<T> for Pool {
    #[track_caller]
    fn pass<'t>(
        &self,
        _: &Bound<'t, T>,
        x: Sequence<'t, T>,
        _: &mut States<'t, T>,
    ) -> Sequence<'t, T> {
        let pooled = match self {
            Pool::First => x.first(),
            Pool::Last => x.last(),
            Pool::Sum => x.sum(),
            Pool::Mean => x.mean(),
            Pool::Max => x.max(),
        };
        Sequence::from_stacked(pooled, x.lengths().samples())
    }

    fn output_size(&self, features: Option<usize>) -> Result<Option<usize>, String> {
        Ok(features)
    }

    fn description(&self) -> String {
        let text = match self {
            Pool::First => "the first step",
            Pool::Last => "the last step",
            Pool::Sum => "the sum of all steps",
            Pool::Mean => "the mean of all steps",
            Pool::Max => "the maximum of all steps",
        };
        text.into()
    }
}
