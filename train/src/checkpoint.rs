//! [`Checkpoint`]: everything that a run needs to go on, in one safetensors file.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use autograd::{Matrix, Scalar};
use layers::ParameterSet;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use tempfile::NamedTempFile;
use thiserror::Error;

use crate::StateError;
use crate::optimizer::find;

/// Named tensors and what else is to be remembered.
///
/// The file is a [safetensors](https://github.com/huggingface/safetensors) one that other tools
/// read too: the tensors in their own type, and the metadata as JSON text under the key "bptt".
#[derive(Clone, PartialEq)]
pub struct Checkpoint<T: Scalar = f32> {
    /// Parameters and optimizer state by name; sorted by name after loading.
    pub tensors: Vec<(String, Matrix<T>)>,
    /// Anything: the configuration of the model, the vocabulary, the state of a generator.
    pub metadata: serde_json::Value,
}

/// A checkpoint that cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// No such file.
    #[error("there is no checkpoint {}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// What the system says about reading it.
    #[error("cannot read checkpoint {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What the system says about writing it.
    #[error("cannot write checkpoint {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another kind of file, or a part of one.
    #[error("{} is not a checkpoint, or is truncated: {reason}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Tensors of another element type.
    #[error("checkpoint {}: tensor {tensor} is {found}, expected {expected}", path.display())]
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
    #[error("checkpoint {}: tensor {tensor} has values that are not finite", path.display())]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
    },
}

/// The key of the metadata in the file.
const KEY: &str = "bptt";

impl<T: Scalar> Checkpoint<T> {
    /// The parameters of a model.
    pub fn of(set: &ParameterSet<T>, metadata: serde_json::Value) -> Self {
        let tensor = |id| (set.name(id).to_string(), set.get(id).clone());
        Checkpoint {
            tensors: set.ids().map(tensor).collect(),
            metadata,
        }
    }

    /// Writes the file: all of it or nothing. It is written beside the old one, made durable, and
    /// then takes its place.
    ///
    /// # Errors
    /// If it cannot be written, or a tensor is not finite; an old file is then still there.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), CheckpointError> {
        let path = path.as_ref();
        for (name, tensor) in &self.tensors {
            check_finite(path, name, tensor)?;
        }
        self.to_bytes()
            .and_then(|bytes| write_atomically(path, &bytes))
            .map_err(|source| CheckpointError::Write {
                path: path.into(),
                source,
            })
    }

    fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let encoded: Vec<_> = self.tensors.iter().map(|(_, m)| encode(m)).collect();
        let views = self.tensors.iter().zip(&encoded).map(|((name, m), data)| {
            let view = TensorView::new(dtype::<T>(), vec![m.row_count(), m.col_count()], data);
            view.map(|v| (name, v)).map_err(io::Error::other)
        });
        let views = views.collect::<io::Result<Vec<_>>>()?;
        let metadata = HashMap::from([(KEY.to_string(), self.metadata.to_string())]);
        safetensors::serialize(views, Some(metadata)).map_err(io::Error::other)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it is missing, no checkpoint, truncated, of another element type, or not finite.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, CheckpointError> {
        let path = path.as_ref();
        let bytes = read(path)?;
        let metadata = read_metadata(&bytes).map_err(|reason| invalid(path, reason))?;
        let file = SafeTensors::deserialize(&bytes).map_err(|e| invalid(path, e))?;
        let mut views = file.tensors();
        views.sort_by(|(a, _), (b, _)| a.cmp(b));
        let tensors = views.into_iter().map(|(name, view)| {
            let tensor = decode(path, &name, &view)?;
            Ok((name, tensor))
        });
        let tensors = tensors.collect::<Result<_, CheckpointError>>()?;
        Ok(Checkpoint { tensors, metadata })
    }

    /// Gives the parameters the values that they have here; other tensors are ignored.
    ///
    /// # Errors
    /// If a parameter is missing here or has another shape; none is then changed.
    pub fn restore(&self, set: &mut ParameterSet<T>) -> Result<(), StateError> {
        self.check(set)?;
        for id in set.ids() {
            let value = find(&self.tensors, set.name(id), set.get(id).shape())?;
            set.get_mut(id).view_mut().copy_from(value.view());
        }
        Ok(())
    }

    /// Whether every parameter is here in its shape.
    pub(crate) fn check(&self, set: &ParameterSet<T>) -> Result<(), StateError> {
        set.ids()
            .try_for_each(|id| find(&self.tensors, set.name(id), set.get(id).shape()).map(|_| ()))
    }
}

