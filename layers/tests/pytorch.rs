//! Every cell against PyTorch, in outputs and gradients; the formulas are those of reference.py.
#![allow(missing_docs)]

mod reference;

use autograd::{Matrix, Tape};
use layers::{Cell, Gru, Lstm, ParameterSet, Reset, SimpleRnn, unroll};
use rand::{SeedableRng, rngs::ChaCha8Rng};
use reference::Reference;

const STEPS: usize = 3;
const BATCH: usize = 2;
const INPUT: usize = 2;
const HIDDEN: usize = 3;

fn wave(k: usize, rows: usize, cols: usize) -> Matrix<f64> {
    Matrix::from_fn(rows, cols, |r, c| {
        0.8 * (0.7 * (r * cols + c) as f64 + k as f64).sin()
    })
}

/// The number of the wave that a parameter is filled with.
fn number(name: &str) -> usize {
    ["", "U", "W", "b", "c", "", "", "", "h0", "c0"]
        .into_iter()
        .position(|n| n == name)
        .unwrap()
}

fn assert_close(what: &str, ours: impl IntoIterator<Item = f64>, theirs: &[f64]) {
    let ours: Vec<f64> = ours.into_iter().collect();
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (a, b) in ours.iter().zip(theirs) {
        assert!((a - b).abs() < 1e-10, "{what}: {a} against {b}");
    }
}

fn check(set: &mut ParameterSet<f64>, cell: &dyn Cell<f64>, reference: &Reference) {
    for id in set.ids() {
        let shape = set.get(id).shape();
        *set.get_mut(id) = wave(number(set.name(id)), shape.rows, shape.cols);
    }
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

#[test]
fn rnn() {
    let set = &mut ParameterSet::new();
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let cell = SimpleRnn::new(set, "", INPUT, HIDDEN, rng).with_learned_state(set);
    check(set, &cell, &reference::RNN);
}

#[test]
fn lstm() {
    let set = &mut ParameterSet::new();
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let cell = Lstm::new(set, "", INPUT, HIDDEN, rng).with_learned_state(set);
    check(set, &cell, &reference::LSTM);
}

#[test]
fn gru_reset_after() {
    let set = &mut ParameterSet::new();
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let cell = Gru::new(set, "", INPUT, HIDDEN, Reset::After, rng).with_learned_state(set);
    check(set, &cell, &reference::GRU_AFTER);
}

#[test]
fn gru_reset_before() {
    let set = &mut ParameterSet::new();
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let cell = Gru::new(set, "", INPUT, HIDDEN, Reset::Before, rng).with_learned_state(set);
    check(set, &cell, &reference::GRU_BEFORE);
}
