//! What a product is of, and what it is added to.

use super::pack::Packed;
use crate::{MatrixMut, MatrixView, Scalar};

/// The left operand of a product.
#[derive(Clone, Copy)]
pub enum Left<'a, T> {
    /// A matrix [m, k].
    Rows(MatrixView<'a, T>),
    /// The transpose of a matrix [k, m], in strips.
    Strips(&'a Packed<T>),
}

impl<T: Scalar> Left<'_, T> {
    pub fn shape(self) -> (usize, usize) {
        match self {
            Left::Rows(a) => (a.row_count(), a.col_count()),
            Left::Strips(a) => (a.n, a.k),
        }
    }
}

/// The right operand of a product of one row.
#[derive(Clone, Copy)]
pub enum RightOfRow<'a, T> {
    /// A matrix [k, n].
    Plain(MatrixView<'a, T>),
    /// The same in panels.
    Panels(&'a Packed<T>),
    /// Panels of [`Packed::halves`].
    Halves(&'a Packed<T>),
}

impl<T: Scalar> RightOfRow<'_, T> {
    pub fn shape(self) -> (usize, usize) {
        match self {
            RightOfRow::Plain(b) => (b.row_count(), b.col_count()),
            RightOfRow::Panels(b) | RightOfRow::Halves(b) => (b.k, b.n),
        }
    }
}

/// What a product is added to.
#[derive(Clone, Copy)]
pub enum Start<'a, T> {
    /// C = A B.
    Zero,
    /// C += A B.
    Accumulate,
    /// C = D + A B.
    From(MatrixView<'a, T>),
}

impl<T> Start<'_, T> {
    /// Adds to C, or replaces it.
    pub fn accumulate(yes: bool) -> Self {
        if yes { Start::Accumulate } else { Start::Zero }
    }
}

impl<T: Scalar> Start<'_, T> {
    /// Puts in C what the product is to be added to; gives whether there is anything.
    pub fn begin(self, mut c: MatrixMut<'_, T>) -> bool {
        if let Start::From(d) = self {
            c.copy_from(d);
        }
        !matches!(self, Start::Zero)
    }
}
