//! [`Matrix`]: row-major, two-dimensional, owned; and its views by rows and columns, without a copy.

mod view;

use std::fmt;
use std::ops::{Index, IndexMut, Range};

use crate::{Error, Scalar};
pub use view::{MatrixMut, MatrixView};

/// Number of rows and columns; prints as `[rows, cols]`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Shape {
    /// Rows: the samples of a mini-batch.
    pub rows: usize,
    /// Columns: the features.
    pub cols: usize,
}

impl Shape {
    /// A shape of `rows` times `cols`.
    pub fn new(rows: usize, cols: usize) -> Self {
        Shape { rows, cols }
    }

    /// The number of elements.
    #[allow(clippy::len_without_is_empty)] // a matrix is never empty
    pub fn len(self) -> usize {
        self.rows * self.cols
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {}]", self.rows, self.cols)
    }
}

/// A row-major matrix of at least one row and one column.
///
/// Rows are the samples of a mini-batch, columns their features.
///
/// ```
/// use autograd::Matrix;
/// let m = Matrix::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
/// assert_eq!(m.shape().to_string(), "[2, 3]");
/// assert_eq!(m[(1, 2)], 6.0);
/// assert_eq!(m.view().cols(1..3).to_matrix(), Matrix::from([[2.0, 3.0], [5.0, 6.0]]));
/// ```
#[derive(Clone, PartialEq)]
pub struct Matrix<T = f32> {
    shape: Shape,
    data: Vec<T>,
}

impl<T: Scalar> Matrix<T> {
    /// All zeros.
    ///
    /// # Panics
    /// Like every constructor that cannot fail, if there are no rows or no columns.
    #[track_caller]
    pub fn zeros(rows: usize, cols: usize) -> Self {
        Self::filled(rows, cols, T::ZERO)
    }

    /// All elements `x`.
    #[track_caller]
    pub fn filled(rows: usize, cols: usize, x: T) -> Self {
        assert!(
            rows > 0 && cols > 0,
            "a matrix of shape [{rows}, {cols}] would have no elements"
        );
        Matrix {
            shape: Shape::new(rows, cols),
            data: vec![x; rows * cols],
        }
    }

    /// Element (r, c) is `f(r, c)`.
    #[track_caller]
    pub fn from_fn(rows: usize, cols: usize, mut f: impl FnMut(usize, usize) -> T) -> Self {
        let mut m = Self::zeros(rows, cols);
        for r in 0..rows {
            for c in 0..cols {
                m[(r, c)] = f(r, c);
            }
        }
        m
    }

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
        Ok(Matrix {
            shape: Shape::new(rows, cols),
            data,
        })
    }

    /// The matrix [1, 1] of one number.
    pub fn scalar(x: T) -> Self {
        Self::filled(1, 1, x)
    }

    /// The identity matrix.
    #[track_caller]
    pub fn identity(n: usize) -> Self {
        Self::from_fn(n, n, |r, c| if r == c { T::ONE } else { T::ZERO })
    }

    /// One row per class index: 1 in that column, 0 elsewhere.
    ///
    /// # Panics
    /// If an index is not below `classes`.
    #[track_caller]
    pub fn one_hot(indices: &[usize], classes: usize) -> Self {
        let mut m = Self::zeros(indices.len(), classes);
        for (r, &c) in indices.iter().enumerate() {
            m[(r, c)] = T::ONE;
        }
        m
    }

    /// Number of rows and columns.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Number of rows.
    pub fn row_count(&self) -> usize {
        self.shape.rows
    }

    /// Number of columns.
    pub fn col_count(&self) -> usize {
        self.shape.cols
    }

    /// The elements in row-major order.
    pub fn data(&self) -> &[T] {
        &self.data
    }

    /// The elements in row-major order, to be changed.
    pub fn data_mut(&mut self) -> &mut [T] {
        &mut self.data
    }

    /// The elements in row-major order, without a copy.
    pub fn into_vec(self) -> Vec<T> {
        self.data
    }

    /// The whole matrix as a view.
    pub fn view(&self) -> MatrixView<'_, T> {
        MatrixView::new(&self.data, self.shape, self.shape.cols)
    }

    /// Some of the rows, as a view.
    ///
    /// # Panics
    /// If the range is empty, or goes beyond the last row.
    #[track_caller]
    pub fn rows(&self, range: Range<usize>) -> MatrixView<'_, T> {
        self.view().rows(range)
    }

    /// Some of the columns, as a view.
    ///
    /// # Panics
    /// If the range is empty, or goes beyond the last column.
    #[track_caller]
    pub fn cols(&self, range: Range<usize>) -> MatrixView<'_, T> {
        self.view().cols(range)
    }

    /// The whole matrix as a view through which it can be changed.
    pub fn view_mut(&mut self) -> MatrixMut<'_, T> {
        MatrixMut::new(&mut self.data, self.shape, self.shape.cols)
    }

    /// Applies `f` to each element.
    pub fn map(&self, f: impl FnMut(T) -> T) -> Self {
        Matrix {
            shape: self.shape,
            data: self.data.iter().copied().map(f).collect(),
        }
    }

    /// Rows and columns exchanged.
    pub fn transpose(&self) -> Self {
        Self::from_fn(self.col_count(), self.row_count(), |r, c| self[(c, r)])
    }

    /// The Frobenius norm: the root of the sum of squares, summed in f64.
    pub fn norm(&self) -> f64 {
        self.view().norm()
    }

    /// The largest absolute difference to another matrix of this shape.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn max_abs_diff(&self, other: &Self) -> f64 {
        assert_eq!(
            self.shape, other.shape,
            "max_abs_diff compares matrices of one shape"
        );
        let pairs = self.data.iter().zip(&other.data);
        pairs
            .map(|(&a, &b)| (a - b).abs().to_f64())
            .fold(0.0, f64::max)
    }

    /// Takes on a new shape, keeping the allocation where it is large enough; what the elements
    /// are afterwards is unspecified.
    pub(crate) fn reshape(&mut self, shape: Shape) {
        self.shape = shape;
        self.data.resize(shape.len(), T::ZERO);
    }

    /// A matrix whose allocation has room for `capacity` elements.
    pub(crate) fn with_capacity(shape: Shape, capacity: usize) -> Self {
        let mut data = Vec::with_capacity(capacity.max(shape.len()));
        data.resize(shape.len(), T::ZERO);
        Matrix { shape, data }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.data.capacity()
    }
}

