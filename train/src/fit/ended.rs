//! [`Ended`] and [`FitError`]: how a run ends.

use thiserror::Error;

use crate::ranks::OnRank;
use crate::{CheckpointError, DataError, TrainError};

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All epochs are done.
    Epochs,
    /// The loss has not become less for some epochs; the parameters are those of the best one, if it was told
    /// to stop early.
    Early {
        /// The best epoch.
        best: u64,
    },
    /// The time is up. The next run goes on where this one has ended.
    Time,
    /// The flag of [`Fit::stop_when`](crate::Fit::stop_when) was set. The next run goes on where this one has ended.
    Stopped,
    /// The function of [`Fit::on_epoch`](crate::Fit::on_epoch) said so.
    Told,
}

/// A run that cannot go on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FitError {
    /// A step that must not change the parameters.
    #[error("epoch {epoch}, mini-batch {batch}{}: {source}", of_sample(*sample))]
    Step {
        /// The epoch, from 1.
        epoch: u64,
        /// The mini-batch of the epoch, from 0.
        batch: usize,
        /// The index of a sample that alone has a loss that is not finite, if there is one.
        sample: Option<usize>,
        /// What is wrong, and where on the tape.
        source: TrainError,
    },
    /// Data that the model cannot read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A validation loss that is NaN or infinite.
    #[error("epoch {epoch}: the validation loss is {loss}")]
    Validation {
        /// The epoch, from 1.
        epoch: u64,
        /// The loss.
        loss: f64,
    },
    /// A checkpoint that cannot be written.
    #[error(transparent)]
    Save(#[from] CheckpointError),
    /// One of these, on another of the ranks that train together.
    #[error(transparent)]
    OnRank(#[from] OnRank),
    /// A report that cannot be written. What was to be saved is saved.
    #[error("cannot write to the standard output: {0}")]
    Report(#[from] std::io::Error),
}

fn of_sample(sample: Option<usize>) -> String {
    sample.map_or_else(String::new, |sample| format!(", sample {sample}"))
}
