//! Dropout on recurrent connections: a sample sees W without the columns of the units that it misses.

use std::sync::Arc;

use autograd::{Matrix, Tape, Var, gradcheck};
use layers::{
    Activation, Bound, Cell, CoupledLstm, Direction, Gru, LayerNormGru, LayerNormLstm, Lengths,
    Lstm, ParameterSet, PeepholeLstm, RecurrentDropout, Reset, SimpleRnn, unroll_from,
    unroll_in_segments,
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::ChaCha8Rng};

const INPUT: usize = 2;

type DynCell = Arc<dyn Cell<f64> + Send + Sync>;

/// The cell of that number, of all that there are.
fn cell(set: &mut ParameterSet<f64>, number: usize, hidden: usize) -> DynCell {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    match number {
        0 => Arc::new(SimpleRnn::new(set, "", INPUT, hidden, rng)),
        1 => {
            let rnn = SimpleRnn::new(set, "", INPUT, hidden, rng);
            Arc::new(rnn.with_activation(Activation::Relu))
        }
        2 => Arc::new(Lstm::new(set, "", INPUT, hidden, rng)),
        3 => Arc::new(Gru::new(set, "", INPUT, hidden, Reset::Before, rng)),
        4 => Arc::new(Gru::new(set, "", INPUT, hidden, Reset::After, rng)),
        5 => Arc::new(PeepholeLstm::new(set, "", INPUT, hidden, rng)),
        6 => Arc::new(CoupledLstm::new(set, "", INPUT, hidden, rng)),
        7 => Arc::new(LayerNormLstm::new(set, "", INPUT, hidden, rng)),
        _ => Arc::new(LayerNormGru::new(set, "", INPUT, hidden, rng)),
    }
}

fn steps(rows: usize) -> Matrix<f64> {
    Matrix::from_fn(rows, INPUT, |r, c| ((3 * r + c) as f64).sin())
}

/// The outputs of all steps.
fn read<'t>(
    cell: &dyn Cell<f64>,
    direction: Direction,
    p: &Bound<'t, f64>,
    x: Var<'t, f64>,
    lengths: &Lengths,
) -> Var<'t, f64> {
    let start = cell.initial_state(p, lengths.samples());
    unroll_from(0, direction, cell, p, cell.project(p, x), lengths, start).stacked()
}

/// What was recorded under the name "mask".
fn masks(tape: &Tape<f64>) -> Vec<Matrix<f64>> {
    let nodes = (0..tape.len()).map(|index| tape.node(index));
    nodes
        .filter(|node| node.info().name == Some("mask"))
        .map(|node| node.value().to_matrix())
        .collect()
}

fn directions() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Forward), Just(Direction::Backward)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every sample gives what it gives alone, without dropout, where W has the columns that its mask
    /// leaves, divided by 1 − p.
    #[test]
    fn the_products_miss_units(
        number in 0..9_usize, hidden in 1..6_usize, direction in directions(),
        mut lengths in prop::collection::vec(1..5_usize, 1..4), seed: u64,
    ) {
        lengths.sort_unstable_by_key(|length| std::cmp::Reverse(*length)); // rows of the mask are samples
        let (mut set, p) = (ParameterSet::new(), 0.4);
        let cell = cell(&mut set, number, hidden);
        let lengths = Lengths::new(&lengths).unwrap();
        let (tape, x) = (Tape::new(), steps(lengths.row_count()));
        let bound = set.bind(&tape).training(seed);
        let dropping = RecurrentDropout::new(Arc::clone(&cell), p);
        let outputs = read(&dropping, direction, &bound, tape.constant(x.clone()), &lengths);
        let masks = masks(&tape);
        prop_assert_eq!(masks.len(), 1, "one mask for all steps");
        prop_assert_eq!(masks[0].shape().to_string(), format!("[{}, {hidden}]", lengths.samples()));
        for sample in 0..lengths.samples() {
            let mut alone = set.clone();
            let w = alone.get_mut(cell.weights().w);
            *w = Matrix::from_fn(w.row_count(), hidden, |r, c| w[(r, c)] * masks[0][(sample, c)] / (1.0 - p));
            let (tape, length) = (Tape::new(), lengths.of(sample));
            let rows: Vec<_> = lengths.rows_of(sample).collect();
            let x = Matrix::from_fn(length, INPUT, |t, c| x[(rows[t], c)]);
            let expected = read(&cell, direction, &alone.bind(&tape), tape.constant(x), &Lengths::equal(1, length));
            for (t, &row) in rows.iter().enumerate() {
                for c in 0..hidden {
                    let (ours, theirs) = (outputs.value()[(row, c)], expected.value()[(t, c)]);
                    prop_assert!((ours - theirs).abs() < 1e-12, "sample {sample}, step {t}, {ours} {theirs}");
                }
            }
        }
    }

    #[test]
    fn gradients_are_those_of_differences(
        number in 0..9_usize, hidden in 1..4_usize, lengths in prop::collection::vec(1..4_usize, 1..3), seed: u64,
    ) {
        let mut set = ParameterSet::new();
        let cell = cell(&mut set, number, hidden);
        let dropping = RecurrentDropout::new(cell, 0.4);
        let lengths = Lengths::new(&lengths).unwrap();
        let values = set.ids().map(|id| set.get(id).clone());
        // With relu, differences are wrong where a unit is exactly at 0, as before the first step.
        prop_assume!(number != 1);
        let inputs: Vec<_> = values.chain([steps(lengths.row_count())]).collect();
        let check = gradcheck(|v| {
            let p = Bound::from_vars(&v[..v.len() - 1]).training(seed);
            read(&dropping, Direction::Forward, &p, v[v.len() - 1], &lengths)
        }, &inputs);
        prop_assert!(check.is_ok(), "{}", check.unwrap_err());
    }
}

/// Nothing is drawn but in training.
#[test]
fn outside_of_training_it_is_the_cell() {
    let mut set = ParameterSet::new();
    let cell = cell(&mut set, 2, 3);
    let program = |cell: &dyn Cell<f64>| {
        let tape = Tape::new();
        let lengths = Lengths::new(&[2, 4]).unwrap();
        read(
            cell,
            Direction::Forward,
            &set.bind(&tape),
            tape.constant(steps(6)),
            &lengths,
        );
        tape.program().to_string()
    };
    let dropping = RecurrentDropout::new(Arc::clone(&cell), 0.5);
    assert_eq!(program(&dropping), program(&cell));
}

/// Segments that are computed again are of the same pass: all have its mask.
#[test]
fn segments_share_the_mask() {
    let (mut set, hidden) = (ParameterSet::new(), 4);
    let cell: DynCell = Arc::new(RecurrentDropout::new(cell(&mut set, 4, hidden), 0.5));
    let lengths = Lengths::new(&[7, 5, 2]).unwrap();
    let outputs = |segment| {
        let tape = Tape::new();
        let p = set.bind(&tape).training(3);
        let zx = cell.project(&p, tape.constant(steps(14)));
        let start = cell.initial_state(&p, 3);
        let h = unroll_in_segments(&cell, &p, zx, &lengths, start, segment).stacked();
        let gradients = h.square().sum().backward();
        let gradients: Vec<_> = p.vars().map(|var| gradients.of(var)).collect();
        (h.value().to_matrix(), gradients)
    };
    let (whole, parts) = (outputs(7), outputs(2));
    assert_eq!(whole.0, parts.0);
    for (a, b) in whole.1.iter().zip(&parts.1) {
        assert!(
            a.data()
                .iter()
                .zip(b.data())
                .all(|(a, b)| (a - b).abs() < 1e-12)
        );
    }
}