impl<T: Scalar, const R: usize, const C: usize> From<[[T; C]; R]> for Matrix<T> {
    fn from(rows: [[T; C]; R]) -> Self {
        Self::from_fn(R, C, |r, c| rows[r][c])
    }
}

/// A slice as a row vector.
impl<T: Scalar> From<&[T]> for Matrix<T> {
    fn from(row: &[T]) -> Self {
        Self::from_fn(1, row.len(), |_, c| row[c])
    }
}

impl<T: Scalar> Index<(usize, usize)> for Matrix<T> {
    type Output = T;

    #[track_caller]
    fn index(&self, (r, c): (usize, usize)) -> &T {
        check_index(self.shape, r, c);
        &self.data[r * self.shape.cols + c]
    }
}

impl<T: Scalar> IndexMut<(usize, usize)> for Matrix<T> {
    #[track_caller]
    fn index_mut(&mut self, (r, c): (usize, usize)) -> &mut T {
        check_index(self.shape, r, c);
        &mut self.data[r * self.shape.cols + c]
    }
}

#[track_caller]
fn check_index(shape: Shape, r: usize, c: usize) {
    assert!(
        r < shape.rows && c < shape.cols,
        "element ({r}, {c}) of a matrix {shape}"
    );
}

impl<T: Scalar> fmt::Display for Matrix<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(f)
    }
}

impl<T: Scalar> fmt::Debug for Matrix<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Matrix {} {}", self.shape, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_needs_as_many_elements_as_its_shape_says() {
        let error = Matrix::from_vec(2, 3, vec![0.0_f32; 5]).unwrap_err();
        assert_eq!(error.to_string(), "a matrix [2, 3] has 6 elements, not 5");
        assert!(Matrix::<f32>::from_vec(0, 3, vec![]).is_err());
        assert!(Matrix::from_vec(usize::MAX, 2, vec![0.0_f32; 5]).is_err());
    }

    #[test]
    fn views_of_views_see_the_elements_of_the_matrix() {
        let m = Matrix::from_fn(4, 5, |r, c| (10 * r + c) as f64);
        let v = m.view().rows(1..4).cols(2..5).rows(1..3).cols(1..2);
        assert_eq!(v.to_matrix(), Matrix::from([[23.0], [33.0]]));
        assert_eq!(v[(1, 0)], 33.0);
        assert_eq!(v.contiguous(), None);
        assert_eq!(m.view().rows(1..3).contiguous().map(<[f64]>::len), Some(10));
    }

    #[test]
    fn printing_is_short_for_large_matrices() {
        assert_eq!(
            Matrix::from([[1.0, -2.5]]).to_string(),
            "[[1.0000, -2.5000]]"
        );
        let large = Matrix::<f32>::zeros(100, 100).to_string();
        assert!(large.len() < 600 && large.contains('…'), "{large}");
    }
}
