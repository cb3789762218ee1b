//! Every operation, compiled once.
//!
//! Generic code is compiled where it is used with a type: each crate, test and notebook cell that
//! takes a `tanh` would compile its loops anew, for every kind of processor. But a generic function
//! that is marked as never inlined, such as [`Tape::record`], is shared where the crate that it comes
//! from uses it with that type itself. So this one does, for `f32` and `f64`. A cell of a notebook
//! compiles in a third of a second instead of three.

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
    let all = [
        elementwise(x),
        binary(x),
        product(x),
        reduce(x),
        arrange(x),
        loss(x),
    ];
    inspect(x, &all);
    Var::concat_rows(&all).backward()
}

fn elementwise<T: Scalar>(x: Var<'_, T>) -> Var<'_, T> {
    let c = x.item();
    let x = x
        .tanh()
        .sigmoid()
        .relu()
        .softplus()
        .exp()
        .ln()
        .sqrt()
        .square()
        .abs();
    (-x.powi(2).clamp(c, c) + c).sub_from(c).div_into(c) * c
}

fn binary<T: Scalar>(x: Var<'_, T>) -> Var<'_, T> {
    (x + x) * x / (x * x - x)
}

fn product<T: Scalar>(x: Var<'_, T>) -> Var<'_, T> {
    x.matmul(x).matmul_t(x).add_matmul_t(x, x)
}

fn reduce<T: Scalar>(x: Var<'_, T>) -> Var<'_, T> {
    let x = x.sum_rows().sum_cols().row_max().mean();
    x.softmax().log_softmax().log_sum_exp().sum()
}

fn arrange<T: Scalar>(x: Var<'_, T>) -> Var<'_, T> {
    let x = Var::concat_cols(&[x.transpose().gather_rows(&[0])])
        .rows(0..1)
        .cols(0..1);
    x.select(x, x).dropout(x, 0.5).detach()
}

fn loss<T: Scalar>(x: Var<'_, T>) -> Var<'_, T> {
    let x = x.cross_entropy(&[0]).cross_entropy_weighted(&[0], x);
    x.mean_squared_error(x).binary_cross_entropy(x)
}

fn inspect<T: Scalar>(x: Var<'_, T>, all: &[Var<'_, T>]) {
    let tape = x.tape();
    let _ = (tape.program(), tape.table(None));
    let _ = (x.replay().next(), x.jacobian(x), x.gradient_flow(all));
    let _ = (x.triangle(all), x.nested_formula(x, all));
    let _ = (tape.over_time(""), x.value().to_matrix().singular_values());
}
