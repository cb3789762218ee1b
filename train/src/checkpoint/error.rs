//! [`CheckpointError`]: what can be wrong with a checkpoint's file.

use std::path::PathBuf;

use thiserror::Error;

use crate::{FileError, escaped};

/// A checkpoint that cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
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
