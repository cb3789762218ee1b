//! Products of one row, y = x B, in the order of sums of every other product.
//!
//! Eight registers of y are computed at once, each the sum of a register of every row of B: enough
//! that none waits for another. B is read as it is, or from the panels of its transpose.

use pulp::{Simd, WithSimd};

use super::gemm::Start;
use super::pack::{Packed, VECTORS};
use super::simd::{Lanes, run};
use crate::{MatrixMut, MatrixView, Scalar};

/// Multiplications below which a product stays on one thread.
const SPLIT_WORK: usize = 1 << 18;
/// Registers of y under way at once.
const SUMS: usize = 8;

/// The right operand of a product of one row.
#[derive(Clone, Copy)]
pub(crate) enum RightOfRow<'a, T> {
    Plain(MatrixView<'a, T>),
    Panels(&'a Packed<T>),
}

impl<T: Scalar> RightOfRow<'_, T> {
    fn shape(self) -> (usize, usize) {
        match self {
            RightOfRow::Plain(b) => (b.row_count(), b.col_count()),
            RightOfRow::Panels(b) => (b.k, b.n),
        }
    }
}

/// y = start + x b, split over threads where it pays.
///
/// # Panics
/// If the shapes do not fit.
pub(crate) fn multiply<T: Scalar>(
    x: &[T],
    b: RightOfRow<'_, T>,
    start: Start<'_, T>,
    mut y: MatrixMut<'_, T>,
) {
    let ((k, n), s) = (b.shape(), y.shape());
    assert!(
        x.len() == k && (s.rows, s.cols) == (1, n),
        "product [1, {}] [{k}, {n}] into {s}",
        x.len()
    );
    let (y, first) = (y.row(0), 0);
    Row {
        x,
        b,
        start,
        y,
        first,
    }
    .split();
}

/// Some columns of a product of one row.
struct Row<'a, T> {
    x: &'a [T],
    b: RightOfRow<'a, T>,
    start: Start<'a, T>,
    y: &'a mut [T],
    /// Where in the whole y this part begins.
    first: usize,
}

impl<T: Scalar> Row<'_, T> {
    /// Halved as long as both halves are worth a thread.
    fn split(self) {
        /// A whole number of blocks on every processor.
        const PIECE: usize = 128;
        let Row {
            x,
            b,
            start,
            y,
            first,
        } = self;
        if y.len() * x.len() < 2 * SPLIT_WORK || y.len() < 2 * PIECE {
            return run(Row {
                x,
                b,
                start,
                y,
                first,
            });
        }
        let middle = (y.len() / 2).next_multiple_of(PIECE);
        let (left, right) = y.split_at_mut(middle);
        rayon::join(
            move || {
                Row {
                    x,
                    b,
                    start,
                    y: left,
                    first,
                }
                .split()
            },
            move || {
                Row {
                    x,
                    b,
                    start,
                    y: right,
                    first: first + middle,
                }
                .split()
            },
        );
    }

    /// Computes R registers of y, of which the last may not be full.
    #[inline(always)]
    fn block<S: Simd, const R: usize>(&mut self, simd: S, offset: usize, len: usize) {
        let width = T::width::<S>();
        let at = self.first + offset;
        let sums: [T::Of<S>; R] = match self.b {
            RightOfRow::Plain(b) => {
                let full = (R - 1) * width;
                sums::<T, S, R>(simd, self.x, |p| {
                    let (registers, last) = b.row(p)[at..at + len].split_at(full);
                    let registers = &T::split::<S>(registers).0[..R - 1];
                    let last = T::load_part(simd, last);
                    std::array::from_fn(|i| if i < R - 1 { registers[i] } else { last })
                })
            }
            RightOfRow::Panels(b) => {
                let first = at / width;
                let registers: [&[T::Of<S>]; R] = std::array::from_fn(|i| {
                    let panel = T::split::<S>(b.slice((first + i) / VECTORS)).0;
                    &panel[(first + i) % VECTORS..]
                });
                // The last step of a second register has none behind it.
                let steps = VECTORS * self.x.len() - (VECTORS - 1);
                let registers = registers.map(|r| &r[..steps]);
                sums::<T, S, R>(simd, self.x, |p| registers.map(|r| r[VECTORS * p]))
            }
        };
        for (i, sum) in sums.into_iter().enumerate() {
            let part = offset + i * width..offset + len.min((i + 1) * width);
            let place = self.first + part.start..self.first + part.end;
            let y = &mut self.y[part];
            let sum = match self.start {
                Start::Zero => sum,
                Start::Accumulate => <T as Lanes>::add(simd, T::load_part(simd, y), sum),
                Start::From(d) => {
                    let d = T::load_part(simd, &d.row(0)[place]);
                    <T as Lanes>::add(simd, d, sum)
                }
            };
            T::store_part(simd, y, sum);
        }
    }
}

