//! Products of one row, y = x B, in the order of sums of every other product.
//!
//! Eight registers of y are computed at once, each the sum of a register of every row of B: enough
//! that none waits for another. B is read as it is, or from the panels of its transpose, which may have
//! been rounded to half the bits: reading a large B is what such a product waits for.

use pulp::{Arch, Simd, WithSimd};

use super::operands::{RightOfRow, Start};
use super::pack::VECTORS;
use super::simd::Lanes;
use crate::MatrixMut;

/// Multiplications below which a product stays on one thread.
const SPLIT_WORK: usize = 1 << 18;
/// Registers of y under way at once.
const SUMS: usize = 8;

/// y = start + x B by these instructions, split over threads where it pays.
pub(super) fn multiply<T: Lanes>(
    arch: Arch,
    x: &[T],
    b: RightOfRow<'_, T>,
    start: Start<'_, T>,
    mut y: MatrixMut<'_, T>,
) {
    let (y, first) = (y.row(0), 0);
    Row {
        x,
        b,
        start,
        y,
        first,
    }
    .split(arch);
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

impl<T: Lanes> Row<'_, T> {
    /// Halved as long as both halves are worth a thread.
    fn split(self, arch: Arch) {
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
            return arch.dispatch(Row {
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
                .split(arch)
            },
            move || {
                Row {
                    x,
                    b,
                    start,
                    y: right,
                    first: first + middle,
                }
                .split(arch)
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
            RightOfRow::Halves(b) => {
                let first = at / (VECTORS * width); // a block begins with a panel
                let pairs: [&[T::Of<S>]; R] = std::array::from_fn(|i| {
                    let panel = T::split::<S>(b.slice(first + i / VECTORS)).0;
                    &panel[..self.x.len()]
                });
                sums::<T, S, R>(simd, self.x, |p| {
                    std::array::from_fn(|i| T::widen(simd, pairs[i][p])[i % VECTORS])
                })
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

impl<T: Lanes> WithSimd for Row<'_, T> {
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
fn sums<T: Lanes, S: Simd, const R: usize>(
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
