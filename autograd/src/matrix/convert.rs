//! Matrices from and to what else has rows.

use super::{Matrix, Shape};
use crate::{Error, Scalar};

impl<T: Scalar, const R: usize, const C: usize> From<[[T; C]; R]> for Matrix<T> {
    /// # Panics
    /// If there are no rows or no columns.
    #[track_caller]
    fn from(rows: [[T; C]; R]) -> Self {
        Self::from_fn(R, C, |r, c| rows[r][c])
    }
}

/// A slice as a row vector.
impl<T: Scalar> From<&[T]> for Matrix<T> {
    /// # Panics
    /// If there are no elements.
    #[track_caller]
    fn from(row: &[T]) -> Self {
        Self::from_fn(1, row.len(), |_, c| row[c])
    }
}

/// Rows of data that is read at run time.
///
/// ```
/// use autograd::Matrix;
/// let m = Matrix::try_from(vec![vec![1.0, 2.0], vec![3.0, 4.0]])?;
/// assert_eq!(Vec::from(m), [[1.0, 2.0], [3.0, 4.0]]);
/// let error = Matrix::try_from(vec![vec![1.0, 2.0], vec![3.0]]).unwrap_err();
/// assert_eq!(error.to_string(), "row 1 has 1 elements, and row 0 has 2: a matrix has as many in each");
/// # Ok::<(), autograd::Error>(())
/// ```
impl<T: Scalar> TryFrom<Vec<Vec<T>>> for Matrix<T> {
    type Error = Error;

    /// # Errors
    /// [`Error::RaggedRows`] if a row has another number of elements than the first, and
    /// [`Error::ElementCount`] if there are none at all.
    fn try_from(rows: Vec<Vec<T>>) -> Result<Self, Error> {
        let cols = rows.first().map_or(0, Vec::len);
        if let Some(row) = rows.iter().position(|row| row.len() != cols) {
            let found = rows[row].len();
            return Err(Error::RaggedRows { row, found, cols });
        }
        Self::from_vec(rows.len(), cols, rows.concat())
    }
}

/// A vector for each row.
impl<T: Scalar> From<Matrix<T>> for Vec<Vec<T>> {
    fn from(m: Matrix<T>) -> Self {
        m.row_iter().map(<[T]>::to_vec).collect()
    }
}

impl<T: Scalar> Matrix<T> {
    /// From elements in row-major order.
    ///
    /// # Errors
    /// [`Error::ElementCount`] if there are not rows × cols of them, or none.
    pub fn from_vec(rows: usize, cols: usize, data: Vec<T>) -> Result<Self, Error> {
        if data.is_empty() || rows.checked_mul(cols) != Some(data.len()) {
            return Err(Error::ElementCount {
                rows,
                cols,
                found: data.len(),
            });
        }
        let (shape, data) = (Shape::new(rows, cols), data.into());
        Ok(Matrix { shape, data })
    }

    /// The elements in row-major order; without a copy, but of a matrix that a tape has had in its memory.
    pub fn into_vec(self) -> Vec<T> {
        self.data.into_vec()
    }
}
