//! Every cell against PyTorch, in outputs and gradients; the formulas are those of reference.py.

use crate::reference::{self, Reference};
use autograd::{Dual, Matrix, Tape, hessian_vector_product};
use layers::{Bound, Cell, Gru, Linear, Lstm, ParameterSet, Reset, SimpleRnn, unroll};
use rand::{SeedableRng, rngs::ChaCha8Rng};

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

/// Hessian-vector products by dual numbers, forward over reverse, against PyTorch's double backward.
#[test]
fn hessian_of_an_lstm() {
    let (steps, batch, inputs, hidden, classes) = (5, 2, 3, 4, 3);
    let set = &mut ParameterSet::<Dual<f64>>::new();
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let cell = Lstm::new(set, "", inputs, hidden, rng);
    let output = Linear::new(set, "", hidden, classes, rng);
    let shapes: Vec<_> = set.ids().map(|id| set.get(id).shape()).collect();
    let waves = |numbers: [usize; 5]| -> Vec<_> {
        let pairs = numbers.into_iter().zip(&shapes);
        pairs.map(|(k, s)| wave(k, s.rows, s.cols)).collect()
    };
    let loss_of = std::cell::Cell::new(f64::NAN);
    let (gradients, products) = hessian_vector_product(
        |v| {
            let p = Bound::from_vars(v);
            let x = wave(7, steps * batch, inputs).map(Dual::constant);
            let zx = cell.project(&p, p.tape().constant(x));
            let unrolled = unroll(&cell, &p, zx, batch, cell.initial_state(&p, batch));
            let logits = output.apply(&p, unrolled.stacked());
            let targets: Vec<_> = (0..steps * batch).map(|i| (5 * i + 2) % classes).collect();
            let loss = logits.cross_entropy(&targets);
            loss_of.set(loss.item().value);
            loss
        },
        &waves([1, 2, 3, 4, 10]),
        &waves([20, 21, 22, 23, 24]),
    );
    let close = |what: &str, ours: &[f64], theirs: &[f64]| {
        assert_eq!(ours.len(), theirs.len(), "{what}");
        for (a, b) in ours.iter().zip(theirs) {
            assert!((a - b).abs() < 1e-14, "{what}: {a} against {b}");
        }
    };
    close("loss", &[loss_of.get()], &[reference::HESSIAN.loss]);
    for (i, id) in set.ids().enumerate() {
        let (name, theirs) = (set.name(id), reference::HESSIAN);
        close(name, gradients[i].data(), theirs.gradients[i]);
        close(name, products[i].data(), theirs.products[i]);
    }
}
