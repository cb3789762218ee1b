//! Every picture of a tape, compiled once: see [`autograd::ops::compiled`], which does the same for
//! the operations.

use autograd::{Scalar, Var};

use crate::{Drawing, HeatMap, Overview, Page};

/// Not to be called.
pub fn of_f32(x: Var<'_, f32>) {
    all(x);
}

/// Not to be called.
pub fn of_f64(x: Var<'_, f64>) {
    all(x);
}

fn all<T: Scalar>(x: Var<'_, T>) {
    let tape = x.tape();
    let _ = (Drawing::of(tape, None), Overview::of(tape, None));
    let _ = (Page::of(x), HeatMap::of(&x.value().to_matrix()));
}
