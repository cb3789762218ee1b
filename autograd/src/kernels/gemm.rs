//! C = A B, C += A B or C = D + A B, from operands in the order of [`pack`](super::pack).
//!
//! Every element of C is one sum over k, in order, started from what C starts from: neither the
//! tiles nor the threads change a bit of it.

use pulp::{Arch, Simd, WithSimd};

use super::operands::{Left, Start};
use super::pack::{Packed, VECTORS, tile_rows};
use super::simd::{Lanes, prefetch};
use crate::MatrixMut;

/// Multiplications below which a product stays on one thread: some twenty microseconds.
const SPLIT_WORK: usize = 1 << 20;
/// Pieces are whole numbers of so many rows: a multiple of every tile's.
const PIECE: usize = 12;
/// Steps ahead of which the panel is asked for: it mostly comes from a farther cache.
const AHEAD: usize = 16;
/// Elements of A that are used with every panel of B before the next: they stay in the cache.
const BLOCK: usize = 1 << 16;

/// C = start + A B by these instructions, split over threads where it pays.
pub(super) fn multiply<T: Lanes>(
    arch: Arch,
    a: Left<'_, T>,
    b: &Packed<T>,
    start: Start<'_, T>,
    c: MatrixMut<'_, T>,
) {
    Product {
        a,
        b,
        start,
        c,
        row: 0,
        col: 0,
    }
    .split(arch);
}

/// Some rows and columns of a product.
struct Product<'a, T> {
    a: Left<'a, T>,
    b: &'a Packed<T>,
    start: Start<'a, T>,
    c: MatrixMut<'a, T>,
    /// Where in the whole C this part begins.
    row: usize,
    col: usize,
}

impl<T: Lanes> Product<'_, T> {
    /// Halved, by rows, as long as both halves are worth a thread.
    fn split(self, arch: Arch) {
        let shape = self.c.shape();
        let enough = shape.len() * self.b.k >= 2 * SPLIT_WORK;
        let Product {
            a,
            b,
            start,
            c,
            row,
            col,
        } = self;
        if enough && shape.rows >= 2 * PIECE {
            let middle = (shape.rows / 2).next_multiple_of(PIECE);
            let (top, bottom) = c.split_rows(middle);
            rayon::join(
                move || {
                    Product {
                        a,
                        b,
                        start,
                        c: top,
                        row,
                        col,
                    }
                    .split(arch)
                },
                move || {
                    Product {
                        a,
                        b,
                        start,
                        c: bottom,
                        row: row + middle,
                        col,
                    }
                    .split(arch)
                },
            );
        } else {
            arch.dispatch(Product {
                a,
                b,
                start,
                c,
                row,
                col,
            });
        }
    }
}

impl<T: Lanes> WithSimd for Product<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (rows, cols) = (self.c.shape().rows, self.c.shape().cols);
        let width = self.b.width;
        let tallest = tile_rows::<S>();
        let block = match self.a {
            Left::Rows(_) => (BLOCK / self.b.k).max(1).next_multiple_of(PIECE),
            Left::Strips(_) => tallest,
        };
        for first in (0..rows).step_by(block) {
            let end = rows.min(first + block);
            for col in (0..cols).step_by(width) {
                let (panel, _) = T::split::<S>(self.b.slice((self.col + col) / width));
                let mut row = first;
                while row < end {
                    row += self.tallest_tile(simd, panel, (row, col), end - row);
                }
            }
        }
    }
}

