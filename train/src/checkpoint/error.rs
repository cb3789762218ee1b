//! [`CheckpointError`]: what can be wrong with a checkpoint's file.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::{FileKind, escaped};

/// A checkpoint that cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// No such file.
    #[error("there is no checkpoint {}", escaped(path))]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// What the system says about reading it.
    #[error("cannot read checkpoint {}: {source}", escaped(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What the system says about writing it.
    #[error("cannot write checkpoint {}: {source}", escaped(path))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The directory that it is to be written in is not there.
    #[error(
        "cannot write checkpoint {}: there is no directory {}",
        escaped(path),
        escaped(directory)
    )]
    NoDirectory {
        /// The file.
        path: PathBuf,
        /// The directory.
        directory: PathBuf,
    },
    /// No file, and so neither read nor replaced.
    #[error("{} is {kind}, and a checkpoint is a file", escaped(path))]
    NotAFile {
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
    /// A file that is no checkpoint would be replaced.
    #[error(
        "{} is there, is not a checkpoint, and is replaced only if that is forced",
        escaped(path)
    )]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// A file that must not be written would be replaced.
    #[error(
        "{} is read-only, and is replaced only if that is forced",
        escaped(path)
    )]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// Another kind of file, or a part of one, or one of which a bit has changed.
    #[error("{} is not a checkpoint, or is damaged: {reason}", escaped(path))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Tensors of another element type.
    #[error(
        "checkpoint {}: tensor {} is {found}, expected {expected}",
        escaped(path),
        escaped(tensor)
    )]
    Type {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// The type asked for: "f32" or "f64".
        expected: &'static str,
        /// The type in the file.
        found: String,
    },
    /// A tensor with a NaN or an infinity in it.
    #[error(
        "checkpoint {}: tensor {} has values that are not finite",
        escaped(path),
        escaped(tensor)
    )]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
    },
}
