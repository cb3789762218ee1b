//! Sums and maxima, in an order that depends on the lengths alone.

use pulp::{Simd, WithSimd};

use super::simd::run;
use crate::{MatrixMut, MatrixView, Scalar};

/// Partial sums kept side by side, so that the compiler can use vector registers.
const LANES: usize = 16;

#[inline(always)]
fn lanes<T: Scalar>(xs: &[T], start: T, f: impl Fn(T, T) -> T) -> T {
    let mut acc = [start; LANES];
    let mut chunks = xs.chunks_exact(LANES);
    for chunk in &mut chunks {
        for i in 0..LANES {
            acc[i] = f(acc[i], chunk[i]);
        }
    }
    for (a, &x) in acc.iter_mut().zip(chunks.remainder()) {
        *a = f(*a, x);
    }
    acc.into_iter().fold(start, f)
}

/// The sum of a slice.
#[inline(always)]
pub(crate) fn sum<T: Scalar>(xs: &[T]) -> T {
    lanes(xs, T::ZERO, |a, x| a + x)
}

/// The largest element of a slice; NaN does not count.
#[inline(always)]
pub(crate) fn max<T: Scalar>(xs: &[T]) -> T {
    lanes(xs, -T::INFINITY, |a, x| if x > a { x } else { a })
}

/// The column of the largest element, the first of equals; a NaN counts as the largest.
pub(crate) fn argmax<T: Scalar>(row: &[T]) -> usize {
    struct ArgMax<'a, T>(&'a [T]);
    impl<T: Scalar> WithSimd for ArgMax<'_, T> {
        type Output = usize;
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            match any(self.0, |x| x.is_nan()) {
                true => first(self.0, |x| x.is_nan()),
                false => {
                    let top = max(self.0);
                    first(self.0, |x| x == top)
                }
            }
        }
    }
    run(ArgMax(row))
}

/// Whether `f` holds for any element; all are asked, side by side.
#[inline(always)]
fn any<T: Scalar>(xs: &[T], f: impl Fn(T) -> bool) -> bool {
    xs.iter().fold(false, |any, &x| any | f(x))
}

/// The first element that `f` holds for, or 0: block by block, as those of a block are asked at once.
#[inline(always)]
fn first<T: Scalar>(xs: &[T], f: impl Fn(T) -> bool) -> usize {
    let mut blocks = xs.chunks(LANES);
    let start = blocks.position(|block| any(block, &f)).unwrap_or(0) * LANES;
    let within = xs[start..].iter().position(|&x| f(x));
    start + within.unwrap_or(0)
}

/// out[c] += the sum of column c (or = that sum).
pub(crate) fn sum_over_rows<T: Scalar>(
    x: MatrixView<'_, T>,
    out: MatrixMut<'_, T>,
    accumulate: bool,
) {
    struct SumOverRows<'a, T>(MatrixView<'a, T>, MatrixMut<'a, T>, bool);
    impl<T: Scalar> WithSimd for SumOverRows<'_, T> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(mut self, _: S) {
            let out = self.1.row(0);
            if !self.2 {
                out.fill(T::ZERO);
            }
            for r in 0..self.0.row_count() {
                for (o, &x) in out.iter_mut().zip(self.0.row(r)) {
                    *o += x;
                }
            }
        }
    }
    run(SumOverRows(x, out, accumulate));
}

/// out[at[r]] += x[r], row by row.
pub(crate) fn add_rows_at<T: Scalar>(x: MatrixView<'_, T>, at: &[usize], out: MatrixMut<'_, T>) {
    struct AddRowsAt<'a, T>(MatrixView<'a, T>, &'a [usize], MatrixMut<'a, T>);
    impl<T: Scalar> WithSimd for AddRowsAt<'_, T> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(mut self, _: S) {
            for (r, &at) in self.1.iter().enumerate() {
                for (o, &x) in self.2.row(at).iter_mut().zip(self.0.row(r)) {
                    *o += x;
                }
            }
        }
    }
    run(AddRowsAt(x, at, out));
}

/// The sum of all elements: rows first, then the rows' sums.
pub(crate) fn total<T: Scalar>(x: MatrixView<'_, T>) -> T {
    if let Some(all) = x.contiguous() {
        // Blocks keep rounding small in long sums.
        return all.chunks(1024).map(sum).sum();
    }
    (0..x.row_count()).map(|r| sum(x.row(r))).sum()
}

/// Each row's softmax, stable: e^(x - max) over its sum.
pub(crate) fn softmax<T: Scalar>(x: MatrixView<'_, T>, y: MatrixMut<'_, T>) {
    struct Softmax<'a, T>(MatrixView<'a, T>, MatrixMut<'a, T>);
    impl<T: Scalar> WithSimd for Softmax<'_, T> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(mut self, _: S) {
            for r in 0..self.0.row_count() {
                let (x, y) = (self.0.row(r), self.1.row(r));
                let top = max(x);
                for (y, &x) in y.iter_mut().zip(x) {
                    *y = (x - top).exp();
                }
                let scale = T::ONE / sum(y);
                for y in y {
                    *y *= scale;
                }
            }
        }
    }
    run(Softmax(x, y));
}

/// max and ln Σ e^(x - max), whose sum is the logarithm of the sum of exponentials; stable. Of a row
/// of infinities the logarithm is 0.
pub(crate) fn log_sum_exp_parts<T: Scalar>(xs: &[T]) -> (T, T) {
    let top = xs[argmax(xs)];
    if !top.is_finite() {
        return (top, T::ZERO); // the sum is as infinite as its largest term, or NaN
    }
    (top, xs.iter().map(|&x| (x - top).exp()).sum::<T>().ln())
}

/// The logarithm of the sum of exponentials.
pub(crate) fn log_sum_exp<T: Scalar>(xs: &[T]) -> T {
    let (top, log_sum) = log_sum_exp_parts(xs);
    top + log_sum
}
