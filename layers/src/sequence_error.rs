//! [`SequenceError`]: what can be wrong with samples.

use autograd::{Matrix, Scalar};
use thiserror::Error;

/// What is wrong with the samples of a mini-batch.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SequenceError {
    /// There is nothing.
    #[error("a mini-batch of no samples")]
    NoSamples,
    /// A sample is empty.
    #[error(
        "sample {sample} has no steps: leave it out, or give it a step of its own such as an end"
    )]
    NoSteps {
        /// The sample.
        sample: usize,
    },
    /// There are more or fewer samples than lengths.
    #[error("{found} samples, and there are lengths for {expected}")]
    Samples {
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A sample has another number of steps than its length says.
    #[error("sample {sample} has {found} steps, and its length is {expected}")]
    Steps {
        /// The sample.
        sample: usize,
        /// How many it has.
        found: usize,
        /// Its length.
        expected: usize,
    },
    /// A sample has other features than the first.
    #[error("sample {sample} has {found} features, and sample 0 has {expected}")]
    Features {
        /// The sample.
        sample: usize,
        /// How many it has.
        found: usize,
        /// How many the first has.
        expected: usize,
    },
    /// A number is NaN or infinite.
    #[error("sample {sample}, step {step}, feature {feature} is {value}")]
    NotFinite {
        /// The sample.
        sample: usize,
        /// The step.
        step: usize,
        /// The feature.
        feature: usize,
        /// What is there.
        value: String,
    },
}

impl SequenceError {
    /// The first number of a sample `[T, F]` that is NaN or infinite, if there is one.
    pub fn not_finite<T: Scalar>(sample: usize, m: &Matrix<T>) -> Option<Self> {
        let at = m.data().iter().position(|x| !x.is_finite())?;
        Some(SequenceError::NotFinite {
            sample,
            step: at / m.col_count(),
            feature: at % m.col_count(),
            value: m.data()[at].to_f64().to_string(),
        })
    }
}
