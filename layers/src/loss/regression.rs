//! Errors of real numbers: squared, absolute, and Huber's, which is the one near 0 and the other far
//! from it.

use autograd::{Scalar, Var};

use super::{Reduction, check};

/// (y − c)², for outputs y and targets c, over all elements.
///
/// ```
/// use autograd::{Matrix, Tape};
/// use layers::loss::{Reduction, squared_error};
///
/// let tape = Tape::<f64>::new();
/// let y = tape.var(Matrix::from([[1.0], [3.0]]));
/// let c = tape.constant(Matrix::from([[0.0], [1.0]]));
/// assert_eq!(squared_error(y, c, Reduction::Mean).item(), 2.5);
/// ```
///
/// # Panics
/// If the shapes differ, or a target is NaN.
#[track_caller]
pub fn squared_error<'t, T: Scalar>(
    y: Var<'t, T>,
    targets: Var<'t, T>,
    reduction: Reduction,
) -> Var<'t, T> {
    numbers("squared_error", y, targets);
    match reduction {
        Reduction::Mean => y.mean_squared_error(targets),
        Reduction::Sum => (y - targets).square().sum(),
    }
}

/// |y − c|, for outputs y and targets c, over all elements. At 0 the derivative is taken as 0.
///
/// # Panics
/// If the shapes differ, or a target is NaN.
#[track_caller]
pub fn absolute_error<'t, T: Scalar>(
    y: Var<'t, T>,
    targets: Var<'t, T>,
    reduction: Reduction,
) -> Var<'t, T> {
    numbers("absolute_error", y, targets);
    reduction.of((y - targets).abs())
}

/// Huber's error of r = y − c, for outputs y and targets c, over all elements (Huber 1964, *Robust
/// estimation of a location parameter*; PyTorch's `HuberLoss`):
///
/// r² / 2 where |r| ≤ δ, and δ (|r| − δ / 2) beyond: there the derivative stays ±δ.
///
/// Both are k (r − k / 2), with k the part of r that is within ±δ.
///
/// # Panics
/// If the shapes differ, a target is NaN, or δ is not positive and finite.
#[track_caller]
pub fn huber_error<'t, T: Scalar>(
    y: Var<'t, T>,
    targets: Var<'t, T>,
    delta: f64,
    reduction: Reduction,
) -> Var<'t, T> {
    assert!(
        delta > 0.0 && delta.is_finite(),
        "huber_error: a delta of {delta}: it must be positive and finite"
    );
    numbers("huber_error", y, targets);
    let delta = T::from_f64(delta);
    let r = (y - targets).named("r");
    let k = r.clamp(-delta, delta);
    reduction.of(k * (r - k * T::from_f64(0.5)))
}

#[track_caller]
fn numbers<T: Scalar>(loss: &str, y: Var<'_, T>, targets: Var<'_, T>) {
    check::targets(loss, y, targets, |x| !x.is_nan(), "a number");
}
