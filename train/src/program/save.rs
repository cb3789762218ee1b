//! [`Save`]: the flags `--save` and `--force`.

use std::path::PathBuf;

use autograd::Scalar;
use clap::Args;

use super::Outcome;
use crate::{Fit, Replace};

/// Where a run saves what it takes to go on.
#[derive(Args, Clone, Debug)]
pub struct Save {
    /// File to save the model to, after each epoch and on Ctrl-C; what is there is replaced if it is a saved
    /// model
    #[arg(long = "save", value_name = "FILE")]
    pub path: Option<PathBuf>,
    /// Replaces any file with --save
    #[arg(long, requires = "path")]
    pub force: bool,
}

impl Save {
    fn replaced(&self) -> Replace {
        match self.force {
            true => Replace::AnyFile,
            false => Replace::Checkpoint,
        }
    }

    /// Whether the file can be written: to be asked before anything else.
    ///
    /// # Errors
    /// If it cannot, or something is there that may not be replaced.
    pub fn check(&self) -> Outcome {
        match &self.path {
            Some(path) => self
                .replaced()
                .check(path)
                .map_err(|e| format!("--save: {e}").into()),
            None => Ok(()),
        }
    }

    /// The run that saves there.
    #[must_use]
    pub fn of<'a, T: Scalar>(&self, fit: Fit<'a, T>) -> Fit<'a, T> {
        let fit = fit.replacing(self.replaced());
        match &self.path {
            Some(path) => fit.save(path),
            None => fit,
        }
    }
}
