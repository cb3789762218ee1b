//! Loops over the elements of one, two or three matrices of one shape.

use pulp::{Simd, WithSimd};

use super::simd::run;
use crate::{MatrixMut, MatrixView, Scalar};

/// Where a result goes: it replaces what is there, or is added to it.
#[inline(always)]
pub(crate) fn put<T: Scalar>(to: &mut T, x: T, accumulate: bool) {
    *to = if accumulate { *to + x } else { x };
}

/// An `N`-argument loop over rows; each row's slices go to one inlined inner loop.
struct Rows<'a, T, F, const N: usize> {
    inputs: [MatrixView<'a, T>; N],
    out: MatrixMut<'a, T>,
    accumulate: bool,
    f: F,
}

impl<T: Scalar, F: Fn([T; N]) -> T, const N: usize> WithSimd for Rows<'_, T, F, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        let flat = self.inputs.iter().all(|x| x.contiguous().is_some());
        if flat && self.out.contiguous().is_some() {
            let inputs = self.inputs.map(|x| x.contiguous().unwrap_or(&[]));
            let out = self.out.contiguous().unwrap_or(&mut []);
            return inner(inputs, out, self.accumulate, &self.f);
        }
        for r in 0..self.out.shape().rows {
            inner(
                self.inputs.map(|x| x.row(r)),
                self.out.row(r),
                self.accumulate,
                &self.f,
            );
        }
    }
}

#[inline(always)]
fn inner<T: Scalar, F: Fn([T; N]) -> T, const N: usize>(
    inputs: [&[T]; N],
    out: &mut [T],
    accumulate: bool,
    f: &F,
) {
    let n = out.len();
    let inputs = inputs.map(|x| &x[..n]); // one check here, none in the loop
    if accumulate {
        for i in 0..n {
            put(&mut out[i], f(inputs.map(|x| x[i])), true);
        }
    } else {
        for i in 0..n {
            put(&mut out[i], f(inputs.map(|x| x[i])), false);
        }
    }
}

/// out = f(inputs) element by element, or out += f(inputs).
///
/// # Panics
/// If the shapes differ.
pub(crate) fn map<T: Scalar, F: Fn([T; N]) -> T, const N: usize>(
    inputs: [MatrixView<'_, T>; N],
    out: MatrixMut<'_, T>,
    accumulate: bool,
    f: F,
) {
    for x in &inputs {
        assert_eq!(
            x.shape(),
            out.shape(),
            "element-wise loop over different shapes"
        );
    }
    run(Rows {
        inputs,
        out,
        accumulate,
        f,
    });
}

/// out = x, or out += x.
pub(crate) fn assign<T: Scalar>(x: MatrixView<'_, T>, out: MatrixMut<'_, T>, accumulate: bool) {
    map(
        [x],
        out,
        accumulate,
        #[inline(always)]
        |[x]| x,
    );
}
