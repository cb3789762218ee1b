//! What can be wrong with outputs and targets, said at the user's line with the row that it is in.

use autograd::{Scalar, Var};

/// "y [4, 2]"
pub(super) fn describe<T: Scalar>(x: Var<'_, T>) -> String {
    format!("{} {}", x.info().label(), x.shape())
}

/// That outputs and targets have one shape, and each target is a number that `valid` accepts.
#[track_caller]
pub(super) fn targets<T: Scalar>(
    loss: &str,
    outputs: Var<'_, T>,
    targets: Var<'_, T>,
    valid: impl Fn(f64) -> bool,
    expected: &str,
) {
    assert!(
        outputs.shape() == targets.shape(),
        "{loss}: {} against the targets {}: the shapes must be equal",
        describe(outputs),
        describe(targets)
    );
    for (r, row) in targets.value().row_iter().enumerate() {
        if let Some(c) = row.iter().position(|x| !valid(x.to_f64())) {
            let x = row[c];
            panic!("{loss}: the target {x} of row {r}, column {c}, is not {expected}");
        }
    }
}

/// That weights are finite and none is below 0.
#[track_caller]
pub(super) fn weights(loss: &str, of: &str, weights: &[f64]) {
    let valid = |w: &f64| *w >= 0.0 && w.is_finite();
    if let Some(i) = weights.iter().position(|w| !valid(w)) {
        let w = weights[i];
        panic!("{loss}: the weight {w} of {of} {i} must be finite and not below 0");
    }
}
