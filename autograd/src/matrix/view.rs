//! Parts of a matrix, by rows and by columns, without a copy.

use std::ops::{Index, Range};

use super::{Matrix, Shape, check_index};
use crate::Scalar;

/// A part of a [`Matrix`] that can be read: some rows, some columns, or all.
#[derive(Clone, Copy)]
pub struct MatrixView<'a, T> {
    data: &'a [T],
    shape: Shape,
    /// Distance between the starts of two rows, in elements.
    stride: usize,
}

/// A part of a [`Matrix`] that can be changed.
pub struct MatrixMut<'a, T> {
    data: &'a mut [T],
    shape: Shape,
    stride: usize,
}

/// How many elements lie between the first and the last of a view, both counted.
fn extent(shape: Shape, stride: usize) -> usize {
    (shape.rows - 1) * stride + shape.cols
}

/// What is wrong with a range of rows or columns, if something is: of a matrix and of a node alike.
#[inline]
pub(crate) fn range_complaint(range: &Range<usize>, len: usize, what: &str) -> Option<String> {
    let Range { start, end } = *range;
    let is_part = start < end && end <= len;
    (!is_part).then(|| match end > len {
        true => format!("{start}..{end} of {len} {what}"),
        false => format!("{start}..{end} are no {what}"),
    })
}

#[inline]
#[track_caller]
fn check_range(name: &str, shape: Shape, range: &Range<usize>, len: usize, what: &str) {
    if let Some(complaint) = range_complaint(range, len, what) {
        panic!("{name}: a matrix {shape}: {complaint}");
    }
}

impl<'a, T: Scalar> MatrixView<'a, T> {
    pub(crate) fn new(data: &'a [T], shape: Shape, stride: usize) -> Self {
        MatrixView {
            data: &data[..extent(shape, stride)],
            shape,
            stride,
        }
    }

    /// Number of rows and columns.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Number of rows.
    #[inline(always)]
    pub fn row_count(&self) -> usize {
        self.shape.rows
    }

    /// Number of columns.
    #[inline(always)]
    pub fn col_count(&self) -> usize {
        self.shape.cols
    }

    /// Distance between the starts of two rows, in elements.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// One row.
    ///
    /// # Panics
    /// If there are fewer rows.
    #[inline(always)]
    #[track_caller]
    pub fn row(&self, r: usize) -> &'a [T] {
        &self.data[r * self.stride..r * self.stride + self.shape.cols]
    }

    /// The rows, one after the other.
    pub fn row_iter(
        &self,
    ) -> impl ExactSizeIterator<Item = &'a [T]> + DoubleEndedIterator + use<'a, T> {
        let this = *self;
        (0..self.shape.rows).map(move |r| this.row(r))
    }

    /// The column of each row's largest element, the first of several: the class that each row of
    /// logits is for. A NaN counts as larger than any number.
    ///
    /// ```
    /// # use autograd::Matrix;
    /// let logits = Matrix::from([[0.1, 2.0, -1.0], [3.0, 3.0, 0.0]]);
    /// assert_eq!(logits.view().row_argmax(), [1, 0]);
    /// ```
    pub fn row_argmax(&self) -> Vec<usize> {
        let larger = |x: T, y: T| match y.to_f64().is_nan() {
            true => false,
            false => x > y || x.to_f64().is_nan(),
        };
        let argmax = |row: &[T]| {
            let columns = 1..row.len();
            columns.fold(
                0,
                |best, c| if larger(row[c], row[best]) { c } else { best },
            )
        };
        self.row_iter().map(argmax).collect()
    }

    /// Some of the rows.
    ///
    /// # Panics
    /// If the range is empty, or goes beyond the last row.
    #[track_caller]
    pub fn rows(&self, range: Range<usize>) -> Self {
        check_range("rows", self.shape, &range, self.shape.rows, "rows");
        let shape = Shape::new(range.len(), self.shape.cols);
        Self::new(&self.data[range.start * self.stride..], shape, self.stride)
    }

    /// Some of the columns.
    ///
    /// # Panics
    /// If the range is empty, or goes beyond the last column.
    #[track_caller]
    pub fn cols(&self, range: Range<usize>) -> Self {
        check_range("cols", self.shape, &range, self.shape.cols, "columns");
        let shape = Shape::new(self.shape.rows, range.len());
        Self::new(&self.data[range.start..], shape, self.stride)
    }

    /// The elements from the first to the last, and whatever lies between the rows.
    pub(crate) fn span(&self) -> &'a [T] {
        self.data
    }

    /// The elements in row-major order, if they lie in memory like that.
    #[inline(always)]
    pub fn contiguous(&self) -> Option<&'a [T]> {
        (self.stride == self.shape.cols || self.shape.rows == 1).then_some(self.data)
    }

    /// The elements in row-major order.
    pub fn iter(&self) -> impl Iterator<Item = T> + use<'a, T> {
        let this = *self;
        (0..self.shape.rows).flat_map(move |r| this.row(r).iter().copied())
    }

    /// This one row, seen as `rows` equal rows.
    pub(crate) fn broadcast_row(self, rows: usize) -> Self {
        debug_assert_eq!(self.shape.rows, 1);
        Self::new(self.data, Shape::new(rows, self.shape.cols), 0)
    }

    /// The only element.
    ///
    /// # Panics
    /// If there are several.
    #[track_caller]
    pub fn item(&self) -> T {
        assert!(
            self.shape.len() == 1,
            "item() of a matrix {}: it has several elements",
            self.shape
        );
        self.data[0]
    }

    /// A copy.
    pub fn to_matrix(&self) -> Matrix<T> {
        let mut m = Matrix::zeros(self.shape.rows, self.shape.cols);
        m.view_mut().copy_from(*self);
        m
    }

    /// The Frobenius norm: the root of the sum of squares, summed in f64.
    pub fn norm(&self) -> f64 {
        self.iter()
            .map(|x| x.to_f64() * x.to_f64())
            .sum::<f64>()
            .sqrt()
    }

    /// Whether no element is NaN or infinite.
    pub fn is_finite(&self) -> bool {
        self.iter().all(Scalar::is_finite)
    }
}

