//! Every operation, compiled once.
//!
//! Generic code is compiled where it is used with a type: each crate, test and notebook cell that
//! takes a `tanh` would compile its loops anew, for every kind of processor. But a generic function
//! that is marked as never inlined, such as [`Tape::record`], is shared where the crate that it comes
//! from uses it with that type itself. So this one does, for `f32` and `f64`. A cell of a notebook
//! compiles in a third of a second instead of three.

use super::table::operations;
use crate::{Gradients, Matrix, Scalar, Tape, Var};

/// Not to be called.
pub fn of_f32(x: Var<'_, f32>) {
    let _ = all(x);
}

/// Not to be called.
pub fn of_f64(x: Var<'_, f64>) {
    let _ = all(x);
}

fn all<T: Scalar>(x: Var<'_, T>) -> Gradients<'_, T> {
    let tape = Tape::<T>::leaked();
    let _ = tape.var(Matrix::zeros(1, 1)) + tape.constant(Matrix::identity(1));
    let recorded = operations().into_iter().map(|op| (op.function)(&[x, x, x]));
    let recorded: Vec<_> = recorded.collect();
    inspect(x, &recorded);
    Var::concat_rows(&recorded).backward()
}

fn inspect<T: Scalar>(x: Var<'_, T>, all: &[Var<'_, T>]) {
    let tape = x.tape();
    let _ = (x.item(), tape.program(), tape.table(None));
    let _ = (x.replay().next(), x.jacobian(x), x.gradient_flow(all));
    let _ = (x.triangle(all), x.nested_formula(x, all));
    let _ = (tape.over_time(""), x.value().to_matrix().singular_values());
}
