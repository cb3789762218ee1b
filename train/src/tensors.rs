//! Tensors in safetensors files: what checkpoints and PyTorch's weights have in common.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use autograd::Scalar;
use safetensors::tensor::Dtype;
use serde_json::Value;

/// The bytes of the header's length, which come first.
pub(crate) const LEN: usize = 8;
/// As the safetensors crate has it.
const LONGEST_HEADER: u64 = 100_000_000;

/// The texts that the header of a file has beside its tensors, by their keys; null if it is no such file. It
/// may be a damaged one.
pub(crate) fn header_texts(path: &Path) -> io::Result<Value> {
    let mut file = File::open(path)?;
    let room = file.metadata()?.len().saturating_sub(LEN as u64);
    let room = room.min(LONGEST_HEADER);
    let mut len = [0; LEN];
    if room == 0 || file.read_exact(&mut len).is_err() || u64::from_le_bytes(len) > room {
        return Ok(Value::Null);
    }
    let mut header = Vec::new();
    file.take(u64::from_le_bytes(len))
        .read_to_end(&mut header)?;
    let mut header: Value = serde_json::from_slice(&header).unwrap_or_default();
    let texts = header.get_mut("__metadata__").map(Value::take);
    Ok(texts.unwrap_or_default())
}

/// The type that elements are written as.
pub(crate) fn dtype<T: Scalar>() -> Dtype {
    if T::NAME == "f64" {
        Dtype::F64
    } else {
        Dtype::F32
    }
}

/// The name of a type: "f32".
pub(crate) fn type_name(dtype: Dtype) -> String {
    format!("{dtype:?}").to_lowercase()
}

/// The elements as little-endian bytes.
pub(crate) fn to_bytes<T: Scalar>(elements: &[T]) -> Vec<u8> {
    match dtype::<T>() {
        Dtype::F64 => bytes(elements, f64::to_le_bytes),
        _ => bytes(elements, |x| (x as f32).to_le_bytes()),
    }
}

fn bytes<T: Scalar, const N: usize>(elements: &[T], bytes: impl Fn(f64) -> [u8; N]) -> Vec<u8> {
    let mut all = vec![0; N * elements.len()];
    let (chunks, _) = all.as_chunks_mut::<N>();
    let pairs = chunks.iter_mut().zip(elements);
    pairs.for_each(|(chunk, x)| *chunk = bytes(x.to_f64()));
    all
}

/// The elements of little-endian bytes, which are f32 or f64.
pub(crate) fn from_bytes<T: Scalar>(dtype: Dtype, bytes: &[u8]) -> Vec<T> {
    match dtype {
        Dtype::F64 => numbers(bytes, f64::from_le_bytes),
        _ => numbers(bytes, |b| f64::from(f32::from_le_bytes(b))),
    }
}

fn numbers<T: Scalar, const N: usize>(bytes: &[u8], number: fn([u8; N]) -> f64) -> Vec<T> {
    let (chunks, _) = bytes.as_chunks::<N>();
    chunks.iter().map(|&b| T::from_f64(number(b))).collect()
}