impl<'a, T: Scalar> MatrixMut<'a, T> {
    pub(crate) fn new(data: &'a mut [T], shape: Shape, stride: usize) -> Self {
        MatrixMut {
            data: &mut data[..extent(shape, stride)],
            shape,
            stride,
        }
    }

    /// Number of rows and columns.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Distance between the starts of two rows, in elements.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// This view again, for a shorter time.
    pub fn reborrow(&mut self) -> MatrixMut<'_, T> {
        MatrixMut {
            data: self.data,
            shape: self.shape,
            stride: self.stride,
        }
    }

    /// The same part, to be read only.
    pub fn view(&self) -> MatrixView<'_, T> {
        MatrixView {
            data: self.data,
            shape: self.shape,
            stride: self.stride,
        }
    }

    /// One row.
    #[inline(always)]
    #[track_caller]
    pub fn row(&mut self, r: usize) -> &mut [T] {
        &mut self.data[r * self.stride..r * self.stride + self.shape.cols]
    }

    /// Some of the rows.
    #[track_caller]
    pub fn rows(self, range: Range<usize>) -> Self {
        check_range("rows", self.shape, &range, self.shape.rows, "rows");
        let shape = Shape::new(range.len(), self.shape.cols);
        Self::new(
            &mut self.data[range.start * self.stride..],
            shape,
            self.stride,
        )
    }

    /// Some of the columns.
    #[track_caller]
    pub fn cols(self, range: Range<usize>) -> Self {
        check_range("cols", self.shape, &range, self.shape.cols, "columns");
        let shape = Shape::new(self.shape.rows, range.len());
        Self::new(&mut self.data[range.start..], shape, self.stride)
    }

    /// The rows above `at`, and the others.
    pub(crate) fn split_rows(self, at: usize) -> (Self, Self) {
        let (above, below) = self.data.split_at_mut(at * self.stride);
        let shape = |rows| Shape::new(rows, self.shape.cols);
        let top = Self::new(above, shape(at), self.stride);
        (
            top,
            Self::new(below, shape(self.shape.rows - at), self.stride),
        )
    }

    /// The elements from the first to the last, and whatever lies between the rows.
    pub(crate) fn into_span(self) -> &'a mut [T] {
        self.data
    }

    /// The elements in row-major order, if they lie in memory like that.
    #[inline(always)]
    pub fn contiguous(&mut self) -> Option<&mut [T]> {
        (self.stride == self.shape.cols || self.shape.rows == 1).then_some(&mut *self.data)
    }

    /// This one row, seen as `rows` rows: what is added to any of them is added to it.
    pub(crate) fn broadcast_row(self, rows: usize) -> Self {
        debug_assert_eq!(self.shape.rows, 1);
        Self::new(self.data, Shape::new(rows, self.shape.cols), 0)
    }

    /// Sets every element.
    pub fn fill(&mut self, x: T) {
        for r in 0..self.shape.rows {
            self.row(r).fill(x);
        }
    }

    /// Takes over the elements of a matrix of the same shape.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn copy_from(&mut self, from: MatrixView<'_, T>) {
        let (shape, theirs) = (self.shape, from.shape);
        assert!(
            shape == theirs,
            "copy_from: {shape} against {theirs}: the shapes must be equal"
        );
        for r in 0..self.shape.rows {
            self.row(r).copy_from_slice(from.row(r));
        }
    }
}

impl<T: Scalar> Index<(usize, usize)> for MatrixView<'_, T> {
    type Output = T;

    #[track_caller]
    fn index(&self, (r, c): (usize, usize)) -> &T {
        check_index(self.shape, r, c);
        &self.data[r * self.stride + c]
    }
}
