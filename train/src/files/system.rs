//! [`FileSystem`]: what replacing a file asks of the system, one call each, so that a test can let each fail.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write};
use std::path::Path;

/// The part of a file system that writes.
pub(crate) trait FileSystem {
    /// An open file.
    type File: Write;

    /// Makes a new file, locked until it is closed. Nobody else may have it by then, or the error is
    /// [`io::ErrorKind::AlreadyExists`], and another name is tried.
    fn create(&self, path: &Path) -> io::Result<Self::File>;

    fn set_permissions(&self, file: &Self::File, permissions: Permissions) -> io::Result<()>;

    /// Makes the contents durable.
    fn sync(&self, file: &Self::File) -> io::Result<()>;

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Makes the names in a directory durable.
    fn sync_directory(&self, directory: &Path) -> io::Result<()>;
}

/// The computer's.
pub(crate) struct Disk;

impl FileSystem for Disk {
    type File = File;

    fn create(&self, path: &Path) -> io::Result<File> {
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        // Between these lines another save may take the file for one that was left, and remove it.
        let taken = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
        if taken || fs::symlink_metadata(path).is_err() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(file)
    }

    fn set_permissions(&self, file: &File, permissions: Permissions) -> io::Result<()> {
        file.set_permissions(permissions)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    #[cfg(unix)]
    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        File::open(directory)?.sync_all()
    }

    #[cfg(not(unix))]
    fn sync_directory(&self, _directory: &Path) -> io::Result<()> {
        Ok(())
    }
}
