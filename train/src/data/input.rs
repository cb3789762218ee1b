//! [`Input`] and [`Target`]: what a sample is made of, and [`DataError`]: what can be wrong with it.

use autograd::{Matrix, Scalar, Tape};
use layers::{Lengths, Sequence, SequenceError};
use thiserror::Error;

/// What is wrong with data.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DataError {
    /// A sequence that is none.
    #[error(transparent)]
    Sequence(#[from] SequenceError),
    /// A symbol that the model has not.
    #[error("sample {sample}, step {step}: symbol {symbol}, and the model has {symbols}")]
    Symbol {
        /// The sample.
        sample: usize,
        /// The step.
        step: usize,
        /// What is there.
        symbol: usize,
        /// The number of symbols.
        symbols: usize,
    },
    /// Another number of features than the model takes.
    #[error("sample {sample} has {found} features, and the model takes {expected}")]
    Features {
        /// The sample.
        sample: usize,
        /// How many it has.
        found: usize,
        /// How many the model takes.
        expected: usize,
    },
    /// A class that the model has not.
    #[error("sample {sample}, target {step}: class {class}, and the model has {classes}")]
    Class {
        /// The sample.
        sample: usize,
        /// Its step, or 0 if it has one class.
        step: usize,
        /// What is there.
        class: usize,
        /// The number of classes.
        classes: usize,
    },
    /// More or fewer classes than outputs.
    #[error("sample {sample} has {found} targets for {expected} outputs of the model")]
    Targets {
        /// The sample.
        sample: usize,
        /// How many it has.
        found: usize,
        /// How many outputs the model gives for it.
        expected: usize,
    },
}

/// The sequence of a sample: features `[T, F]`, or symbols.
pub trait Input<T: Scalar>: Clone + Send + Sync {
    /// The number of steps.
    fn steps(&self) -> usize;

    /// The sequences of a mini-batch.
    ///
    /// # Errors
    /// If one has no steps, or what is in it is not finite.
    fn sequence<'t>(tape: &'t Tape<T>, samples: &[&Self])
    -> Result<Sequence<'t, T>, SequenceError>;

    /// That a sample is one for so many features, or symbols.
    ///
    /// # Errors
    /// If it has others.
    fn check(&self, sample: usize, size: usize) -> Result<(), DataError>;
}

impl<T: Scalar> Input<T> for Matrix<T> {
    fn steps(&self) -> usize {
        self.row_count()
    }

    fn sequence<'t>(
        tape: &'t Tape<T>,
        samples: &[&Self],
    ) -> Result<Sequence<'t, T>, SequenceError> {
        Sequence::from_samples(tape, samples)
    }

    fn check(&self, sample: usize, size: usize) -> Result<(), DataError> {
        let (found, expected) = (self.col_count(), size);
        if found != expected {
            return Err(DataError::Features {
                sample,
                found,
                expected,
            });
        }
        SequenceError::not_finite(sample, self).map_or(Ok(()), |error| Err(error.into()))
    }
}

impl<T: Scalar> Input<T> for Vec<usize> {
    fn steps(&self) -> usize {
        self.len()
    }

    fn sequence<'t>(_: &'t Tape<T>, samples: &[&Self]) -> Result<Sequence<'t, T>, SequenceError> {
        Sequence::from_symbols(samples)
    }

    fn check(&self, sample: usize, size: usize) -> Result<(), DataError> {
        match self.iter().position(|&symbol| symbol >= size) {
            None => Ok(()),
            Some(step) => Err(DataError::Symbol {
                sample,
                step,
                symbol: self[step],
                symbols: size,
            }),
        }
    }
}

/// The classes of a sample: one, or one for every step.
pub trait Target: Clone + Send + Sync {
    /// In the order of the steps.
    fn classes(&self) -> &[usize];
}

impl Target for usize {
    fn classes(&self) -> &[usize] {
        std::slice::from_ref(self)
    }
}

impl Target for Vec<usize> {
    fn classes(&self) -> &[usize] {
        self
    }
}

/// That a sample has a class for each of so many outputs.
pub(crate) fn check_target(
    target: &impl Target,
    sample: usize,
    outputs: usize,
    classes: usize,
) -> Result<(), DataError> {
    let found = target.classes();
    if found.len() != outputs {
        return Err(DataError::Targets {
            sample,
            found: found.len(),
            expected: outputs,
        });
    }
    match found.iter().position(|&class| class >= classes) {
        None => Ok(()),
        Some(step) => Err(DataError::Class {
            sample,
            step,
            class: found[step],
            classes,
        }),
    }
}

/// The classes of a mini-batch, in the order of the rows of the outputs.
pub(crate) fn stacked<'a>(
    lengths: &Lengths,
    targets: impl Iterator<Item = &'a [usize]>,
) -> Vec<usize> {
    let targets: Vec<_> = targets.collect();
    lengths
        .stack(&targets)
        .expect("targets that have been checked")
}
