//! Weights from and for PyTorch, in safetensors files.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use autograd::{Matrix, Scalar};
use layers::ParameterSet;
use layers::torch::{Mapping, StateDict};
use safetensors::tensor::{Dtype, SafeTensors, TensorInfo, TensorView};
use thiserror::Error;

use crate::files::{read, unwritable, write};
use crate::tensors::{LEN, dtype, from_bytes, header_texts, to_bytes, type_name};
use crate::{FileError, escaped};

/// What messages call it.
const WHAT: &str = "state dict";
/// The key in the metadata that says that a file is ours.
const KEY: &str = "bptt-state-dict";

/// Reads what `safetensors.torch.save_file(module.state_dict(), path)` has written: f32 or f64, whichever is
/// asked for; vectors as one row.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("head.safetensors");
/// use train::layers::torch::Mapping;
/// use train::prelude::*;
///
/// let (mut set, mut rng) = (ParameterSet::<f32>::new(), ChaCha8Rng::seed_from_u64(1));
/// let output = Linear::new(&mut set, "output", 3, 2, &mut rng);
/// let mapping = Mapping::new().layer("head.*", &output); // self.head = nn.Linear(3, 2)
/// write_state_dict(&path, &mapping, &set)?; // PyTorch: load_state_dict(safetensors.torch.load_file(path))
///
/// let state = read_state_dict(&path)?;
/// assert_eq!(state["head.bias"].shape().to_string(), "[1, 2]");
/// mapping.import(&mut set, &state)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the file is missing or damaged, or a tensor has other numbers, neither one dimension nor two, no
/// elements, or values that are not finite.
pub fn read_state_dict<T: Scalar>(path: impl AsRef<Path>) -> Result<StateDict<T>, StateDictError> {
    read_state_dict_of(path, "")
}

/// The part of a model's weights whose names begin with `prefix`, such as "encoder.": of the rest, which may
/// be convolutions and counters, nothing is asked. See [`read_state_dict`].
///
/// # Errors
/// As [`read_state_dict`], for that part. Without tensors of such names it is empty.
pub fn read_state_dict_of<T: Scalar>(
    path: impl AsRef<Path>,
    prefix: &str,
) -> Result<StateDict<T>, StateDictError> {
    let path = path.as_ref();
    let file = read(path, WHAT)?;
    let invalid = |e| invalid(path, &file, e);
    let (len, header) = SafeTensors::read_metadata(&file).map_err(invalid)?;
    let data = &file[LEN + len..];
    let tensors = header.tensors().into_iter();
    tensors
        .filter(|(name, _)| name.starts_with(prefix))
        .map(|(name, info)| Ok((name.clone(), tensor(path, &name, info, data)?)))
        .collect()
}

/// Writes the parameters of the mapping's layers as PyTorch has them, which
/// `module.load_state_dict(safetensors.torch.load_file(path))` takes: all of the file or nothing, and in the
/// place of none but one that this function has written.
///
/// # Errors
/// If something else is there, it cannot be written, or a parameter is not finite.
///
/// # Panics
/// If a layer is of another set.
#[track_caller]
pub fn write_state_dict<T: Scalar>(
    path: impl AsRef<Path>,
    mapping: &Mapping,
    set: &ParameterSet<T>,
) -> Result<(), StateDictError> {
    let path = path.as_ref();
    let state = mapping.export(set);
    for (name, tensor) in &state {
        check_finite(path, name, tensor)?;
    }
    let bytes = encode(&state, &mapping.vectors()).map_err(|e| unwritable(path, WHAT, e))?;
    Ok(write(path, WHAT, is_ours, &bytes)?)
}

fn encode<T: Scalar>(state: &StateDict<T>, vectors: &BTreeSet<String>) -> io::Result<Vec<u8>> {
    let encoded: Vec<_> = state.values().map(|m| to_bytes(m.data())).collect();
    let views = state.iter().zip(&encoded).map(|((name, m), data)| {
        let shape = match vectors.contains(name) {
            true => vec![m.col_count()],
            false => vec![m.row_count(), m.col_count()],
        };
        let view = TensorView::new(dtype::<T>(), shape, data);
        view.map(|v| (name, v)).map_err(io::Error::other)
    });
    let views = views.collect::<io::Result<Vec<_>>>()?;
    let texts = [("format", "pt"), (KEY, "1")]; // "format" is asked for by what builds on PyTorch
    let texts = HashMap::from(texts.map(|(key, text)| (key.into(), text.into())));
    safetensors::serialize(views, Some(texts)).map_err(io::Error::other)
}

fn is_ours(path: &Path) -> io::Result<bool> {
    Ok(header_texts(path)?[KEY].is_string())
}

/// A tensor as a matrix. That its bytes are there has been checked.
fn tensor<T: Scalar>(
    path: &Path,
    name: &str,
    info: &TensorInfo,
    data: &[u8],
) -> Result<Matrix<T>, StateDictError> {
    if !matches!(info.dtype, Dtype::F32 | Dtype::F64) {
        return Err(StateDictError::Type {
            path: path.into(),
            tensor: name.into(),
            found: type_name(info.dtype),
        });
    }
    let (begin, end) = info.data_offsets;
    let elements = from_bytes(info.dtype, &data[begin..end]);
    let matrix = match info.shape[..] {
        [cols] => Matrix::from_vec(1, cols, elements).ok(),
        [rows, cols] => Matrix::from_vec(rows, cols, elements).ok(),
        _ => None,
    };
    let Some(matrix) = matrix else {
        return Err(StateDictError::Shape {
            path: path.into(),
            tensor: name.into(),
            found: info.shape.clone(),
        });
    };
    check_finite(path, name, &matrix)?;
    Ok(matrix)
}

fn check_finite<T: Scalar>(
    path: &Path,
    name: &str,
    tensor: &Matrix<T>,
) -> Result<(), StateDictError> {
    if tensor.view().is_finite() {
        return Ok(());
    }
    Err(StateDictError::NotFinite {
        path: path.into(),
        tensor: name.into(),
        expected: T::NAME,
    })
}

fn invalid(path: &Path, file: &[u8], error: safetensors::SafeTensorError) -> StateDictError {
    let reason = match file.starts_with(b"PK") {
        true => {
            "torch.save has written it, and safetensors.torch.save_file writes what is read here"
                .into()
        }
        false => escaped(error.to_string()), // it may have names in it that the file has
    };
    let path = path.into();
    StateDictError::Invalid { path, reason }
}

/// Weights from or for PyTorch that cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StateDictError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another kind of file, or a part of one.
    #[error("{} is not a safetensors file, or is damaged: {reason}", escaped(path))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Other numbers than matrices have.
    #[error(
        "state dict {}: tensor {} is {found}, expected f32 or f64",
        escaped(path),
        escaped(tensor)
    )]
    Type {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// The type in the file: "i64".
        found: String,
    },
    /// What is neither a vector nor a matrix.
    #[error(
        "state dict {}: tensor {} has the shape {found:?}, expected one dimension or two, none of them 0",
        escaped(path),
        escaped(tensor)
    )]
    Shape {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// Its dimensions.
        found: Vec<usize>,
    },
    /// A tensor with a NaN or an infinity in it, or that would have one.
    #[error(
        "state dict {}: tensor {} has values that are not finite as {expected}",
        escaped(path),
        escaped(tensor)
    )]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// The type asked for: "f32" or "f64".
        expected: &'static str,
    },
}
