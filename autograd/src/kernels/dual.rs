//! Products of dual numbers: (A + Ȧ ε)(B + Ḃ ε) = A B + (A Ḃ + Ȧ B) ε.
//!
//! In memory B is the real matrix [B Ḃ] with its columns interleaved, and so is C. So C is A times
//! that, one real product, and Ċ gets Ȧ B added to it, another. A few rows are not worth their
//! packing.

use pulp::{Simd, WithSimd};

use super::operands::{Left, RightOfRow, Start};
use super::pack::Packed;
use super::product::Multiply;
use super::simd::run;
use super::strided::{self, Real, Strided, StridedMut};
use crate::{Dual, MatrixMut, MatrixView, Scalar, Shape};

/// Rows up to which a plain loop is faster.
const FEW_ROWS: usize = 5;

impl<T: Real> Multiply for Dual<T> {
    /// One panel, and one strip: an operand is laid out as a plain matrix.
    fn panel_width(n: usize) -> usize {
        n
    }
    fn strip_width(m: usize) -> usize {
        m
    }

    fn multiply(
        a: Left<'_, Self>,
        b: &Packed<Self>,
        start: Start<'_, Self>,
        mut c: MatrixMut<'_, Self>,
    ) {
        let b = b.as_matrix();
        match a {
            Left::Rows(a) if a.row_count() <= FEW_ROWS => few_rows(a, b, start, c),
            Left::Rows(a) => {
                let accumulate = start.begin(c.reborrow());
                product(a.into(), b, accumulate, c);
            }
            Left::Strips(a) => Self::multiply_gathered(a.as_matrix(), b, start, c),
        }
    }

    fn multiply_gathered(
        a: MatrixView<'_, Self>,
        b: MatrixView<'_, Self>,
        start: Start<'_, Self>,
        mut c: MatrixMut<'_, Self>,
    ) {
        let accumulate = start.begin(c.reborrow());
        product(Strided::from(a).transposed(), b, accumulate, c);
    }

    fn multiply_row(
        x: &[Self],
        b: RightOfRow<'_, Self>,
        start: Start<'_, Self>,
        y: MatrixMut<'_, Self>,
    ) {
        let b = match b {
            RightOfRow::Plain(b) => b,
            RightOfRow::Panels(b) | RightOfRow::Halves(b) => b.as_matrix(),
        };
        let a = MatrixView::new(x, Shape::new(1, x.len()), x.len());
        few_rows(a, b, start, y);
    }
}

/// C = start + A B by a plain loop.
fn few_rows<T: Real>(
    a: MatrixView<'_, Dual<T>>,
    b: MatrixView<'_, Dual<T>>,
    start: Start<'_, Dual<T>>,
    mut c: MatrixMut<'_, Dual<T>>,
) {
    if !start.begin(c.reborrow()) {
        c.fill(Dual::ZERO);
    }
    run(FewRows { a, b, c });
}

/// C = A B or C += A B.
fn product<T: Real>(
    a: Strided<'_, Dual<T>>,
    b: MatrixView<'_, Dual<T>>,
    accumulate: bool,
    c: MatrixMut<'_, Dual<T>>,
) {
    let (b, mut c) = (Strided::from(b), StridedMut::from(c));
    strided::multiply(a.values(), b.pairs(), accumulate, c.pairs());
    strided::multiply(a.tangents(), b.values(), true, c.tangents());
}

/// C += A B, row by row.
struct FewRows<'a, T> {
    a: MatrixView<'a, T>,
    b: MatrixView<'a, T>,
    c: MatrixMut<'a, T>,
}

impl<T: Scalar> WithSimd for FewRows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        for r in 0..self.a.row_count() {
            let c = self.c.row(r);
            for (p, &a) in self.a.row(r).iter().enumerate() {
                for (c, &b) in c.iter_mut().zip(self.b.row(p)) {
                    *c += a * b;
                }
            }
        }
    }
}

/// Its parts as real matrices.
impl<'a, T: Real> Strided<'a, Dual<T>> {
    fn values(self) -> Strided<'a, T> {
        let (data, shape) = (flat(self.data), self.shape);
        let (row, col) = (2 * self.row, 2 * self.col);
        Strided {
            data,
            shape,
            row,
            col,
        }
    }

    fn tangents(self) -> Strided<'a, T> {
        let data = &flat(self.data)[1..];
        Strided {
            data,
            ..self.values()
        }
    }

    /// Each row's values and tangents in turn, if they lie side by side.
    fn pairs(self) -> Strided<'a, T> {
        assert_eq!(self.col, 1, "rows whose elements lie apart");
        let shape = Shape::new(self.shape.rows, 2 * self.shape.cols);
        Strided {
            shape,
            col: 1,
            ..self.values()
        }
    }
}

/// See [`Strided`].
impl<T: Real> StridedMut<'_, Dual<T>> {
    fn tangents(&mut self) -> StridedMut<'_, T> {
        let (shape, row, col) = (self.shape, 2 * self.row, 2 * self.col);
        let data = &mut flat_mut(self.data)[1..];
        StridedMut {
            data,
            shape,
            row,
            col,
        }
    }

    fn pairs(&mut self) -> StridedMut<'_, T> {
        assert_eq!(self.col, 1, "rows whose elements lie apart");
        let (shape, row, col) = (self.shape, 2 * self.row, 1);
        let (data, shape) = (flat_mut(self.data), Shape::new(shape.rows, 2 * shape.cols));
        StridedMut {
            data,
            shape,
            row,
            col,
        }
    }
}

/// The elements of dual numbers, each value before its tangent.
#[allow(unsafe_code)]
fn flat<T: Real>(xs: &[Dual<T>]) -> &[T] {
    // SAFETY: a dual number is two of its elements (`repr(C)`), and nothing else.
    unsafe { std::slice::from_raw_parts(xs.as_ptr().cast(), 2 * xs.len()) }
}

/// See [`flat`].
#[allow(unsafe_code)]
fn flat_mut<T: Real>(xs: &mut [Dual<T>]) -> &mut [T] {
    // SAFETY: as above; any two real numbers are a dual number.
    unsafe { std::slice::from_raw_parts_mut(xs.as_mut_ptr().cast(), 2 * xs.len()) }
}
