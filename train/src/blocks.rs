//! Work on all elements of the parameters, block by block and spread over threads.
//!
//! Blocks are the same on any number of threads, and so are their sums.

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
