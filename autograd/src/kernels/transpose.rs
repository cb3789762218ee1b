//! Rows and columns exchanged, square by square.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::elementwise::put;
use super::simd::run;
use crate::{MatrixMut, MatrixView, Scalar};

/// Rows and columns of a square, which fits the registers.
const SQUARE: usize = 8;

type Square<T> = [[T; SQUARE]; SQUARE];

/// y = xᵀ, or y += xᵀ.
pub(crate) fn transpose<T: Scalar>(x: MatrixView<'_, T>, y: MatrixMut<'_, T>, accumulate: bool) {
    run(Transpose { x, y, accumulate });
}

struct Transpose<'a, T> {
    x: MatrixView<'a, T>,
    y: MatrixMut<'a, T>,
    accumulate: bool,
}

impl<T: Scalar> WithSimd for Transpose<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        const BESIDE: usize = 2 * SQUARE; // of y, what fills a line of the cache
        let (rows, cols) = (self.x.row_count(), self.x.col_count());
        for top in (0..rows).step_by(BESIDE) {
            for left in (0..cols).step_by(SQUARE) {
                for first in (top..rows.min(top + BESIDE)).step_by(SQUARE) {
                    self.part(first, left);
                }
            }
        }
    }
}

impl<T: Scalar> Transpose<'_, T> {
    /// A square of x, or what is left of one at the edges.
    #[inline(always)]
    fn part(&mut self, first: usize, left: usize) {
        let height = SQUARE.min(self.x.row_count() - first);
        let width = SQUARE.min(self.x.col_count() - left);
        if (height, width) != (SQUARE, SQUARE) {
            for r in first..first + height {
                self.row(r, left..left + width);
            }
            return;
        }
        let mut square = [[T::ZERO; SQUARE]; SQUARE];
        for (i, row) in square.iter_mut().enumerate() {
            row.copy_from_slice(&self.x.row(first + i)[left..left + SQUARE]);
        }
        exchange(&mut square);
        for (i, row) in square.into_iter().enumerate() {
            let to = &mut self.y.row(left + i)[first..];
            let to = to.first_chunk_mut().expect("a whole square");
            *to = match self.accumulate {
                true => std::array::from_fn(|j| to[j] + row[j]),
                false => row,
            };
        }
    }

    /// A part of a row of x, element by element.
    #[inline(always)]
    fn row(&mut self, r: usize, cols: Range<usize>) {
        let stride = self.y.stride();
        let column = &mut self.y.reborrow().into_span()[cols.start * stride + r..];
        for (to, &x) in column.iter_mut().step_by(stride).zip(&self.x.row(r)[cols]) {
            put(to, x, self.accumulate);
        }
    }
}

/// Exchanges rows and columns: in registers where the processor has instructions for that.
#[inline(always)]
fn exchange<T: Scalar>(square: &mut Square<T>) {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new()
        && let Some(square) = (square as &mut dyn std::any::Any).downcast_mut()
    {
        return in_registers(simd, square);
    }
    for i in 0..SQUARE {
        for j in 0..i {
            (square[i][j], square[j][i]) = (square[j][i], square[i][j]);
        }
    }
}

/// Single elements, then pairs, then fours change places with those of another row.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn in_registers(simd: pulp::x86::V3, square: &mut Square<f32>) {
    let avx = simd.avx;
    let [a, b, c, d, e, f, g, h] = pulp::cast(*square);
    let ones = |a, b| (avx._mm256_unpacklo_ps(a, b), avx._mm256_unpackhi_ps(a, b));
    let pairs = |a, b| {
        (
            avx._mm256_shuffle_ps::<0x44>(a, b),
            avx._mm256_shuffle_ps::<0xee>(a, b),
        )
    };
    let fours = |a, b| {
        (
            avx._mm256_permute2f128_ps::<0x20>(a, b),
            avx._mm256_permute2f128_ps::<0x31>(a, b),
        )
    };
    let ((a, b), (c, d), (e, f), (g, h)) = (ones(a, b), ones(c, d), ones(e, f), ones(g, h));
    let ((a, c), (b, d), (e, g), (f, h)) = (pairs(a, c), pairs(b, d), pairs(e, g), pairs(f, h));
    let ((a, e), (c, g), (b, f), (d, h)) = (fours(a, e), fours(c, g), fours(b, f), fours(d, h));
    *square = pulp::cast([a, c, b, d, e, g, f, h]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Matrix;

    fn check<T: Scalar>(rows: usize, cols: usize) {
        let number = |r: usize, c: usize| T::from_f64((r * cols + c) as f64);
        let x = Matrix::from_fn(rows, cols, number);
        let mut y = Matrix::filled(cols, rows, T::from_f64(f64::NAN)); // which is not to be read
        transpose(x.view(), y.view_mut(), false);
        assert_eq!(y, Matrix::from_fn(cols, rows, |r, c| number(c, r)));
        transpose(x.view(), y.view_mut(), true);
        let twice = |r, c| number(c, r) + number(c, r);
        assert_eq!(y, Matrix::from_fn(cols, rows, twice));
    }

    proptest! {
        #[test]
        fn every_element_changes_its_place(rows in 1usize..40, cols in 1usize..40) {
            check::<f32>(rows, cols);
            check::<f64>(rows, cols);
        }
    }
}
