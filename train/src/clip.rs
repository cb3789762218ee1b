//! Gradient clipping, against gradients that explode over time.

use autograd::Scalar;

use crate::ParameterGradients;

/// If ‖g‖ ≥ threshold then g ← threshold / ‖g‖ · g, where ‖g‖ is the norm of all gradients
/// together: the direction stays. Returns the norm before.
///
/// A norm that is NaN or infinite leaves the gradients as they are, for the caller to see.
///
/// Source: Pascanu, Mikolov, Bengio 2013, *On the difficulty of training recurrent neural
/// networks*, algorithm 1.
///
/// # Panics
/// If the threshold is not positive.
#[track_caller]
pub fn clip_by_global_norm<T: Scalar>(
    gradients: &mut ParameterGradients<T>,
    threshold: f64,
) -> f64 {
    check_threshold(threshold);
    let norm = gradients.norm();
    let factor = clipping_factor(norm, threshold);
    if factor < 1.0 {
        let factor = T::from_f64(factor);
        gradients.map_in_place(|g| factor * g);
    }
    norm
}

/// That a threshold leaves something of the gradients.
#[track_caller]
pub(crate) fn check_threshold(threshold: f64) {
    assert!(
        threshold > 0.0,
        "a clipping threshold of {threshold}: it must be positive, such as 1.0; not to clip, give \
         none"
    );
}

/// What [`clip_by_global_norm`] multiplies gradients of this norm by: at most 1.
///
/// # Panics
/// If the threshold is not positive.
#[must_use]
#[track_caller]
pub fn clipping_factor(norm: f64, threshold: f64) -> f64 {
    check_threshold(threshold);
    if norm >= threshold && norm.is_finite() {
        threshold / norm
    } else {
        1.0
    }
}

/// Every element g ← min(max(g, −limit), limit), each for itself: the direction may change.
/// Returns the global norm before.
///
/// # Panics
/// If the limit is not positive.
#[track_caller]
pub fn clip_by_value<T: Scalar>(gradients: &mut ParameterGradients<T>, limit: f64) -> f64 {
    assert!(
        limit > 0.0,
        "a clipping limit of {limit}: it must be positive, such as 1.0"
    );
    let norm = gradients.norm();
    let limit = T::from_f64(limit);
    gradients.map_in_place(|g| match g {
        g if g > limit => limit,
        g if g < -limit => -limit,
        g => g,
    });
    norm
}
