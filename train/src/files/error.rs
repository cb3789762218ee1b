//! [`FileError`]: what can be wrong with a file, whatever is in it.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::{FileKind, escaped};

/// A file that cannot be read or written. What it is to be, such as "checkpoint", is part of each.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// No such file.
    #[error("there is no {what} {}", escaped(path))]
    Missing {
        /// What it is to be.
        what: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// What the system says about reading it.
    #[error("cannot read {what} {}: {source}", escaped(path))]
    Read {
        /// What it is to be.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What the system says about writing it.
    #[error("cannot write {what} {}: {source}", escaped(path))]
    Write {
        /// What it is to be.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The directory that it is to be written in is not there.
    #[error(
        "cannot write {what} {}: there is no directory {}",
        escaped(path),
        escaped(directory)
    )]
    NoDirectory {
        /// What it is to be.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The directory.
        directory: PathBuf,
    },
    /// No file, and so neither read nor replaced.
    #[error("{} is {kind}, and a {what} is a file", escaped(path))]
    NotAFile {
        /// What it is to be.
        what: &'static str,
        /// What is no file.
        path: PathBuf,
        /// What it is.
        kind: FileKind,
    },
    /// A link to what is not there.
    #[error("{} is a link that leads nowhere", escaped(path))]
    Dangling {
        /// The link.
        path: PathBuf,
    },
    /// Another kind of file would be replaced.
    #[error(
        "{} is there, and is not a {what} that may be replaced: remove it, or write elsewhere",
        escaped(path)
    )]
    NotOurs {
        /// What is to be written.
        what: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// A file that must not be written would be replaced.
    #[error("{} is read-only: remove it, or write elsewhere", escaped(path))]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
}
