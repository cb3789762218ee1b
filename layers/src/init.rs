//! What parameters start as.

use autograd::{Matrix, Scalar};
use rand::{Rng, RngExt};

/// A matrix of independent draws from U(-bound, bound).
///
/// PyTorch's recurrent layers start at the bound 1/√H for H hidden units.
///
/// # Panics
/// If the bound is negative, NaN or infinite, or the matrix would have no elements.
#[track_caller]
pub fn uniform<T: Scalar>(
    rows: usize,
    cols: usize,
    bound: f64,
    rng: &mut (impl Rng + ?Sized),
) -> Matrix<T> {
    assert!(
        (0.0..f64::INFINITY).contains(&bound),
        "parameters drawn from U(-{bound}, {bound})"
    );
    Matrix::from_fn(rows, cols, |_, _| {
        T::from_f64(bound * (2.0 * rng.random::<f64>() - 1.0))
    })
}
