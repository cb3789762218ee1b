//! Matrices in NumPy's files: feature `npy`.

mod error;
mod format;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;

use autograd::{Matrix, Scalar};
use ndarray_npy::NpzWriter;
use zip::ZipArchive;

use crate::files::{read, unwritable, write};

pub use error::NpyError;
use format::{Array, MAGIC, decode, encode};

/// What messages call it.
const WHAT: &str = "NumPy file";
/// What the name of an array has behind it in an archive.
const SUFFIX: &str = ".npy";

/// Reads the array that `np.save` has written: floating-point numbers of 32 or 64 bits or integers of any, in
/// either order of bytes and of dimensions; a vector as one row. Integers beyond 2^53 are rounded, as NaN and
/// infinity are kept.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("x.npy");
/// use train::prelude::*;
/// use train::{read_npy, write_npy};
///
/// write_npy(&path, &Matrix::from([[1.0f32, 2.0], [3.0, 4.0]]))?; // np.load(path)
/// let x: Matrix<f64> = read_npy(&path)?;
/// assert_eq!(x[(1, 0)], 3.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the file is missing or damaged, or the array has other elements, neither one dimension nor two, or no
/// elements.
pub fn read_npy<T: Scalar>(path: impl AsRef<Path>) -> Result<Matrix<T>, NpyError> {
    let path = path.as_ref();
    let array = Array { path, name: None };
    decode(array, &read(path, WHAT)?)
}

/// Writes a matrix as `np.save` does: all of the file or nothing, and in the place of none but such a file.
///
/// # Errors
/// If something else is there, or it cannot be written.
pub fn write_npy<T: Scalar>(path: impl AsRef<Path>, matrix: &Matrix<T>) -> Result<(), NpyError> {
    let path = path.as_ref();
    let bytes = encode(matrix).map_err(|e| unwritable(path, WHAT, e))?;
    Ok(write(path, WHAT, is_npy, &bytes)?)
}

/// Reads the arrays that `np.savez` or `np.savez_compressed` has written, by their names: see [`read_npy`].
///
/// # Errors
/// As [`read_npy`], for the first array of which it is so.
pub fn read_npz<T: Scalar>(
    path: impl AsRef<Path>,
) -> Result<BTreeMap<String, Matrix<T>>, NpyError> {
    let path = path.as_ref();
    let invalid = |reason: String| NpyError::invalid(path, &reason);
    let mut archive = ZipArchive::new(Cursor::new(read(path, WHAT)?))
        .map_err(|e| invalid(format!("as an archive: {e}")))?;
    let mut matrices = BTreeMap::new();
    for index in 0..archive.len() {
        let mut entry = archive
            .by_index(index)
            .map_err(|e| invalid(e.to_string()))?;
        let file_name = entry.name().to_string();
        let Some(name) = file_name.strip_suffix(SUFFIX) else {
            return Err(invalid(format!("{file_name} in it is no array")));
        };
        let mut bytes = Vec::new(); // which takes what comes, and not what the archive promises
        entry
            .read_to_end(&mut bytes)
            .map_err(|e| invalid(format!("array {name}: {e}")))?;
        let array = Array {
            path,
            name: Some(name),
        };
        matrices.insert(name.to_string(), decode(array, &bytes)?);
    }
    Ok(matrices)
}

/// Writes matrices by their names as `np.savez` does: all of the file or nothing, and in the place of none but
/// such a file.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("data.npz");
/// use std::collections::BTreeMap;
/// use train::prelude::*;
/// use train::{read_npz, write_npz};
///
/// let data = BTreeMap::from([("x".into(), Matrix::filled(2, 3, 0.5)), ("y".into(), Matrix::filled(2, 1, 1.0))]);
/// write_npz(&path, &data)?; // np.load(path)["x"]
/// assert_eq!(read_npz::<f64>(&path)?, data);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If something else is there, or it cannot be written.
pub fn write_npz<T: Scalar>(
    path: impl AsRef<Path>,
    matrices: &BTreeMap<String, Matrix<T>>,
) -> Result<(), NpyError> {
    let path = path.as_ref();
    let bytes = archive(matrices).map_err(|e| unwritable(path, WHAT, e))?;
    Ok(write(path, WHAT, is_npz, &bytes)?)
}

fn archive<T: Scalar>(matrices: &BTreeMap<String, Matrix<T>>) -> io::Result<Vec<u8>> {
    let mut archive = NpzWriter::new(Cursor::new(Vec::new()));
    for (name, matrix) in matrices {
        let added = match T::NAME {
            "f64" => archive.add_array(name, &format::doubles(matrix)),
            _ => archive.add_array(name, &format::singles(matrix)),
        };
        added.map_err(io::Error::other)?;
    }
    let bytes = archive.finish().map_err(io::Error::other)?;
    Ok(bytes.into_inner())
}

fn is_npy(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?
        .take(MAGIC.len() as u64)
        .read_to_end(&mut start)?;
    Ok(start == MAGIC)
}

fn is_npz(path: &Path) -> io::Result<bool> {
    let archive = ZipArchive::new(File::open(path)?);
    Ok(archive.is_ok_and(|archive| archive.file_names().all(|name| name.ends_with(SUFFIX))))
}
