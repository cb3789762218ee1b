//! [`dropout`]: noise against overfitting.

use autograd::{Scalar, Var};
use rand::{Rng, RngExt};

/// Sets each element to 0 with probability `p` and divides the others by 1 − p, so that the
/// expected value stays (Srivastava et al. 2014). At p = 0, as when predicting, this is `x` itself.
///
/// # Panics
/// If p is not in 0..1.
#[track_caller]
pub fn dropout<'t, T: Scalar>(x: Var<'t, T>, p: f64, rng: &mut (impl Rng + ?Sized)) -> Var<'t, T> {
    assert!(
        (0.0..1.0).contains(&p),
        "dropout with p = {p}, which is not in 0..1"
    );
    if p == 0.0 {
        return x;
    }
    let mask = x.tape().constant_with(x.row_count(), x.col_count(), |m| {
        for keep in m.data_mut() {
            *keep = if rng.random_bool(p) { T::ZERO } else { T::ONE };
        }
    });
    x.dropout(mask.named("mask"), p)
}
