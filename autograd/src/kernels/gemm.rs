//! C = A B, C += A B or C = D + A B, from operands in the order of [`pack`](super::pack).
//!
//! Every element of C is one sum over k, in order, started from what C starts from: neither the
//! tiles nor the threads change a bit of it.

use pulp::{Simd, WithSimd};

use super::pack::{Packed, VECTORS, tile_rows};
use super::simd::{Lanes, prefetch, run};
use crate::{MatrixMut, MatrixView, Scalar};

/// The left operand of a product.
#[derive(Clone, Copy)]
pub(crate) enum Left<'a, T> {
    /// A matrix [m, k].
    Rows(MatrixView<'a, T>),
    /// The transpose of a matrix [k, m], in strips.
    Strips(&'a Packed<T>),
}

impl<T: Scalar> Left<'_, T> {
    fn shape(self) -> (usize, usize) {
        match self {
            Left::Rows(a) => (a.row_count(), a.col_count()),
            Left::Strips(a) => (a.n, a.k),
        }
    }
}

/// What a product is added to.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a, T> {
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

/// Multiplications below which a product stays on one thread: some twenty microseconds.
const SPLIT_WORK: usize = 1 << 20;
/// Pieces are whole numbers of so many rows: a multiple of every tile's.
const PIECE: usize = 12;
/// Steps ahead of which the panel is asked for: it mostly comes from a farther cache.
const AHEAD: usize = 16;
/// Elements of A that are used with every panel of B before the next: they stay in the cache.
const BLOCK: usize = 1 << 16;

/// The product of `a` and `b`, split over threads where it pays.
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
    Product {
        a,
        b,
        start,
        c,
        row: 0,
        col: 0,
    }
    .split();
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

impl<T: Scalar> Product<'_, T> {
    /// Halved, by rows, as long as both halves are worth a thread.
    fn split(self) {
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
                    .split()
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
                    .split()
                },
            );
        } else {
            run(Product {
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

impl<T: Scalar> WithSimd for Product<'_, T> {
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

impl<T: Scalar> Product<'_, T> {
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
fn sums<T: Scalar, S: Simd, const R: usize>(
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
fn whole<T: Scalar, S: Simd>(row: &[T]) -> Option<&[T::Of<S>]> {
    let (registers, rest) = T::split::<S>(row);
    (rest.is_empty() && registers.len() == VECTORS).then_some(registers)
}

/// Element by element, for a row that is cut off.
#[inline(always)]
fn spill<T: Scalar, S: Simd>(sums: [T::Of<S>; VECTORS]) -> [T; 64] {
    let mut spilled = [T::ZERO; 64];
    let (registers, _) = T::split_mut::<S>(&mut spilled);
    registers[..VECTORS].copy_from_slice(&sums);
    spilled
}

/// to = sums
#[inline(always)]
fn store<T: Scalar, S: Simd>(sums: [T::Of<S>; VECTORS], to: &mut [T]) {
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
fn store_sum<T: Scalar, S: Simd>(simd: S, sums: [T::Of<S>; VECTORS], d: &[T], to: &mut [T]) {
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
fn add<T: Scalar, S: Simd>(simd: S, sums: [T::Of<S>; VECTORS], to: &mut [T]) {
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Matrix;
    use crate::kernels::pack::Layout;

    fn packed(width: usize, capacity: usize, n: usize) -> Packed<f64> {
        let buffer = Matrix::filled(1, Packed::<f64>::size(width, capacity, n), f64::NAN);
        Packed::empty(Arc::new(buffer), width, capacity, n)
    }

    #[test]
    fn every_layout_start_and_split_gives_the_plain_sum() {
        let layout = Layout::of::<f64>();
        for (m, k, n) in [
            (1, 1, 1),
            (3, 5, 2),
            (33, 70, 65),
            (300, 128, 200),
            (7, 700, 900),
            (1, 1100, 2050),
        ] {
            let a = Matrix::from_fn(m, k, |r, c| ((r * 7 + c * 3) % 11) as f64 - 5.0);
            let b = Matrix::from_fn(k, n, |r, c| ((r * 5 + c) % 13) as f64 - 6.0);
            let plain = Matrix::from_fn(m, n, |r, c| (0..k).map(|i| a[(r, i)] * b[(i, c)]).sum());
            let mut by_rows = packed(layout.cols, k, n);
            by_rows.push_rows(b.view());
            let mut by_cols = packed(layout.cols, k + 3, n);
            by_cols.push_cols(b.transpose().view());
            let mut strips = packed(layout.rows, k + 1, m);
            strips.push_rows(a.transpose().view());
            for left in [Left::Rows(a.view()), Left::Strips(&strips)] {
                for b in [&by_rows, &by_cols] {
                    let mut c = Matrix::filled(m, n, f64::NAN);
                    multiply(left, b, Start::Zero, c.view_mut());
                    assert_eq!(c, plain, "{m}x{k}x{n}");
                    multiply(left, b, Start::Accumulate, c.view_mut());
                    assert_eq!(c, plain.map(|x| 2.0 * x), "accumulated {m}x{k}x{n}");
                    let mut d = Matrix::filled(m, n, f64::NAN);
                    multiply(left, b, Start::From(c.view()), d.view_mut());
                    assert_eq!(d, plain.map(|x| 3.0 * x), "started from {m}x{k}x{n}");
                }
            }
        }
    }
}
