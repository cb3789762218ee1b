//! Cells that PyTorch has not, against their equations written out in it. The formulas are those of cells_reference.py.
#![allow(missing_docs)]

#[path = "cells_reference/mod.rs"]
mod reference;

use autograd::{Matrix, Scalar, Tape};
use layers::{
    Activation, Cell, CoupledLstm, LayerNorm, LayerNormGru, LayerNormLstm, ParameterSet,
    PeepholeLstm, SimpleRnn, unroll,
};
use rand::{SeedableRng, rngs::ChaCha8Rng};
use reference::Reference;

const STEPS: usize = 3;
const BATCH: usize = 2;
const INPUT: usize = 2;
const HIDDEN: usize = 3;

fn wave<T: Scalar>(k: usize, rows: usize, cols: usize) -> Matrix<T> {
    Matrix::from_fn(rows, cols, |r, c| {
        T::from_f64(0.8 * (0.7 * (r * cols + c) as f64 + k as f64).sin())
    })
}

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

/// To ten digits after the point, or to five in f32.
fn assert_close<T: Scalar>(what: &str, ours: impl IntoIterator<Item = T>, theirs: &[f64]) {
    let ours: Vec<f64> = ours.into_iter().map(T::to_f64).collect();
    let tolerance = if T::NAME == "f32" { 1e-5 } else { 1e-10 };
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (a, b) in ours.iter().zip(theirs) {
        let apart = (a - b).abs();
        assert!(
            apart < tolerance * b.abs().max(1.0),
            "{what}: {a} against {b}"
        );
    }
}

/// The parameter at position k of the set is the wave 11 + k.
fn fill<T: Scalar>(set: &mut ParameterSet<T>) {
    for (k, id) in set.ids().enumerate() {
        let shape = set.get(id).shape();
        *set.get_mut(id) = wave(11 + k, shape.rows, shape.cols);
    }
}

fn check<T: Scalar>(set: &mut ParameterSet<T>, cell: &dyn Cell<T>, reference: &Reference) {
    fill(set);
    let tape = Tape::new();
    let p = set.bind(&tape);
    let zx = cell.project(&p, tape.constant(wave(7, STEPS * BATCH, INPUT)));
    let unrolled = unroll(cell, &p, zx, BATCH, cell.initial_state(&p, BATCH));
    let outputs = unrolled.stacked();
    let constant = |k, rows| tape.constant(wave(k, rows, HIDDEN));
    let mut loss = (outputs * constant(5, STEPS * BATCH)).sum();
    if let Some(c) = unrolled.state.c {
        loss += (c * constant(6, BATCH)).sum();
    }
    let gradients = loss.backward();
    assert_close("outputs", outputs.value().iter(), reference.outputs);
    assert_eq!(set.len(), reference.gradients.len());
    for (id, theirs) in set.ids().zip(reference.gradients) {
        assert_close(set.name(id), gradients.of(p.var(id)).into_vec(), theirs);
    }
}

/// A cell with learned initial states, in double and single precision.
macro_rules! equals_its_equations {
    ($($test:ident: $REFERENCE:ident, |$set:ident, $rng:ident| $cell:expr;)*) => {$(
        #[test]
        fn $test() {
            fn of<T: Scalar>() {
                let ($set, $rng) = (&mut ParameterSet::<T>::new(), &mut rng());
                let cell = $cell.with_learned_state($set);
                check($set, &cell, &reference::$REFERENCE);
            }
            of::<f64>();
            of::<f32>();
        }
    )*};
}

equals_its_equations! {
    relu_rnn: RELU_RNN, |set, rng| SimpleRnn::new(set, "", INPUT, HIDDEN, rng).with_activation(Activation::Relu);
    peephole_lstm: PEEPHOLE_LSTM, |set, rng| PeepholeLstm::new(set, "", INPUT, HIDDEN, rng);
    coupled_lstm: COUPLED_LSTM, |set, rng| CoupledLstm::new(set, "", INPUT, HIDDEN, rng);
    layer_norm_lstm: LAYER_NORM_LSTM, |set, rng| LayerNormLstm::new(set, "", INPUT, HIDDEN, rng);
    layer_norm_gru: LAYER_NORM_GRU, |set, rng| LayerNormGru::new(set, "", INPUT, HIDDEN, rng);
}

#[test]
fn layer_norm() {
    let mut set = ParameterSet::<f64>::new();
    let norm = LayerNorm::new(&mut set, "norm", HIDDEN);
    fill(&mut set);
    let tape = Tape::new();
    let (p, x) = (set.bind(&tape), tape.var(wave(7, STEPS, HIDDEN)));
    let y = norm.apply(&p, x);
    let gradients = y.backward_from(&wave(5, STEPS, HIDDEN));
    assert_close("y", y.value().iter(), reference::LAYER_NORM.outputs);
    for (var, theirs) in p.vars().chain([x]).zip(reference::LAYER_NORM.gradients) {
        assert_close("gradient", gradients.of(var).into_vec(), theirs);
    }
}

/// What the forget gates start with.
#[test]
fn forget_biases() {
    let (mut set, mut rng) = (ParameterSet::<f64>::new(), rng());
    let (s, r) = (&mut set, &mut rng);
    let peephole = PeepholeLstm::new(s, "peephole", INPUT, HIDDEN, r).with_forget_bias(s, 2.0);
    let norm = LayerNormLstm::new(s, "norm", INPUT, HIDDEN, r).with_forget_bias(s, 3.0);
    let coupled = CoupledLstm::new(s, "coupled", INPUT, HIDDEN, r).with_forget_bias(s, 4.0);
    let cells: [(&dyn Cell<f64>, usize, f64); 3] =
        [(&peephole, 1, 2.0), (&norm, 1, 3.0), (&coupled, 0, -4.0)];
    for (cell, gate, bias) in cells {
        let b = set.get(cell.weights().b).data();
        let of_gate = gate * HIDDEN..(gate + 1) * HIDDEN;
        assert!(b[of_gate.clone()].iter().all(|&b| b == bias));
        let others = (0..b.len()).filter(|k| !of_gate.contains(k));
        assert!(others.into_iter().all(|k| b[k].abs() < 1.0));
    }
}