impl<T: Scalar> WithSimd for Row<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let width = T::width::<S>();
        for offset in (0..self.y.len()).step_by(SUMS * width) {
            let len = (self.y.len() - offset).min(SUMS * width);
            macro_rules! registers {
                ($($n:literal)*) => {
                    match len.div_ceil(width) {
                        $($n => self.block::<S, $n>(simd, offset, len),)*
                        _ => unreachable!("more registers than {SUMS}"),
                    }
                };
            }
            registers!(1 2 3 4 5 6 7 8);
        }
    }
}

/// Σ_p x_p b_p for R registers of the rows b_p.
#[inline(always)]
fn sums<T: Scalar, S: Simd, const R: usize>(
    simd: S,
    x: &[T],
    b: impl Fn(usize) -> [T::Of<S>; R],
) -> [T::Of<S>; R] {
    let mut sums = [T::splat(simd, T::ZERO); R];
    for (p, &x) in x.iter().enumerate() {
        let (factor, b) = (T::splat(simd, x), b(p));
        for i in 0..R {
            sums[i] = T::mul_add(simd, factor, b[i], sums[i]);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Matrix;
    use crate::kernels::gemm::{self, Left};
    use crate::kernels::pack::Layout;

    /// Not only close to other products: the same to the bit.
    #[test]
    fn one_row_is_computed_as_it_is_among_others() {
        let wave = |r: usize, c: usize| ((r * 31 + c * 17) as f32).sin();
        for (k, n) in [(1, 1), (5, 3), (17, 100), (64, 128), (100, 65), (700, 900)] {
            let (x, b) = (Matrix::from_fn(3, k, wave), Matrix::from_fn(k, n, wave));
            let width = Layout::of::<f32>().cols;
            let buffer = Matrix::zeros(1, Packed::<f32>::size(width, k, n));
            let mut panels = Packed::empty(Arc::new(buffer), width, k, n);
            panels.push_rows(b.view());
            let d = Matrix::from_fn(3, n, |r, c| wave(c, r));
            for from in [false, true] {
                let start = |row: std::ops::Range<usize>| match from {
                    true => Start::From(d.view().rows(row)),
                    false => Start::Zero,
                };
                let mut all = Matrix::filled(3, n, f32::NAN);
                gemm::multiply(Left::Rows(x.view()), &panels, start(0..3), all.view_mut());
                for b in [RightOfRow::Plain(b.view()), RightOfRow::Panels(&panels)] {
                    let mut y = Matrix::filled(1, n, f32::NAN);
                    let expected = all.view().rows(1..2).to_matrix();
                    multiply(x.view().row(1), b, start(1..2), y.view_mut());
                    assert_eq!(y, expected, "{k}x{n}");
                    multiply(x.view().row(1), b, Start::Accumulate, y.view_mut());
                    gemm::multiply(
                        Left::Rows(x.view()),
                        &panels,
                        Start::Accumulate,
                        all.view_mut(),
                    );
                    assert_eq!(y, all.view().rows(1..2).to_matrix(), "accumulated {k}x{n}");
                    gemm::multiply(Left::Rows(x.view()), &panels, start(0..3), all.view_mut());
                }
            }
        }
    }
}
