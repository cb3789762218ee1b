//! [`Inputs`]: the operands of an operation.

use std::fmt;

use crate::kernels::operands::{Left, RightOfRow, Start};
use crate::kernels::pack::Packed;
use crate::kernels::product::{multiply, multiply_row};
use crate::store::{Recorded, Right};
use crate::{MatrixMut, MatrixView, Scalar, Shape};

/// The operands of an operation that is being recorded or swept.
#[derive(Clone, Copy)]
pub struct Inputs<'a, T> {
    pub(crate) on: Recorded<'a, T>,
    pub(crate) parents: &'a [usize],
    pub(crate) integers: &'a [usize],
}

impl<'a, T: Scalar> Inputs<'a, T> {
    /// How many there are.
    #[allow(clippy::len_without_is_empty)] // an operation has operands
    pub fn len(&self) -> usize {
        self.parents.len()
    }

    /// The shape of operand number `i`.
    #[inline]
    pub fn shape(&self, i: usize) -> Shape {
        self.on.place(self.parents[i]).shape
    }

    /// The value of operand number `i`.
    #[inline(always)]
    pub fn value(&self, i: usize) -> MatrixView<'a, T> {
        self.on.value(self.parents[i])
    }

    /// y = start + x b, or start + x bᵀ, where b is operand number `i`.
    pub(crate) fn multiply(
        &self,
        x: MatrixView<'_, T>,
        (i, right): (usize, Right),
        start: Start<'_, T>,
        y: MatrixMut<'_, T>,
    ) {
        if (x.row_count(), right) == (1, Right::Plain) {
            return multiply_row(x.row(0), RightOfRow::Plain(self.value(i)), start, y);
        }
        let parent = self.parents[i];
        let right = match (x.row_count(), right) {
            (1, Right::Transposed) if self.on.rounds(parent) => Right::TransposedHalves,
            (_, right) => right,
        };
        let product = |b: &Packed<T>| match (x.row_count(), right) {
            (1, Right::TransposedHalves) => {
                multiply_row(x.row(0), RightOfRow::Halves(b), start, y);
            }
            (1, _) => multiply_row(x.row(0), RightOfRow::Panels(b), start, y),
            _ => multiply(Left::Rows(x), b, start, y),
        };
        self.on.with_right(parent, right, product);
    }

    /// The integers that the operation was recorded with.
    pub fn integers(&self) -> &'a [usize] {
        self.integers
    }
}

impl<T: Scalar> fmt::Debug for Inputs<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shapes = (0..self.len()).map(|i| self.shape(i).to_string());
        f.debug_list().entries(shapes).finish()
    }
}
