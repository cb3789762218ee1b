//! [`Matrix`]: row-major, two-dimensional, owned; and its views by rows and columns, without a copy.

mod arithmetic;
mod convert;
mod elements;
#[cfg(feature = "ndarray")]
mod ndarray;
mod print;
mod view;

use std::fmt;
use std::ops::{Index, IndexMut, Range};
use std::sync::Arc;

use crate::Scalar;
pub(crate) use elements::{Elements, LARGE_PAGE, Region};
pub(crate) use print::short;
pub(crate) use view::range_complaint;
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
    ///
    /// # Panics
    /// If they cannot be counted.
    #[allow(clippy::len_without_is_empty)] // a matrix is never empty
    #[track_caller]
    pub fn len(self) -> usize {
        match self.rows.checked_mul(self.cols) {
            Some(len) => len,
            None => self.too_large(),
        }
    }

    /// This shape, if there can be a matrix of it.
    ///
    /// # Panics
    /// If it has no elements, or more than memory has addresses.
    #[track_caller]
    pub(crate) fn checked<T>(self) -> Self {
        let len = self.len();
        assert!(len > 0, "a matrix {self} would have no elements");
        match len.checked_mul(size_of::<T>()) {
            Some(bytes) if isize::try_from(bytes).is_ok() => self,
            _ => self.too_large(),
        }
    }

    #[cold]
    #[track_caller]
    fn too_large(self) -> ! {
        panic!("a matrix {self} would have more elements than memory has room for")
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {}]", self.rows, self.cols)
    }
}

/// A row-major matrix of at least one row and one column.
///
/// Rows are the samples of a mini-batch, columns their features. `+`, `-` and `*` work element by
/// element, as they do on a tape, so `a * b` is the product ⊙ of matrices of one shape; the matrix
/// product is [`Matrix::matmul`].
///
/// ```
/// use autograd::Matrix;
/// let m = Matrix::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
/// assert_eq!(m.shape().to_string(), "[2, 3]");
/// assert_eq!(m[(1, 2)], 6.0);
/// assert_eq!(m.cols(1..3).to_matrix(), Matrix::from([[2.0, 3.0], [5.0, 6.0]]));
/// assert_eq!(&m * 2.0 - &m * &m, Matrix::from([[1.0, 0.0, -3.0], [-8.0, -15.0, -24.0]]));
/// ```
#[derive(Clone, PartialEq)]
pub struct Matrix<T = f32> {
    shape: Shape,
    data: Elements<T>,
}

impl<T: Scalar> Matrix<T> {
    /// All zeros.
    ///
    /// # Panics
    /// Like every constructor that cannot fail, if there are no rows or no columns, or if there are
    /// more elements than memory has room for.
    #[track_caller]
    pub fn zeros(rows: usize, cols: usize) -> Self {
        Self::filled(rows, cols, T::ZERO)
    }

    /// All elements `x`.
    #[track_caller]
    pub fn filled(rows: usize, cols: usize, x: T) -> Self {
        let shape = Shape::new(rows, cols).checked::<T>();
        let data = vec![x; shape.len()].into();
        Matrix { shape, data }
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
            assert!(
                c < classes,
                "one_hot: class {c} of row {r} is not below {classes} classes"
            );
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

    /// The whole matrix as a view.
    pub fn view(&self) -> MatrixView<'_, T> {
        MatrixView::new(&self.data, self.shape, self.shape.cols)
    }

    /// One row.
    ///
    /// # Panics
    /// If there are fewer rows.
    #[track_caller]
    pub fn row(&self, r: usize) -> &[T] {
        self.view().row(r)
    }

    /// The rows, one after the other.
    ///
    /// ```
    /// # use autograd::Matrix;
    /// let m = Matrix::from([[1.0, 2.0], [3.0, 4.0]]);
    /// let sums: Vec<f64> = m.row_iter().map(|row| row.iter().sum()).collect();
    /// assert_eq!(sums, [3.0, 7.0]);
    /// ```
    pub fn row_iter(&self) -> impl ExactSizeIterator<Item = &[T]> + DoubleEndedIterator {
        self.view().row_iter()
    }

    /// The column of each row's largest element: see [`MatrixView::row_argmax`].
    pub fn row_argmax(&self) -> Vec<usize> {
        self.view().row_argmax()
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

    /// Applies `f` to each element, which may become one of another type: `m.map(f64::from)`.
    pub fn map<U: Scalar>(&self, f: impl FnMut(T) -> U) -> Matrix<U> {
        let data: Vec<U> = self.data.iter().copied().map(f).collect();
        Matrix {
            shape: self.shape,
            data: data.into(),
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

    /// The largest absolute difference to another matrix of this shape; NaN if one of the
    /// differences is, so that no comparison with a tolerance holds then.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn max_abs_diff(&self, other: &Self) -> f64 {
        let (shape, theirs) = (self.shape, other.shape);
        assert!(
            shape == theirs,
            "max_abs_diff: {shape} against {theirs}: the shapes must be equal"
        );
        let pairs = self.data.iter().zip(&other.data[..]);
        pairs
            .map(|(&a, &b)| (a - b).abs().to_f64())
            .fold(0.0, |most, d| if d > most || d.is_nan() { d } else { most })
    }

    /// Takes on a new shape; what the elements are afterwards is unspecified.
    ///
    /// # Panics
    /// If there is no room for it.
    #[track_caller]
    pub(crate) fn reshape(&mut self, shape: Shape) {
        self.shape = shape.checked::<T>();
        self.data.resize(shape.len());
    }

    /// A matrix of zeros in what there is room for.
    ///
    /// # Panics
    /// If that is too little.
    #[track_caller]
    pub(crate) fn within(room: Elements<T>, shape: Shape) -> Self {
        let mut m = Matrix { shape, data: room };
        m.reshape(shape);
        m
    }

    pub(crate) fn capacity(&self) -> usize {
        self.data.capacity()
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

/// Whether a buffer has further owners. To look is cheaper than [`unique`], which keeps others from becoming one.
pub(crate) fn is_shared<T>(buffer: &Arc<Matrix<T>>) -> bool {
    Arc::strong_count(buffer) > 1 || Arc::weak_count(buffer) > 0
}

/// The matrix in a buffer that has come from the pool and has not been shared since.
pub(crate) fn unique<T>(buffer: &mut Arc<Matrix<T>>) -> &mut Matrix<T> {
    Arc::get_mut(buffer).expect("a buffer from the pool has one owner until it is recorded")
}

#[track_caller]
fn check_index(shape: Shape, r: usize, c: usize) {
    assert!(
        r < shape.rows && c < shape.cols,
        "element ({r}, {c}) of a matrix {shape}"
    );
}
