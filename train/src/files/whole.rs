//! Whole files: one that is read, and one that takes the place of another.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::path::{Path, PathBuf};

use super::{Disk, FileError, FileKind, folder_of, replace};

/// Reads a file that is to be a `what`.
pub(crate) fn read(path: &Path, what: &'static str) -> Result<Vec<u8>, FileError> {
    let unreadable = |source: io::Error| {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::NotFound => FileError::Missing { what, path },
            _ => FileError::Read { what, path, source },
        }
    };
    let kind = FileKind::of(&fs::metadata(path).map_err(unreadable)?);
    if kind != FileKind::File {
        let path = path.into();
        return Err(FileError::NotAFile { what, path, kind });
    }
    fs::read(path).map_err(unreadable)
}

/// Writes a file, all of it or nothing; one that is there only if it may be written, and is one of those that
/// `is_ours` knows.
///
/// # Errors
/// If something else is there, or it cannot be written; an old file is then still there.
pub(crate) fn write(
    path: &Path,
    what: &'static str,
    is_ours: fn(&Path) -> io::Result<bool>,
    bytes: &[u8],
) -> Result<(), FileError> {
    let target = Target::of(path, what)?;
    if target.permissions.is_some() {
        if target.is_read_only() {
            return Err(FileError::ReadOnly { path: path.into() });
        }
        if !is_ours(&target.file).map_err(|source| unwritable(path, what, source))? {
            let path = path.into();
            return Err(FileError::NotOurs { what, path });
        }
    }
    target
        .replace(bytes)
        .map_err(|source| unwritable(path, what, source))
}

/// The file that is to be written, behind all links, and the permissions that it has if it is there.
pub(crate) struct Target {
    pub file: PathBuf,
    pub permissions: Option<Permissions>,
}

impl Target {
    /// What is written when `path` is. It is a file, or nothing is there.
    pub fn of(path: &Path, what: &'static str) -> Result<Self, FileError> {
        let unwritable = |source| unwritable(path, what, source);
        let file = match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_symlink() => behind_links(path)?,
            Ok(_) => path.to_path_buf(),
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Self::new_file(path, what),
            Err(e) => return Err(unwritable(e)),
        };
        let metadata = fs::metadata(&file).map_err(unwritable)?;
        let kind = FileKind::of(&metadata);
        if kind != FileKind::File {
            let path = path.into();
            return Err(FileError::NotAFile { what, path, kind });
        }
        let permissions = Some(metadata.permissions());
        Ok(Target { file, permissions })
    }

    fn new_file(path: &Path, what: &'static str) -> Result<Self, FileError> {
        let (path, directory) = (path.to_path_buf(), folder_of(path).to_path_buf());
        if !directory.is_dir() {
            return Err(FileError::NoDirectory {
                what,
                path,
                directory,
            });
        }
        Ok(Target {
            file: path,
            permissions: None,
        })
    }

    /// Whether its owner does not let us write the file that is there. To replace it would take no more than
    /// the right to write its directory.
    pub fn is_read_only(&self) -> bool {
        let is_read_only = |permissions: &Permissions| {
            permissions.readonly() || OpenOptions::new().write(true).open(&self.file).is_err()
        };
        self.permissions.as_ref().is_some_and(is_read_only)
    }

    pub fn replace(self, bytes: &[u8]) -> io::Result<()> {
        replace(&Disk, &self.file, self.permissions, bytes)
    }
}

pub(crate) fn unwritable(path: &Path, what: &'static str, source: io::Error) -> FileError {
    let path = path.into();
    FileError::Write { what, path, source }
}

fn behind_links(path: &Path) -> Result<PathBuf, FileError> {
    fs::canonicalize(path).map_err(|_| FileError::Dangling { path: path.into() })
}
