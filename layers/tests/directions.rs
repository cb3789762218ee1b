//! Unrolling from any step and in either direction, and what a timeline keeps apart.

use autograd::{Matrix, Tape, Var};
use layers::{
    Bound, Cell, Direction, Gru, Lstm, ParameterSet, Reset, SimpleRnn, Unrolled, unroll_from,
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::ChaCha8Rng};

const INPUT: usize = 2;

fn cells(set: &mut ParameterSet<f64>, hidden: usize, seed: u64) -> Vec<Box<dyn Cell<f64>>> {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    vec![
        Box::new(SimpleRnn::new(set, "rnn1", INPUT, hidden, rng)),
        Box::new(Lstm::new(set, "lstm1", INPUT, hidden, rng)),
        Box::new(Gru::new(set, "gru1", INPUT, hidden, Reset::Before, rng)),
    ]
}

/// The sequence with its steps in the opposite order.
fn turned(x: &Matrix<f64>, batch: usize) -> Matrix<f64> {
    let steps = x.row_count() / batch;
    Matrix::from_fn(x.row_count(), x.col_count(), |r, c| {
        x[((steps - 1 - r / batch) * batch + r % batch, c)]
    })
}

fn read<'t>(
    (cell, p): (&dyn Cell<f64>, &Bound<'t, f64>),
    x: Matrix<f64>,
    batch: usize,
    first: usize,
    direction: Direction,
) -> Unrolled<'t, f64> {
    let zx = cell.project(p, p.tape().constant(x));
    let start = cell.initial_state(p, batch);
    unroll_from(first, direction, cell, p, zx, batch, start)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn reading_backwards_is_reading_the_turned_sequence(
        steps in 1..6_usize, batch in 1..4_usize, hidden in 1..5_usize, first in 0..100_usize, seed: u64,
    ) {
        let mut set = ParameterSet::new();
        let cells = cells(&mut set, hidden, seed);
        let x = Matrix::from_fn(steps * batch, INPUT, |r, c| ((r * 3 + c * 5 + seed as usize % 7) as f64).sin());
        for cell in &cells {
            let tape = Tape::new();
            let p = set.bind(&tape);
            let cell = (cell.as_ref(), &p);
            let backward = read(cell, x.clone(), batch, first, Direction::Backward);
            let forward = read(cell, turned(&x, batch), batch, 0, Direction::Forward);
            let values = |h: &[Var<'_, f64>]| h.iter().map(|h| h.value().to_matrix()).collect::<Vec<_>>();
            let mut expected = values(&forward.outputs);
            expected.reverse();
            prop_assert_eq!(values(&backward.outputs), expected);
            prop_assert_eq!(backward.state.h, backward.outputs[0]);
            for (k, h) in backward.outputs.iter().enumerate() {
                prop_assert_eq!(h.info().time, Some(first + k));
            }
        }
    }
}

/// Both directions have steps 0 to 2; their triangle has a column for each of either.
#[test]
fn two_directions_are_two_timelines() {
    let mut set = ParameterSet::new();
    let cell = cells(&mut set, 3, 7).swap_remove(1);
    let tape = Tape::new();
    let p = set.bind(&tape);
    let x = Matrix::from_fn(3, INPUT, |r, c| (r + 2 * c) as f64 * 0.3 - 0.2);
    let read = |name, direction| {
        let _direction = tape.timeline(name);
        read((cell.as_ref(), &p), x.clone(), 1, 0, direction)
    };
    let forward = read("forward", Direction::Forward);
    let backward = read("backward", Direction::Backward);
    let both = Var::concat_cols(&[forward.outputs[1], backward.outputs[1]]);
    let e = both.square().sum().named("E");
    let w = p.var(cell.weights().w);
    let triangle = w.triangle(&[e]);
    let names = [
        "forward: t = 0",
        "forward: t = 1",
        "backward: t = 1",
        "backward: t = 2",
    ];
    assert_eq!(triangle.step_names(), names);
    assert!(triangle.total().max_abs_diff(&e.backward().of(w)) < 1e-15);
    // Step 1 of the one direction is not step 1 of the other.
    assert_ne!(
        triangle.part(0, ("forward", 1)),
        triangle.part(0, ("backward", 1))
    );
    assert_eq!(triangle.part(0, 1), None);
    assert_eq!(forward.outputs[1].info().label(), "forward/lstm1/h.1");
    let timelines = tape.table(None).filter(|node| node.timeline == "backward");
    assert!(
        timelines
            .rows()
            .iter()
            .all(|row| row.node.scope.starts_with("backward"))
    );
    assert!(!timelines.rows().is_empty());
}

/// Of a layer that reads backward, h_0 has seen all other states.
#[test]
fn a_gradient_flows_in_either_direction() {
    let mut set = ParameterSet::new();
    let cell = cells(&mut set, 3, 7).swap_remove(1);
    let x = Matrix::from_fn(4, INPUT, |r, c| (r + 2 * c) as f64 * 0.3 - 0.2);
    let flow = |x: Matrix<f64>, direction, last: usize| {
        let tape = Tape::new();
        let unrolled = read((cell.as_ref(), &set.bind(&tape)), x, 1, 0, direction);
        let error = unrolled.outputs[last].square().sum();
        let flow = error.gradient_flow(&unrolled.outputs);
        (flow.gradients, flow.jacobians, flow.largest)
    };
    let mut turned_flow = flow(turned(&x, 1), Direction::Forward, 3);
    for numbers in [&mut turned_flow.0, &mut turned_flow.1, &mut turned_flow.2] {
        numbers.reverse();
    }
    let backward = flow(x, Direction::Backward, 0);
    assert!(backward.1.iter().all(|&norm| norm > 0.0));
    assert_eq!(backward, turned_flow);
}