impl<T: Lanes> Product<'_, T> {
    /// Computes a tile of as many rows as there are and as fit; gives how many.
    #[inline(always)]
    fn tallest_tile<S: Simd>(
        &mut self,
        simd: S,
        panel: &[T::Of<S>],
        at: (usize, usize),
        rows: usize,
    ) -> usize {
        macro_rules! tile {
            ($($n:literal)*) => {$(
                if rows >= $n && tile_rows::<S>() >= $n {
                    self.tile::<S, $n>(simd, panel, at);
                    return $n;
                }
            )*};
        }
        tile!(12 8 6 4 2 1);
        unreachable!("a tile of no rows")
    }

    #[inline(always)]
    fn tile<S: Simd, const R: usize>(
        &mut self,
        simd: S,
        panel: &[T::Of<S>],
        (row, col): (usize, usize),
    ) {
        let first = self.row + row;
        let sums = match self.a {
            Left::Rows(a) => {
                let k = panel.len() / VECTORS; // said once here, not checked in the loop
                let rows: [&[T]; R] = std::array::from_fn(|i| &a.row(first + i)[..k]);
                sums::<T, S, R>(simd, panel, |p, i| rows[i][p])
            }
            Left::Strips(a) => {
                let strip = a.slice(first / a.width);
                let (offset, width) = (first % a.width, a.width);
                sums::<T, S, R>(simd, panel, |p, i| strip[p * width + offset + i])
            }
        };
        for (i, sums) in sums.into_iter().enumerate() {
            self.put(simd, sums, row + i, col);
        }
    }

    /// Puts a row of a tile where it belongs.
    #[inline(always)]
    fn put<S: Simd>(&mut self, simd: S, sums: [T::Of<S>; VECTORS], row: usize, col: usize) {
        let cols = (self.c.shape().cols - col).min(self.b.width);
        let to = &mut self.c.row(row)[col..col + cols];
        match self.start {
            Start::Zero => store::<T, S>(sums, to),
            Start::Accumulate => add(simd, sums, to),
            Start::From(d) => {
                let (row, col) = (self.row + row, self.col + col);
                store_sum(simd, sums, &d.row(row)[col..col + cols], to);
            }
        }
    }
}

/// Σ_p a_p b_pᵀ for the rows of a tile, where `a(p, i)` is element i of a_p and the panel has the
/// b_p.
#[inline(always)]
fn sums<T: Lanes, S: Simd, const R: usize>(
    simd: S,
    panel: &[T::Of<S>],
    a: impl Fn(usize, usize) -> T,
) -> [[T::Of<S>; VECTORS]; R] {
    let mut sums = [[T::splat(simd, T::ZERO); VECTORS]; R];
    for (p, b) in panel.chunks_exact(VECTORS).enumerate() {
        for v in 0..VECTORS {
            prefetch(&b[v], AHEAD * VECTORS);
        }
        for i in 0..R {
            let factor = T::splat(simd, a(p, i));
            for v in 0..VECTORS {
                sums[i][v] = T::mul_add(simd, factor, b[v], sums[i][v]);
            }
        }
    }
    sums
}

/// The registers of a row of a tile, if it is not cut off by the last column of C.
#[inline(always)]
fn whole<T: Lanes, S: Simd>(row: &[T]) -> Option<&[T::Of<S>]> {
    let (registers, rest) = T::split::<S>(row);
    (rest.is_empty() && registers.len() == VECTORS).then_some(registers)
}

/// Element by element, for a row that is cut off.
#[inline(always)]
fn spill<T: Lanes, S: Simd>(sums: [T::Of<S>; VECTORS]) -> [T; 64] {
    let mut spilled = [T::ZERO; 64];
    let (registers, _) = T::split_mut::<S>(&mut spilled);
    registers[..VECTORS].copy_from_slice(&sums);
    spilled
}

/// to = sums
#[inline(always)]
fn store<T: Lanes, S: Simd>(sums: [T::Of<S>; VECTORS], to: &mut [T]) {
    if whole::<T, S>(to).is_some() {
        let registers = T::split_mut::<S>(to).0;
        registers[..VECTORS].copy_from_slice(&sums);
    } else {
        let len = to.len();
        to.copy_from_slice(&spill::<T, S>(sums)[..len]);
    }
}

/// to = d + sums
#[inline(always)]
fn store_sum<T: Lanes, S: Simd>(simd: S, sums: [T::Of<S>; VECTORS], d: &[T], to: &mut [T]) {
    match whole::<T, S>(d) {
        Some(d) => {
            let sums = std::array::from_fn(|v| <T as Lanes>::add(simd, d[v], sums[v]));
            store::<T, S>(sums, to);
        }
        None => {
            let sums = d.iter().zip(spill::<T, S>(sums)).map(|(&d, x)| d + x);
            to.iter_mut().zip(sums).for_each(|(to, x)| *to = x);
        }
    }
}

/// to += sums
#[inline(always)]
fn add<T: Lanes, S: Simd>(simd: S, sums: [T::Of<S>; VECTORS], to: &mut [T]) {
    match whole::<T, S>(to) {
        Some(before) => {
            let sums = std::array::from_fn(|v| <T as Lanes>::add(simd, before[v], sums[v]));
            store::<T, S>(sums, to);
        }
        None => {
            let sums = spill::<T, S>(sums);
            to.iter_mut().zip(sums).for_each(|(to, x)| *to += x);
        }
    }
}
