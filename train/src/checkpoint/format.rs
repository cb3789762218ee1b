//! The bytes of a checkpoint: a safetensors file with its own checksum in the metadata.
//!
//! The metadata's one text is the JSON `{"crc32":"89abcdef","metadata":…}`. The checksum is CRC-32 over the
//! whole file with these eight digits as zeros. It finds every flipped bit, and every change within 32
//! neighbouring bits (Peterson and Brown 1961, Cyclic codes for error detection). It is looked at first:
//! nothing of a file that has changed is believed.

use std::collections::{HashMap, HashSet};
use std::io;
use std::ops::Range;
use std::path::Path;

use autograd::{Matrix, Scalar};
use safetensors::tensor::{Metadata, SafeTensors, TensorInfo, TensorView};
use serde_json::Value;

use super::{Checkpoint, CheckpointError};
use crate::escaped;
use crate::tensors::{LEN, dtype, from_bytes, header_texts, to_bytes, type_name};

/// The key of our text in the file's metadata.
const KEY: &str = "bptt-checkpoint";
/// Its key in files of before there was a checksum: the metadata by itself.
const KEY_WITHOUT_CHECKSUM: &str = "bptt";
/// What the header begins with, up to the digits of the checksum.
const BEFORE_DIGITS: &[u8] = br#"{"__metadata__":{"bptt-checkpoint":"{\"crc32\":\""#;
const ZEROS: [u8; 8] = *b"00000000";

/// The contents of a checkpoint's file.
pub(super) fn encode<T: Scalar>(checkpoint: &Checkpoint<T>) -> io::Result<Vec<u8>> {
    let Checkpoint { tensors, metadata } = checkpoint;
    let names: HashSet<_> = tensors.iter().map(|(name, _)| name).collect();
    if names.len() < tensors.len() {
        return Err(io::Error::other("two tensors have one name"));
    }
    let encoded: Vec<_> = tensors.iter().map(|(_, m)| to_bytes(m.data())).collect();
    let views = tensors.iter().zip(&encoded).map(|((name, m), data)| {
        let view = TensorView::new(dtype::<T>(), vec![m.row_count(), m.col_count()], data);
        view.map(|v| (name, v)).map_err(io::Error::other)
    });
    let views = views.collect::<io::Result<Vec<_>>>()?;
    let text = format!(r#"{{"crc32":"00000000","metadata":{metadata}}}"#);
    let texts = HashMap::from([(KEY.to_string(), text)]);
    let mut file = safetensors::serialize(views, Some(texts)).map_err(io::Error::other)?;
    let digits = digits(&file).ok_or_else(|| io::Error::other("no place for the checksum"))?;
    let sum = checksum(&file, &digits);
    file[digits].copy_from_slice(sum.as_bytes());
    // What could not be read again is not written: a tensor "__metadata__", lists in lists without end.
    let (_, header) = SafeTensors::read_metadata(&file).map_err(io::Error::other)?;
    parse_metadata(&header, true).map_err(io::Error::other)?;
    Ok(file)
}

/// The checkpoint of a file's contents. All is checked before a tensor is made.
pub(super) fn decode<T: Scalar>(
    path: &Path,
    file: &[u8],
) -> Result<Checkpoint<T>, CheckpointError> {
    let invalid = |reason: String| invalid(path, &reason);
    let is_sealed = check_sum(file).map_err(invalid)?;
    let (len, header) = SafeTensors::read_metadata(file).map_err(|e| invalid(e.to_string()))?;
    let metadata = parse_metadata(&header, is_sealed).map_err(invalid)?;
    let mut tensors: Vec<_> = header.tensors().into_iter().collect();
    tensors.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, info) in &tensors {
        check_tensor::<T>(path, name, info)?;
    }
    let data = &file[LEN + len..];
    let tensors = tensors.into_iter().map(|(name, info)| {
        let (begin, end) = info.data_offsets;
        let elements = from_bytes(info.dtype, &data[begin..end]);
        let matrix = Matrix::from_vec(info.shape[0], info.shape[1], elements);
        let matrix = matrix.map_err(|e| invalid(format!("tensor {name}: {e}")))?;
        check_finite(path, &name, &matrix)?;
        Ok((name, matrix))
    });
    let tensors = tensors.collect::<Result<_, CheckpointError>>()?;
    Ok(Checkpoint { tensors, metadata })
}

/// Whether the file says that it is a checkpoint, by its header: it may be a damaged one.
pub(super) fn is_checkpoint(path: &Path) -> io::Result<bool> {
    let texts = header_texts(path)?;
    Ok(texts[KEY].is_string() || texts[KEY_WITHOUT_CHECKSUM].is_string())
}

/// Where the digits of the checksum are, in a file that begins as ours do.
fn digits(file: &[u8]) -> Option<Range<usize>> {
    let begin = LEN + BEFORE_DIGITS.len();
    let end = begin + ZEROS.len();
    let is_ours = file.len() >= end && file[LEN..begin] == *BEFORE_DIGITS;
    is_ours.then_some(begin..end)
}

fn checksum(file: &[u8], digits: &Range<usize>) -> String {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&file[..digits.start]);
    sum.update(&ZEROS);
    sum.update(&file[digits.end..]);
    format!("{:08x}", sum.finalize())
}

/// Whether the file has a checksum, which is then right.
fn check_sum(file: &[u8]) -> Result<bool, String> {
    let Some(digits) = digits(file) else {
        return Ok(false);
    };
    let sum = checksum(file, &digits);
    let found = String::from_utf8_lossy(&file[digits]);
    if found != sum {
        return Err(format!("its checksum is {sum}, and it says {found}"));
    }
    Ok(true)
}

fn parse_metadata(header: &Metadata, is_sealed: bool) -> Result<Value, String> {
    let texts = header.metadata().as_ref();
    let text = |key| texts.and_then(|texts| texts.get(key));
    if let Some(text) = text(KEY) {
        if !is_sealed {
            return Err("its checksum is not where it was written".into());
        }
        let mut value: Value = parse(text)?;
        let metadata = value.get_mut("metadata").map(Value::take);
        return metadata.ok_or_else(|| "there is no metadata behind its checksum".into());
    }
    match text(KEY_WITHOUT_CHECKSUM) {
        Some(text) => parse(text),
        None => Err(format!("it has no {KEY:?} metadata")),
    }
}

fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|e| format!("its metadata is not JSON: {e}"))
}

/// That the tensor is a matrix of this element type. That its bytes are there has been checked.
fn check_tensor<T: Scalar>(
    path: &Path,
    name: &str,
    info: &TensorInfo,
) -> Result<(), CheckpointError> {
    if info.dtype != dtype::<T>() {
        return Err(CheckpointError::Type {
            path: path.into(),
            tensor: name.into(),
            expected: T::NAME,
            found: type_name(info.dtype),
        });
    }
    match info.shape[..] {
        [rows, cols] if rows > 0 && cols > 0 => Ok(()),
        _ => {
            let reason = format!("tensor {name} of shape {:?} is no matrix", info.shape);
            Err(invalid(path, &reason))
        }
    }
}

pub(super) fn check_finite<T: Scalar>(
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

fn invalid(path: &Path, reason: &str) -> CheckpointError {
    CheckpointError::Invalid {
        path: path.into(),
        reason: escaped(reason), // it may have names in it that the file has
    }
}
