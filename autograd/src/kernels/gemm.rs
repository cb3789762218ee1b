//! C = A B or C += A B, on views and their transposes, split over threads where it pays.

use crate::{MatrixMut, MatrixView, Scalar};

/// A factor of a product: a view, or its transpose (which costs nothing).
#[derive(Clone, Copy)]
pub struct Factor<'a, T> {
    view: MatrixView<'a, T>,
    transposed: bool,
}

impl<'a, T: Scalar> Factor<'a, T> {
    /// The transpose of this factor.
    pub fn t(self) -> Self {
        Factor {
            transposed: !self.transposed,
            ..self
        }
    }

    fn shape(&self) -> (usize, usize) {
        let s = self.view.shape();
        if self.transposed {
            (s.cols, s.rows)
        } else {
            (s.rows, s.cols)
        }
    }

    /// Distance between rows, and between columns.
    fn strides(&self) -> (isize, isize) {
        let stride = self.view.stride() as isize;
        if self.transposed {
            (1, stride)
        } else {
            (stride, 1)
        }
    }
}

impl<'a, T> From<MatrixView<'a, T>> for Factor<'a, T> {
    fn from(view: MatrixView<'a, T>) -> Self {
        Factor {
            view,
            transposed: false,
        }
    }
}

/// Multiplications below which a product stays on one thread: about what waking one costs.
const SPLIT_WORK: usize = 1 << 22;
/// Pieces are whole numbers of this many rows or columns, so that the inner kernels stay full.
const PIECE: usize = 32;

/// C = A B, or C += A B if `accumulate`.
///
/// How the work is split depends on the shapes alone, never on the number of threads.
///
/// # Panics
/// If the shapes do not fit.
pub(crate) fn gemm<'a, T: Scalar>(
    a: impl Into<Factor<'a, T>>,
    b: impl Into<Factor<'a, T>>,
    accumulate: bool,
    mut c: MatrixMut<'_, T>,
) {
    let (a, b) = (a.into(), b.into());
    let ((m, k), (k_b, n)) = (a.shape(), b.shape());
    let s = c.shape();
    assert!(
        k == k_b && (s.rows, s.cols) == (m, n),
        "product [{m}, {k}] [{k_b}, {n}] into {s}"
    );
    let (a_row, a_col) = a.strides();
    let (b_row, b_col) = b.strides();
    let product = Product {
        k,
        a: (a.view.as_ptr(), a_row, a_col),
        b: (b.view.as_ptr(), b_row, b_col),
        c: (c.as_mut_ptr(), c.stride() as isize, 1),
        beta: if accumulate { T::ONE } else { T::ZERO },
    };
    product.compute(0..m, 0..n);
}

/// A checked product, of which pieces can be computed on several threads.
#[derive(Clone, Copy)]
struct Product<T> {
    k: usize,
    a: (*const T, isize, isize),
    b: (*const T, isize, isize),
    c: (*mut T, isize, isize),
    beta: T,
}

// SAFETY: the pointers come from borrows that outlive the computation, and two threads never get
// the same element of C: `compute` halves a range and gives each half to one side.
#[allow(unsafe_code)]
unsafe impl<T: Scalar> Send for Product<T> {}

impl<T: Scalar> Product<T> {
    /// The given rows and columns of C: halved as long as both halves are worth a thread.
    fn compute(self, rows: std::ops::Range<usize>, cols: std::ops::Range<usize>) {
        let work = rows.len() * cols.len() * self.k;
        let longest = rows.len().max(cols.len());
        if work < 2 * SPLIT_WORK || longest < 2 * PIECE {
            return self.piece(rows, cols);
        }
        let half = |r: &std::ops::Range<usize>| r.start + (r.len() / 2).next_multiple_of(PIECE);
        if cols.len() == longest {
            let middle = half(&cols);
            let (left, right) = (cols.start..middle, middle..cols.end);
            let rows_too = rows.clone();
            rayon::join(
                move || self.compute(rows, left),
                move || self.compute(rows_too, right),
            );
        } else {
            let middle = half(&rows);
            let (top, bottom) = (rows.start..middle, middle..rows.end);
            let cols_too = cols.clone();
            rayon::join(
                move || self.compute(top, cols),
                move || self.compute(bottom, cols_too),
            );
        }
    }

    #[allow(unsafe_code)]
    fn piece(self, rows: std::ops::Range<usize>, cols: std::ops::Range<usize>) {
        let (r, c) = (rows.start as isize, cols.start as isize);
        // SAFETY: `gemm` has checked that the shapes fit, the views that their elements exist;
        // rows and cols are parts of C's; C is borrowed mutably, so it overlaps neither A nor B.
        unsafe {
            T::gemm(
                (rows.len(), self.k, cols.len()),
                T::ONE,
                (self.a.0.offset(r * self.a.1), self.a.1, self.a.2),
                (self.b.0.offset(c * self.b.2), self.b.1, self.b.2),
                self.beta,
                (self.c.0.offset(r * self.c.1 + c), self.c.1, self.c.2),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Matrix;

    #[test]
    fn every_transposition_and_split_gives_the_plain_sum() {
        for (m, k, n) in [
            (1, 1, 1),
            (3, 5, 2),
            (33, 70, 65),
            (300, 128, 200),
            (7, 700, 900),
        ] {
            let a = Matrix::from_fn(m, k, |r, c| ((r * 7 + c * 3) % 11) as f64 - 5.0);
            let b = Matrix::from_fn(k, n, |r, c| ((r * 5 + c) % 13) as f64 - 6.0);
            let plain = Matrix::from_fn(m, n, |r, c| (0..k).map(|i| a[(r, i)] * b[(i, c)]).sum());
            let (at, bt) = (a.transpose(), b.transpose());
            for (a, ta) in [(&a, false), (&at, true)] {
                for (b, tb) in [(&b, false), (&bt, true)] {
                    let (mut fa, mut fb) = (Factor::from(a.view()), Factor::from(b.view()));
                    if ta {
                        fa = fa.t();
                    }
                    if tb {
                        fb = fb.t();
                    }
                    let mut c = Matrix::filled(m, n, f64::NAN);
                    gemm(fa, fb, false, c.view_mut());
                    assert_eq!(c, plain, "{m}x{k}x{n} {ta} {tb}");
                    gemm(fa, fb, true, c.view_mut());
                    assert_eq!(
                        c,
                        plain.map(|x| 2.0 * x),
                        "accumulated {m}x{k}x{n} {ta} {tb}"
                    );
                }
            }
        }
    }
}
