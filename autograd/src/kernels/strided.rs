//! Products of matrices whose elements lie at any equal distances, by [`matrixmultiply`].
//!
//! That is what it is better at than our own kernels: the values of dual numbers are a matrix whose
//! elements lie two apart, and rows that are gathered one by one need not be laid out. And it is
//! somebody else's, so the own kernels are tested against it.

use super::simd::Lanes;
use crate::{MatrixMut, MatrixView, Scalar, Shape};

/// A matrix to be read: element (r, c) is `data[r * row + c * col]`.
#[derive(Clone, Copy)]
pub struct Strided<'a, T> {
    pub data: &'a [T],
    pub shape: Shape,
    pub row: usize,
    pub col: usize,
}

/// A matrix to be written: element (r, c) is `data[r * row + c * col]`.
pub struct StridedMut<'a, T> {
    pub data: &'a mut [T],
    pub shape: Shape,
    pub row: usize,
    pub col: usize,
}

impl<T> Strided<'_, T> {
    /// The rows above `at`, and the others.
    fn split_rows(self, at: usize) -> (Self, Self) {
        let shape = |rows| Shape::new(rows, self.shape.cols);
        let top = Strided {
            shape: shape(at),
            ..self
        };
        let bottom = Strided {
            data: &self.data[at * self.row..],
            shape: shape(self.shape.rows - at),
            ..self
        };
        (top, bottom)
    }

    /// Rows and columns exchanged.
    pub fn transposed(self) -> Self {
        let shape = Shape::new(self.shape.cols, self.shape.rows);
        let (row, col) = (self.col, self.row);
        Strided {
            shape,
            row,
            col,
            ..self
        }
    }
}

impl<'a, T: Scalar> From<MatrixView<'a, T>> for Strided<'a, T> {
    fn from(m: MatrixView<'a, T>) -> Self {
        let (data, shape, row, col) = (m.span(), m.shape(), m.stride(), 1);
        Strided {
            data,
            shape,
            row,
            col,
        }
    }
}

impl<'a, T: Scalar> From<MatrixMut<'a, T>> for StridedMut<'a, T> {
    fn from(m: MatrixMut<'a, T>) -> Self {
        let (shape, row, col) = (m.shape(), m.stride(), 1);
        let data = m.into_span();
        StridedMut {
            data,
            shape,
            row,
            col,
        }
    }
}

impl<T> StridedMut<'_, T> {
    /// The rows above `at`, and the others.
    fn split_rows(self, at: usize) -> (Self, Self) {
        let StridedMut {
            data,
            shape: Shape { rows, cols },
            row,
            col,
        } = self;
        let (above, below) = data.split_at_mut(at * row);
        let part = |data, rows| StridedMut {
            data,
            shape: Shape::new(rows, cols),
            row,
            col,
        };
        (part(above, at), part(below, rows - at))
    }
}

/// Multiplications below which a product stays on one thread.
const SPLIT_WORK: usize = 1 << 19;
/// The rows of a part are a multiple of so many.
const PIECE: usize = 16;

/// C = A B or C += A B, halved by rows as long as both halves are worth a thread. That changes no bit.
///
/// # Panics
/// If the shapes do not fit, or elements of C coincide.
pub fn multiply<T: Real>(
    a: Strided<'_, T>,
    b: Strided<'_, T>,
    accumulate: bool,
    c: StridedMut<'_, T>,
) {
    let Shape { rows, cols } = c.shape;
    if rows * cols * b.shape.rows < 2 * SPLIT_WORK || rows < 2 * PIECE {
        return T::gemm(a, b, accumulate, c);
    }
    let middle = (rows / 2).next_multiple_of(PIECE);
    let (top, bottom) = c.split_rows(middle);
    let (above, below) = a.split_rows(middle);
    rayon::join(
        || multiply(above, b, accumulate, top),
        || multiply(below, b, accumulate, bottom),
    );
}

/// The index behind the last element.
fn end(shape: Shape, row: usize, col: usize) -> usize {
    (shape.rows - 1) * row + (shape.cols - 1) * col + 1
}

/// A real number: `f32` or `f64`, what [`Dual`](crate::Dual) numbers are made of.
#[allow(missing_docs)] // not to be named from outside
pub trait Real: Lanes {
    /// The name of the dual numbers over this type.
    const DUAL_NAME: &'static str;

    /// C = A B or C += A B. Sums are over blocks of 256 steps along k.
    ///
    /// # Panics
    /// If the shapes do not fit, or elements of C coincide.
    fn gemm(a: Strided<'_, Self>, b: Strided<'_, Self>, accumulate: bool, c: StridedMut<'_, Self>);
}

macro_rules! real {
    ($($t:ident $gemm:ident)*) => {$(
        impl Real for $t {
            const DUAL_NAME: &'static str = concat!("dual ", stringify!($t));

            #[allow(unsafe_code)]
            fn gemm(
                a: Strided<'_, Self>,
                b: Strided<'_, Self>,
                accumulate: bool,
                c: StridedMut<'_, Self>,
            ) {
                let (m, k, n) = (a.shape.rows, a.shape.cols, b.shape.cols);
                assert!(b.shape.rows == k && c.shape == Shape::new(m, n));
                assert!(end(a.shape, a.row, a.col) <= a.data.len());
                assert!(end(b.shape, b.row, b.col) <= b.data.len());
                assert!(end(c.shape, c.row, c.col) <= c.data.len());
                assert!(c.col > 0 && (m == 1 || c.row > (n - 1) * c.col), "elements coincide");
                let stride = |s: usize| s as isize; // of a slice, which is not that long
                let start = if accumulate { 1.0 } else { 0.0 };
                // SAFETY: by these, all elements are within the slices, and those of C distinct.
                unsafe {
                    matrixmultiply::$gemm(
                        m, k, n, 1.0,
                        a.data.as_ptr(), stride(a.row), stride(a.col),
                        b.data.as_ptr(), stride(b.row), stride(b.col),
                        start,
                        c.data.as_mut_ptr(), stride(c.row), stride(c.col),
                    );
                }
            }
        }
    )*};
}

real! { f32 sgemm f64 dgemm }
