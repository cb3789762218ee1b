//! [`NpyError`]: what can be wrong with NumPy's files.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::{FileError, escaped};

/// A file of NumPy's that cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NpyError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another kind of file, or a part of one.
    #[error("{} is not a NumPy file, or is damaged: {reason}", escaped(path))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Other elements than matrices have.
    #[error(
        "{} has elements {}, expected floating-point numbers of 32 or 64 bits, or integers",
        place(path, array.as_deref()),
        escaped(found)
    )]
    Type {
        /// The file.
        path: PathBuf,
        /// The array's name, where there are several.
        array: Option<String>,
        /// NumPy's name of the elements' type: "'<c8'".
        found: String,
    },
    /// What is neither a vector nor a matrix.
    #[error(
        "{} has the shape {found:?}, expected one dimension or two, none of them 0",
        place(path, array.as_deref())
    )]
    Shape {
        /// The file.
        path: PathBuf,
        /// The array's name, where there are several.
        array: Option<String>,
        /// Its dimensions.
        found: Vec<usize>,
    },
}

impl NpyError {
    pub(super) fn invalid(path: &Path, reason: &str) -> Self {
        NpyError::Invalid {
            path: path.into(),
            reason: escaped(reason), // it may have names in it that the file has
        }
    }
}

/// "NumPy file data.npz: array x"
fn place(path: &Path, array: Option<&str>) -> String {
    let path = escaped(path);
    match array {
        Some(name) => format!("NumPy file {path}: array {}", escaped(name)),
        None => format!("NumPy file {path}"),
    }
}
