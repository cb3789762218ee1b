//! Losses: from outputs and targets to one number, as compositions of the tape's operations.
//!
//! | loss | of | targets |
//! |---|---|---|
//! | [`CrossEntropy`] | logits `[N, V]` | a class for each row |
//! | [`BinaryCrossEntropy`] | logits `[N, F]` | `[N, F]`, between 0 and 1 |
//! | [`squared_error`], [`absolute_error`], [`huber_error`] | `[N, F]` | `[N, F]` |
//! | [`MixtureDensity`] | parameters of K Gaussians a row, `[N, 6K + 1]` | points of a pen, `[N, 3]` |
//! | [`Ctc`] | log-probabilities `[T, V]` of each sample | a shorter sequence of symbols for each |
//!
//! The N rows are all steps of all samples, in whatever order the targets are in too: as sequences are
//! packed, every row counts, and there is nothing to mask.

mod binary;
mod check;
mod cross_entropy;
mod ctc;
mod mixture;
mod regression;

use autograd::{Scalar, Var};

pub use binary::BinaryCrossEntropy;
pub use cross_entropy::CrossEntropy;
pub use ctc::{Ctc, CtcError, CtcProblem, Labelling};
pub use mixture::{MixtureDensity, MixtureError};
pub use regression::{absolute_error, huber_error, squared_error};

/// How the losses of many elements become one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// Their mean.
    #[default]
    Mean,
    /// Their sum.
    Sum,
}

impl Reduction {
    /// The mean or the sum of all elements.
    #[track_caller]
    fn of<'t, T: Scalar>(self, losses: Var<'t, T>) -> Var<'t, T> {
        match self {
            Reduction::Mean => losses.mean(),
            Reduction::Sum => losses.sum(),
        }
    }
}