impl<T: Scalar> fmt::Debug for Checkpoint<T> {
    /// The tensors' names, shapes and norms, and the metadata.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut checkpoint = f.debug_struct("Checkpoint");
        for (name, tensor) in &self.tensors {
            let norm = tensor.norm();
            checkpoint.field(name, &format_args!("{} of norm {norm}", tensor.shape()));
        }
        checkpoint
            .field("metadata", &format_args!("{}", self.metadata))
            .finish()
    }
}

fn dtype<T: Scalar>() -> Dtype {
    if T::NAME == "f64" {
        Dtype::F64
    } else {
        Dtype::F32
    }
}

/// The elements as little-endian bytes.
fn encode<T: Scalar>(m: &Matrix<T>) -> Vec<u8> {
    let elements = m.data().iter().map(|x| x.to_f64());
    match dtype::<T>() {
        Dtype::F64 => elements.flat_map(f64::to_le_bytes).collect(),
        _ => elements.flat_map(|x| (x as f32).to_le_bytes()).collect(),
    }
}

fn decode<T: Scalar>(
    path: &Path,
    name: &str,
    view: &TensorView<'_>,
) -> Result<Matrix<T>, CheckpointError> {
    if view.dtype() != dtype::<T>() {
        return Err(CheckpointError::Type {
            path: path.into(),
            tensor: name.into(),
            expected: T::NAME,
            found: format!("{:?}", view.dtype()).to_lowercase(),
        });
    }
    let &[rows, cols] = view.shape() else {
        let reason = format!("tensor {name} of shape {:?} is no matrix", view.shape());
        return Err(invalid(path, reason));
    };
    let matrix = Matrix::from_vec(rows, cols, elements(view.data()));
    let matrix = matrix.map_err(|e| invalid(path, format!("tensor {name}: {e}")))?;
    check_finite(path, name, &matrix)?;
    Ok(matrix)
}

fn elements<T: Scalar>(bytes: &[u8]) -> Vec<T> {
    match dtype::<T>() {
        Dtype::F64 => numbers(bytes, f64::from_le_bytes),
        _ => numbers(bytes, |b| f64::from(f32::from_le_bytes(b))),
    }
}

fn numbers<T: Scalar, const N: usize>(bytes: &[u8], number: fn([u8; N]) -> f64) -> Vec<T> {
    let (chunks, _) = bytes.as_chunks::<N>();
    chunks.iter().map(|&b| T::from_f64(number(b))).collect()
}

fn check_finite<T: Scalar>(
    path: &Path,
    name: &str,
    tensor: &Matrix<T>,
) -> Result<(), CheckpointError> {
    if tensor.view().is_finite() {
        return Ok(());
    }
    Err(CheckpointError::NotFinite {
        path: path.into(),
        tensor: name.into(),
    })
}

fn invalid(path: &Path, reason: impl ToString) -> CheckpointError {
    CheckpointError::Invalid {
        path: path.into(),
        reason: reason.to_string(),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CheckpointError> {
    fs::read(path).map_err(|source| {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::NotFound => CheckpointError::Missing { path },
            _ => CheckpointError::Read { path, source },
        }
    })
}

fn read_metadata(bytes: &[u8]) -> Result<serde_json::Value, String> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| e.to_string())?;
    let text = header.metadata().as_ref().and_then(|m| m.get(KEY));
    let text = text.ok_or_else(|| format!("it has no {KEY:?} metadata"))?;
    serde_json::from_str(text).map_err(|e| format!("its {KEY:?} metadata is not JSON: {e}"))
}

fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    let directory = parent.unwrap_or(Path::new("."));
    let mut file = new_file(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_directory(directory)
}

/// A temporary file that others may read as far as the user's mask allows: by default only the
/// owner may.
#[cfg(unix)]
fn new_file(directory: &Path) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(directory)
}

#[cfg(not(unix))]
fn new_file(directory: &Path) -> io::Result<NamedTempFile> {
    NamedTempFile::new_in(directory)
}

/// Makes the new name durable.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    fs::File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}
