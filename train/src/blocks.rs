//! Work on all elements of the parameters, block by block and spread over threads.
//!
//! Blocks are the same on any number of threads, and so are their sums.

use std::mem;

use autograd::Scalar;
use pulp::Arch;
use rayon::prelude::*;

/// Elements of a block: a few dozen kilobytes, some microseconds of work.
pub(crate) const BLOCK: usize = 1 << 13;
/// Blocks that one thread does before it is worth while to wake another.
pub(crate) const TOGETHER: usize = 8;

/// Runs a loop over elements with the best vector instructions of this processor.
#[inline(always)]
pub(crate) fn vectorised<R>(f: impl FnOnce() -> R) -> R {
    Arch::new().dispatch(f)
}

/// Does `f` with the elements of several slices of one length, side by side: those of `to`, of `from`
/// and of each of the others. Each is by itself, so that it does not matter how they are cut.
///
/// What `f` knows is its own: numbers behind a reference would be read again for each element.
pub(crate) fn zip_elements<T: Scalar, const N: usize>(
    to: &mut [T],
    from: &[T],
    mut others: [&mut [T]; N],
    f: impl Fn(&mut T, T, [&mut T; N]) + Copy + Send + Sync + 'static,
) {
    if to.len() >= 2 * TOGETHER * BLOCK {
        let middle = to.len() / 2;
        let (to, to_right) = to.split_at_mut(middle);
        let (from, from_right) = from.split_at(middle);
        let others_right = others.each_mut().map(|other| {
            let (left, right) = mem::take(other).split_at_mut(middle);
            *other = left;
            right
        });
        rayon::join(
            || zip_elements(to, from, others, f),
            || zip_elements(to_right, from_right, others_right, f),
        );
    } else {
        vectorised(
            #[inline(always)]
            || zip_in_order(to, from, others, f),
        );
    }
}

#[inline(always)]
fn zip_in_order<T: Scalar, const N: usize>(
    to: &mut [T],
    from: &[T],
    others: [&mut [T]; N],
    f: impl Fn(&mut T, T, [&mut T; N]),
) {
    // Lengths that the compiler sees to be one are checked once.
    let len = to.len();
    let mut others = others.map(|other| &mut other[..len]);
    for (i, (to, &from)) in to.iter_mut().zip(&from[..len]).enumerate() {
        // All is read before anything is written: no slice need be known to be none of the others.
        let (mut x, mut rest) = (*to, others.each_ref().map(|other| other[i]));
        f(&mut x, from, rest.each_mut());
        *to = x;
        for (other, x) in others.iter_mut().zip(rest) {
            other[i] = x;
        }
    }
}

/// Σ x² over each block, into `sums`.
pub(crate) fn squares<T: Scalar>(xs: &[T], sums: &mut [f64]) {
    let blocks = xs.par_chunks(BLOCK).zip(sums);
    blocks
        .with_min_len(TOGETHER)
        .for_each(|(xs, sum)| *sum = sum_of_squares(xs));
}

/// to += Σ parts, and Σ to² over each block, into `sums`.
pub(crate) fn add_and_square<T: Scalar>(to: &mut [T], parts: &[&[T]], sums: &mut [f64]) {
    let blocks = to.par_chunks_mut(BLOCK).zip(sums).enumerate();
    blocks.with_min_len(TOGETHER).for_each(|(i, (to, sum))| {
        for part in parts {
            let part = &part[i * BLOCK..][..to.len()];
            vectorised(|| to.iter_mut().zip(part).for_each(|(to, &x)| *to += x));
        }
        *sum = sum_of_squares(to);
    });
}

/// Summed in f64, side by side in the lanes of vector registers.
fn sum_of_squares<T: Scalar>(xs: &[T]) -> f64 {
    vectorised(
        #[inline(always)]
        || {
            let mut lanes = [0.0; 16];
            let chunks = xs.chunks_exact(lanes.len());
            let rest = chunks.remainder();
            for chunk in chunks {
                for i in 0..lanes.len() {
                    let x = chunk[i].to_f64();
                    lanes[i] += x * x;
                }
            }
            let rest = rest.iter().map(|x| x.to_f64() * x.to_f64());
            lanes.iter().sum::<f64>() + rest.sum::<f64>()
        },
    )
}
