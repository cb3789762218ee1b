//! Products, and how each scalar type computes them.

use std::sync::Arc;

use pulp::Arch;

use super::operands::{Left, RightOfRow, Start};
use super::pack::{Layout, Packed};
use super::strided::{self, Strided};
use super::{gemm, gemv};
use crate::{Matrix, MatrixMut, MatrixView, Scalar};

/// How a type of elements computes its products. Operands come in the layout that the type asks for;
/// their shapes fit.
#[allow(missing_docs)] // not to be named from outside
pub trait Multiply: Sized {
    /// The width of the panels that a right operand of `n` columns is cut in.
    fn panel_width(n: usize) -> usize;
    /// The width of the strips that a left operand of `m` rows is cut in, if it comes transposed.
    fn strip_width(m: usize) -> usize;
    /// C = start + A B.
    fn multiply(
        a: Left<'_, Self>,
        b: &Packed<Self>,
        start: Start<'_, Self>,
        c: MatrixMut<'_, Self>,
    );
    /// C = start + Aᵀ B, from operands [k, m] and [k, n] that have not been laid out.
    fn multiply_gathered(
        a: MatrixView<'_, Self>,
        b: MatrixView<'_, Self>,
        start: Start<'_, Self>,
        c: MatrixMut<'_, Self>,
    );
    /// y = start + x B.
    fn multiply_row(
        x: &[Self],
        b: RightOfRow<'_, Self>,
        start: Start<'_, Self>,
        y: MatrixMut<'_, Self>,
    );
    /// A right operand in panels whose elements take half the memory, for products of one row, in a buffer for so many
    /// elements, which `take` gives; if the type has that.
    fn halves(
        b: &Packed<Self>,
        take: impl FnOnce(usize) -> Arc<Matrix<Self>>,
    ) -> Option<Packed<Self>> {
        let _ = (b, take);
        None
    }
}

/// C = start + A B.
///
/// # Panics
/// If the shapes do not fit.
pub(crate) fn multiply<T: Scalar>(
    a: Left<'_, T>,
    b: &Packed<T>,
    start: Start<'_, T>,
    c: MatrixMut<'_, T>,
) {
    let ((m, k), s) = (a.shape(), c.shape());
    assert!(
        k == b.k && (s.rows, s.cols) == (m, b.n),
        "product [{m}, {k}] [{}, {}] into {s}",
        b.k,
        b.n
    );
    T::multiply(a, b, start, c);
}

/// C = start + Aᵀ B.
///
/// # Panics
/// If the shapes do not fit.
pub(crate) fn multiply_gathered<T: Scalar>(
    a: MatrixView<'_, T>,
    b: MatrixView<'_, T>,
    start: Start<'_, T>,
    c: MatrixMut<'_, T>,
) {
    let (left, right, s) = (a.shape(), b.shape(), c.shape());
    assert!(
        left.rows == right.rows && (s.rows, s.cols) == (left.cols, right.cols),
        "product {left}ᵀ {right} into {s}"
    );
    T::multiply_gathered(a, b, start, c);
}

/// y = start + x B, for one row x.
///
/// # Panics
/// If the shapes do not fit.
pub(crate) fn multiply_row<T: Scalar>(
    x: &[T],
    b: RightOfRow<'_, T>,
    start: Start<'_, T>,
    y: MatrixMut<'_, T>,
) {
    let ((k, n), s) = (b.shape(), y.shape());
    assert!(
        x.len() == k && (s.rows, s.cols) == (1, n),
        "product [1, {}] [{k}, {n}] into {s}",
        x.len()
    );
    T::multiply_row(x, b, start, y);
}

/// Real numbers have SIMD kernels, and the layout that these read.
macro_rules! real {
    ($($t:ident)*) => {$(
        impl Multiply for $t {
            #[inline]
            fn panel_width(_: usize) -> usize {
                Layout::of::<$t>(Arch::new()).cols
            }
            #[inline]
            fn strip_width(_: usize) -> usize {
                Layout::of::<$t>(Arch::new()).rows
            }
            #[inline]
            fn multiply(
                a: Left<'_, Self>,
                b: &Packed<Self>,
                start: Start<'_, Self>,
                c: MatrixMut<'_, Self>,
            ) {
                gemm::multiply(Arch::new(), a, b, start, c);
            }
            fn multiply_gathered(
                a: MatrixView<'_, Self>,
                b: MatrixView<'_, Self>,
                start: Start<'_, Self>,
                mut c: MatrixMut<'_, Self>,
            ) {
                let accumulate = start.begin(c.reborrow());
                strided::multiply(Strided::from(a).transposed(), b.into(), accumulate, c.into());
            }
            #[inline]
            fn multiply_row(
                x: &[Self],
                b: RightOfRow<'_, Self>,
                start: Start<'_, Self>,
                y: MatrixMut<'_, Self>,
            ) {
                gemv::multiply(Arch::new(), x, b, start, y);
            }
            fn halves(
                b: &Packed<Self>,
                take: impl FnOnce(usize) -> Arc<Matrix<Self>>,
            ) -> Option<Packed<Self>> {
                Some(b.halves(take))
            }
        }
    )*};
}

real! { f32 f64 }

#[cfg(test)]
mod tests;
