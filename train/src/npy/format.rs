//! The bytes of an array: NumPy's format, versions 1 to 3.

use std::io;
use std::path::Path;

use autograd::{Matrix, Scalar};
use ndarray::Array2;
use ndarray_npy::npy::header::{Header, Layout};
use ndarray_npy::{ReadableElement, WriteNpyExt};

use super::NpyError;

/// What the file begins with.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";
/// NumPy's own limit: a header is a Python literal, and parsing one may take any time and depth.
const LONGEST_HEADER: u32 = 10_000;
/// As many as no array of numbers has. The parser calls itself for each.
const MOST_BRACKETS: usize = 64;

/// Where an array is: in a file by itself, or by its name among others.
#[derive(Clone, Copy)]
pub(super) struct Array<'a> {
    pub path: &'a Path,
    pub name: Option<&'a str>,
}

impl Array<'_> {
    fn invalid(self, reason: &str) -> NpyError {
        match self.name {
            Some(name) => NpyError::invalid(self.path, &format!("array {name}: {reason}")),
            None => NpyError::invalid(self.path, reason),
        }
    }
}

/// The matrix of a file's contents. All is checked before memory is taken for it.
pub(super) fn decode<T: Scalar>(array: Array<'_>, file: &[u8]) -> Result<Matrix<T>, NpyError> {
    let (header, data) = header(file).map_err(|reason| array.invalid(&reason))?;
    let path = || array.path.into();
    let name = || array.name.map(Into::into);
    let (rows, cols) = match header.shape[..] {
        [cols] if cols > 0 => (1, cols),
        [rows, cols] if rows > 0 && cols > 0 => (rows, cols),
        _ => {
            let found = header.shape;
            let (path, array) = (path(), name());
            return Err(NpyError::Shape { path, array, found });
        }
    };
    let Some(reader) = reader::<T>(&header) else {
        return Err(NpyError::Type {
            path: path(),
            array: name(),
            found: header.type_descriptor.to_string(),
        });
    };
    let elements = reader(&header, data).map_err(|reason| array.invalid(&reason))?;
    let matrix = match header.layout {
        Layout::Standard => Matrix::from_vec(rows, cols, elements),
        Layout::Fortran => Matrix::from_vec(cols, rows, elements).map(|m| m.transpose()),
    };
    matrix.map_err(|e| array.invalid(&e.to_string()))
}

/// The header, and the bytes behind it.
fn header(file: &[u8]) -> Result<(Header, &[u8]), String> {
    if !has_plain_header(file) {
        return Err("its header is longer or deeper than that of an array of numbers".into());
    }
    let mut rest = file;
    let header = Header::from_reader(&mut rest).map_err(|e| e.to_string())?;
    Ok((header, rest))
}

/// Whether the header can be given to the parser, or there is none.
fn has_plain_header(file: &[u8]) -> bool {
    let (len, behind) = match *file {
        [0x93, _, _, _, _, _, 1, _, a, b, ref behind @ ..] => {
            (u16::from_le_bytes([a, b]).into(), behind)
        }
        [0x93, _, _, _, _, _, _, _, a, b, c, d, ref behind @ ..] => {
            (u32::from_le_bytes([a, b, c, d]), behind)
        }
        _ => return true,
    };
    let brackets = behind.iter().take(LONGEST_HEADER as usize);
    let brackets = brackets
        .take(len as usize)
        .filter(|byte| b"([{".contains(byte));
    len <= LONGEST_HEADER && brackets.count() <= MOST_BRACKETS
}

type Reader<T> = fn(&Header, &[u8]) -> Result<Vec<T>, String>;

/// What reads elements of the header's type, if they are numbers that a matrix can have.
fn reader<T: Scalar>(header: &Header) -> Option<Reader<T>> {
    let descriptor = header.type_descriptor.to_string(); // "'<f4'"
    match descriptor
        .trim_matches('\'')
        .trim_start_matches(['<', '>', '|'])
    {
        "f4" => Some(|header, data| numbers(header, data, |x: f32| x.into())),
        "f8" => Some(|header, data| numbers(header, data, |x: f64| x)),
        "i1" => Some(|header, data| numbers(header, data, |x: i8| x.into())),
        "i2" => Some(|header, data| numbers(header, data, |x: i16| x.into())),
        "i4" => Some(|header, data| numbers(header, data, |x: i32| x.into())),
        "i8" => Some(|header, data| numbers(header, data, |x: i64| x as f64)),
        "u1" => Some(|header, data| numbers(header, data, |x: u8| x.into())),
        "u2" => Some(|header, data| numbers(header, data, |x: u16| x.into())),
        "u4" => Some(|header, data| numbers(header, data, |x: u32| x.into())),
        "u8" => Some(|header, data| numbers(header, data, |x: u64| x as f64)),
        _ => None,
    }
}

fn numbers<A: ReadableElement, T: Scalar>(
    header: &Header,
    data: &[u8],
    number: fn(A) -> f64,
) -> Result<Vec<T>, String> {
    let shape = header.shape.iter();
    let len = shape.copied().try_fold(1usize, usize::checked_mul);
    let len = len.filter(|len| len.checked_mul(size_of::<A>()) == Some(data.len()));
    let Some(len) = len else {
        let (shape, found) = (&header.shape, data.len());
        return Err(format!("{found} bytes do not fill the shape {shape:?}"));
    };
    let elements = A::read_to_end_exact_vec(data, &header.type_descriptor, len);
    let elements = elements.map_err(|e| e.to_string())?.into_iter();
    Ok(elements.map(|x| T::from_f64(number(x))).collect())
}

/// The contents of a matrix's file.
pub(super) fn encode<T: Scalar>(matrix: &Matrix<T>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let written = match T::NAME {
        "f64" => doubles(matrix).write_npy(&mut bytes),
        _ => singles(matrix).write_npy(&mut bytes),
    };
    written.map_err(io::Error::other)?;
    Ok(bytes)
}

pub(super) fn doubles<T: Scalar>(matrix: &Matrix<T>) -> Array2<f64> {
    matrix.map(Scalar::to_f64).into()
}

pub(super) fn singles<T: Scalar>(matrix: &Matrix<T>) -> Array2<f32> {
    matrix.map(|x| x.to_f64() as f32).into()
}
