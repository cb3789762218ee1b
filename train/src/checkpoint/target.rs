//! [`Replace`]: where a checkpoint may be written.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::path::{Path, PathBuf};

use super::CheckpointError;
use super::format::is_checkpoint;
use crate::FileKind;
use crate::files::{Disk, can_replace, folder_of};

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

/// The file that is to be written, behind all links, and the permissions that it has if it is there.
pub(super) struct Target {
    pub file: PathBuf,
    pub permissions: Option<Permissions>,
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
        can_replace(&Disk, &target.file).map_err(|e| unwritable(path, e))
    }

    /// The file to be written, if it may be.
    pub(super) fn target(self, path: &Path) -> Result<Target, CheckpointError> {
        let file = match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_symlink() => behind_links(path)?,
            Ok(_) => path.to_path_buf(),
            Err(e) if e.kind() == io::ErrorKind::NotFound => return new_file(path),
            Err(e) => return Err(unwritable(path, e)),
        };
        let metadata = fs::metadata(&file).map_err(|e| unwritable(path, e))?;
        let kind = FileKind::of(&metadata);
        let permissions = metadata.permissions();
        if kind != FileKind::File {
            let path = path.into();
            return Err(CheckpointError::NotAFile { path, kind });
        }
        if self == Replace::Checkpoint {
            check_ours(path, &file, &permissions)?;
        }
        let permissions = Some(permissions);
        Ok(Target { file, permissions })
    }
}

pub(super) fn unwritable(path: &Path, source: io::Error) -> CheckpointError {
    let path = path.into();
    CheckpointError::Write { path, source }
}

fn behind_links(path: &Path) -> Result<PathBuf, CheckpointError> {
    fs::canonicalize(path).map_err(|_| CheckpointError::Dangling { path: path.into() })
}

fn new_file(path: &Path) -> Result<Target, CheckpointError> {
    let (path, directory) = (path.to_path_buf(), folder_of(path).to_path_buf());
    if !directory.is_dir() {
        return Err(CheckpointError::NoDirectory { path, directory });
    }
    Ok(Target {
        file: path,
        permissions: None,
    })
}

/// That the file is a checkpoint that its owner lets us write. To replace it would take no more than the
/// right to write its directory.
fn check_ours(path: &Path, file: &Path, permissions: &Permissions) -> Result<(), CheckpointError> {
    let opened = OpenOptions::new().write(true).open(file);
    if permissions.readonly() || opened.is_err() {
        return Err(CheckpointError::ReadOnly { path: path.into() });
    }
    match is_checkpoint(file) {
        Ok(true) => Ok(()),
        Ok(false) => Err(CheckpointError::NotOurs { path: path.into() }),
        Err(source) => Err(unwritable(path, source)),
    }
}
