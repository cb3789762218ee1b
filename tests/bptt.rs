//! The lecture's derivation of backpropagation through time, by hand against the tape.
#![allow(missing_docs)]

use autograd::{Matrix, Tape};

/// ∂E_2/∂U = ∂E_2/∂h_2 (x_2ᵀ + ∂h_2/∂h_1 (x_1ᵀ + ∂h_1/∂h_0 x_0ᵀ)) for numbers, where
/// h_t = tanh(U x_t + W h_{t-1}) and E_t = (h_t − c_t)².
#[test]
fn the_sum_over_time_of_the_lecture_is_what_the_sweep_computes() {
    let (u, w) = (0.7_f64, -0.4_f64);
    let (x, c) = ([1.0, -0.5, 0.8], [0.2, 0.1, -0.3]);

    let mut h = [0.0; 3];
    for t in 0..3 {
        h[t] = (u * x[t] + w * if t == 0 { 0.0 } else { h[t - 1] }).tanh();
    }
    let slope = |t: usize| 1.0 - h[t] * h[t]; // ∂h_t/∂(U x_t + W h_{t-1})
    let e_h = |t: usize| 2.0 * (h[t] - c[t]); // ∂E_t/∂h_t
    let step = |t: usize| slope(t) * w; // ∂h_t/∂h_{t-1}
    let e2 = e_h(2) * (slope(2) * x[2] + step(2) * (slope(1) * x[1] + step(1) * (slope(0) * x[0])));
    let e1 = e_h(1) * (slope(1) * x[1] + step(1) * (slope(0) * x[0]));
    let e0 = e_h(0) * (slope(0) * x[0]);

    let tape = Tape::<f64>::new();
    let (u, w) = (tape.var(Matrix::scalar(u)), tape.var(Matrix::scalar(w)));
    let mut h = tape.zeros(1, 1);
    let mut errors = Vec::new();
    for t in 0..3 {
        let _step = tape.step(t);
        let x = tape.constant(Matrix::scalar(x[t])).named("x");
        h = (x.matmul_t(u) + h.matmul_t(w)).tanh().named("h");
        errors.push((h - c[t]).square().named("E"));
    }
    for (error, by_hand) in errors.iter().zip([e0, e1, e2]) {
        assert!((error.backward().of(u)[(0, 0)] - by_hand).abs() < 1e-15);
    }
    let total = errors[0] + errors[1] + errors[2];
    assert!((total.backward().of(u)[(0, 0)] - (e0 + e1 + e2)).abs() < 1e-15);
}
