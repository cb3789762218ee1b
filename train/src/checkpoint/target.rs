//! [`Replace`]: where a checkpoint may be written.

use std::path::Path;

use super::format::is_checkpoint;
use super::{CheckpointError, WHAT};
use crate::files::{Disk, Target, can_replace, unwritable};

/// Which files a checkpoint may take the place of. Neither takes that of what is no file: a directory, a
/// device, a FIFO, a socket, a link that leads nowhere.
///
/// A link to a file stays a link, and the file that it leads to is replaced. What is replaced keeps its
/// mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replace {
    /// A checkpoint that may be written.
    #[default]
    Checkpoint,
    /// Any file, a read-only one too.
    AnyFile,
}

impl Replace {
    /// Whether a checkpoint can be written there: to be asked before a run that is to end with it.
    ///
    /// ```
    /// use train::Replace;
    /// assert!(Replace::Checkpoint.check("Cargo.toml").is_err());
    /// ```
    ///
    /// # Errors
    /// If something is there that must not be replaced, there is no such directory, or no file can be
    /// made in it.
    pub fn check(self, path: impl AsRef<Path>) -> Result<(), CheckpointError> {
        let path = path.as_ref();
        let target = self.target(path)?;
        Ok(can_replace(&Disk, &target.file).map_err(|e| unwritable(path, WHAT, e))?)
    }

    /// The file to be written, if it may be.
    pub(super) fn target(self, path: &Path) -> Result<Target, CheckpointError> {
        let target = Target::of(path, WHAT)?;
        if self == Replace::Checkpoint && target.permissions.is_some() {
            check_ours(path, &target)?;
        }
        Ok(target)
    }
}

/// That the file is a checkpoint that may be written.
fn check_ours(path: &Path, target: &Target) -> Result<(), CheckpointError> {
    if target.is_read_only() {
        return Err(CheckpointError::ReadOnly { path: path.into() });
    }
    match is_checkpoint(&target.file) {
        Ok(true) => Ok(()),
        Ok(false) => Err(CheckpointError::NotOurs { path: path.into() }),
        Err(source) => Err(unwritable(path, WHAT, source).into()),
    }
}
