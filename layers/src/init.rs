//! What parameters start as.

use autograd::{Matrix, Scalar};
use rand::{Rng, RngExt};

/// A matrix of independent draws from U(-bound, bound).
///
/// PyTorch's recurrent layers start at the bound 1/√H for H hidden units.
pub fn uniform<T: Scalar>(
    rows: usize,
    cols: usize,
    bound: f64,
    rng: &mut (impl Rng + ?Sized),
) -> Matrix<T> {
    Matrix::from_fn(rows, cols, |_, _| {
        T::from_f64(bound * (2.0 * rng.random::<f64>() - 1.0))
    })
}
