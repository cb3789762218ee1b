//! Products of one row: y = x B or x Bᵀ, from B as it is.
//!
//! Every element of B is read once, so laying it out anew would cost as much as the product.

use pulp::{Simd, WithSimd};

use super::gemm::Start;
use super::simd::{Lanes, run};
use crate::tape::Right;
use crate::{MatrixMut, MatrixView, Scalar};

/// Multiplications below which a product stays on one thread.
const SPLIT_WORK: usize = 1 << 18;
/// Sums under way at once: enough that none waits for another.
const SUMS: usize = 8;

/// y = start + x b, or start + x bᵀ, split over threads by columns of y where it pays.
///
/// # Panics
/// If the shapes do not fit.
pub(crate) fn multiply<T: Scalar>(
    x: &[T],
    (b, right): (MatrixView<'_, T>, Right),
    start: Start<'_, T>,
    mut y: MatrixMut<'_, T>,
) {
    let s = b.shape();
    let (k, n) = match right {
        Right::Plain => (s.rows, s.cols),
        Right::Transposed => (s.cols, s.rows),
    };
    assert!(
        (x.len(), 1, n) == (k, y.shape().rows, y.shape().cols),
        "product [1, {}] [{k}, {n}] into {}",
        x.len(),
        y.shape()
    );
    let y = y.row(0);
    match start {
        Start::Zero => y.fill(T::ZERO),
        Start::Accumulate => {}
        Start::From(d) => y.copy_from_slice(d.row(0)),
    }
    add(x, b, right, y);
}

/// y += x b, or x bᵀ.
fn add<T: Scalar>(x: &[T], b: MatrixView<'_, T>, right: Right, y: &mut [T]) {
    let n = y.len();
    if n * x.len() >= 2 * SPLIT_WORK && n >= 2 {
        let middle = (n / 2).next_multiple_of(64).min(n - 1);
        let (left, rest) = y.split_at_mut(middle);
        let (b_left, b_rest) = match right {
            Right::Plain => (b.cols(0..middle), b.cols(middle..n)),
            Right::Transposed => (b.rows(0..middle), b.rows(middle..n)),
        };
        rayon::join(
            || add(x, b_left, right, left),
            || add(x, b_rest, right, rest),
        );
        return;
    }
    match right {
        Right::Plain => run(Rows { x, b, y }),
        Right::Transposed => run(Dots { x, b, y }),
    }
}

/// y += Σ_p x_p b_p for the rows b_p of B.
struct Rows<'a, T> {
    x: &'a [T],
    b: MatrixView<'a, T>,
    y: &'a mut [T],
}

impl<T: Scalar> WithSimd for Rows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Rows { x, b, y } = self;
        let width = T::width::<S>();
        for (i, y) in y.chunks_mut(SUMS * width).enumerate() {
            let b = b.cols(i * SUMS * width..i * SUMS * width + y.len());
            macro_rules! registers {
                ($($n:literal)*) => {
                    match y.len().div_ceil(width) {
                        $($n => combine::<T, S, $n>(simd, x, b, y),)*
                        _ => unreachable!("more registers than {SUMS}"),
                    }
                };
            }
            registers!(1 2 3 4 5 6 7 8);
        }
    }
}

/// [`Rows`] for a y that fits R registers, of which the last may not be full.
#[inline(always)]
fn combine<T: Scalar, S: Simd, const R: usize>(
    simd: S,
    x: &[T],
    b: MatrixView<'_, T>,
    y: &mut [T],
) {
    let full = (R - 1) * T::width::<S>();
    let load = |row: &[T]| -> [T::Of<S>; R] {
        let (registers, rest) = row.split_at(full);
        let registers = &T::split::<S>(registers).0[..R - 1];
        let last = T::load_part(simd, rest);
        std::array::from_fn(|i| if i < R - 1 { registers[i] } else { last })
    };
    let mut sums = load(y);
    for (p, &x) in x.iter().enumerate() {
        let factor = T::splat(simd, x);
        let row = load(b.row(p));
        for i in 0..R {
            sums[i] = T::mul_add(simd, factor, row[i], sums[i]);
        }
    }
    let (registers, rest) = y.split_at_mut(full);
    let registers = T::split_mut::<S>(registers).0;
    registers[..R - 1].copy_from_slice(&sums[..R - 1]);
    T::store_part(simd, rest, sums[R - 1]);
}

/// y_j += Σ_p x_p b_jp for the rows b_j of B.
struct Dots<'a, T> {
    x: &'a [T],
    b: MatrixView<'a, T>,
    y: &'a mut [T],
}

impl<T: Scalar> WithSimd for Dots<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Dots { x, b, y } = self;
        let mut groups = y.chunks_exact_mut(SUMS);
        let mut j = 0;
        for group in &mut groups {
            let rows: [&[T]; SUMS] = std::array::from_fn(|i| b.row(j + i));
            let dots = dots::<T, S, SUMS>(simd, x, rows);
            group.iter_mut().zip(dots).for_each(|(y, dot)| *y += dot);
            j += SUMS;
        }
        for y in groups.into_remainder() {
            *y += dots::<T, S, 1>(simd, x, [b.row(j)])[0];
            j += 1;
        }
    }
}

/// Σ_p x_p b_p for several rows b, in as many sums as a register has lanes.
#[inline(always)]
fn dots<T: Scalar, S: Simd, const R: usize>(simd: S, x: &[T], rows: [&[T]; R]) -> [T; R] {
    let (x_registers, x_rest) = T::split::<S>(x);
    let rows = rows.map(|row| T::split::<S>(&row[..x.len()]));
    let x_rest = T::load_part(simd, x_rest);
    let mut sums = rows.map(|(_, rest)| {
        let rest = T::load_part(simd, rest);
        T::mul_add(simd, x_rest, rest, T::splat(simd, T::ZERO))
    });
    for (p, &x) in x_registers.iter().enumerate() {
        for i in 0..R {
            sums[i] = T::mul_add(simd, x, rows[i].0[p], sums[i]);
        }
    }
    sums.map(|sum| <T as Lanes>::sum(simd, sum))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Matrix;

    #[test]
    fn every_size_and_start_gives_the_plain_sum() {
        for (k, n) in [(1, 1), (5, 3), (17, 100), (64, 128), (100, 65), (700, 900)] {
            let x = Matrix::from_fn(1, k, |_, c| (c % 7) as f64 - 3.0);
            let b = Matrix::from_fn(k, n, |r, c| ((r * 5 + c) % 13) as f64 - 6.0);
            let plain = Matrix::from_fn(1, n, |_, c| (0..k).map(|i| x[(0, i)] * b[(i, c)]).sum());
            let transposed = b.transpose();
            for b in [
                (b.view(), Right::Plain),
                (transposed.view(), Right::Transposed),
            ] {
                let mut y = Matrix::filled(1, n, f64::NAN);
                multiply(x.data(), b, Start::Zero, y.view_mut());
                assert_eq!(y, plain, "{k}x{n}");
                multiply(x.data(), b, Start::Accumulate, y.view_mut());
                assert_eq!(y, plain.map(|y| 2.0 * y), "accumulated {k}x{n}");
                let mut z = Matrix::filled(1, n, f64::NAN);
                multiply(x.data(), b, Start::From(y.view()), z.view_mut());
                assert_eq!(z, plain.map(|y| 3.0 * y), "started from {k}x{n}");
            }
        }
    }
}
