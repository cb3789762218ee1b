//! Matrices from and to those of the crate `ndarray`: feature `ndarray`.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, ShapeBuilder};

use super::{Matrix, MatrixView};
use crate::{Error, Scalar};

/// Without a copy, if the rows lie one behind the other.
///
/// ```
/// use autograd::Matrix;
/// use ndarray::{ArrayView2, Array2, array};
///
/// let a = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
/// let m = Matrix::try_from(a.t())?; // any layout
/// assert_eq!(m, Matrix::from([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]));
/// assert_eq!(Matrix::try_from(array![7.0, 8.0])?, Matrix::from([[7.0, 8.0]])); // a row
/// assert_eq!(ArrayView2::from(&m), a.t()); // without a copy
/// assert_eq!(Array2::from(m), a.t());
/// # Ok::<(), autograd::Error>(())
/// ```
impl<T: Scalar> TryFrom<Array2<T>> for Matrix<T> {
    type Error = Error;

    /// # Errors
    /// [`Error::ElementCount`] if there are no rows or no columns.
    fn try_from(array: Array2<T>) -> Result<Self, Error> {
        let (rows, cols) = array.dim();
        if !array.is_standard_layout() || array.is_empty() {
            return Self::try_from(array.view());
        }
        let (mut elements, offset) = array.into_raw_vec_and_offset();
        elements.drain(..offset.unwrap_or(0));
        elements.truncate(rows * cols);
        Self::from_vec(rows, cols, elements)
    }
}

/// In any layout.
impl<T: Scalar> TryFrom<ArrayView2<'_, T>> for Matrix<T> {
    type Error = Error;

    /// # Errors
    /// [`Error::ElementCount`] if there are no rows or no columns.
    fn try_from(array: ArrayView2<'_, T>) -> Result<Self, Error> {
        let (rows, cols) = array.dim();
        Self::from_vec(rows, cols, array.iter().copied().collect())
    }
}

/// As a row.
impl<T: Scalar> TryFrom<Array1<T>> for Matrix<T> {
    type Error = Error;

    /// # Errors
    /// [`Error::ElementCount`] if there are no elements.
    fn try_from(array: Array1<T>) -> Result<Self, Error> {
        Self::try_from(array.insert_axis(Axis(0)))
    }
}

/// As a row.
impl<T: Scalar> TryFrom<ArrayView1<'_, T>> for Matrix<T> {
    type Error = Error;

    /// # Errors
    /// [`Error::ElementCount`] if there are no elements.
    fn try_from(array: ArrayView1<'_, T>) -> Result<Self, Error> {
        Self::try_from(array.insert_axis(Axis(0)))
    }
}

/// Without a copy.
impl<T: Scalar> From<Matrix<T>> for Array2<T> {
    fn from(m: Matrix<T>) -> Self {
        let shape = (m.row_count(), m.col_count());
        Array2::from_shape_vec(shape, m.into_vec()).expect("a matrix has as many elements")
    }
}

/// Without a copy.
impl<'a, T: Scalar> From<&'a Matrix<T>> for ArrayView2<'a, T> {
    fn from(m: &'a Matrix<T>) -> Self {
        m.view().into()
    }
}

/// Without a copy.
impl<'a, T: Scalar> From<MatrixView<'a, T>> for ArrayView2<'a, T> {
    fn from(m: MatrixView<'a, T>) -> Self {
        let shape = (m.row_count(), m.col_count()).strides((m.stride(), 1));
        ArrayView2::from_shape(shape, m.span()).expect("a view's rows lie a stride apart")
    }
}
