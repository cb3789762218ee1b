//! Sequences of any length: a mini-batch is its samples, each alone.

use std::sync::Arc;

use autograd::{Matrix, Tape, Var};
use layers::{
    Backward, Bidirectional, Bound, Cell, CellKind, CharModel, Direction, Forward, Gru, Layer,
    Lengths, Linear, Lstm, ParameterSet, Reset, Sequence, SimpleRnn, Stack, unroll_from,
    unroll_in_segments,
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::ChaCha8Rng};

const INPUT: usize = 3;
const HIDDEN: usize = 4;

type DynCell = Arc<dyn Cell<f64> + Send + Sync>;

/// All kinds of cells, with learned initial states that are not zero.
fn cells(set: &mut ParameterSet<f64>) -> Vec<DynCell> {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let rnn = SimpleRnn::new(set, "rnn1", INPUT, HIDDEN, rng).with_learned_state(set);
    let lstm = Lstm::new(set, "lstm1", INPUT, HIDDEN, rng).with_learned_state(set);
    let before = Gru::new(set, "gru1", INPUT, HIDDEN, Reset::Before, rng).with_learned_state(set);
    let after = Gru::new(set, "gru2", INPUT, HIDDEN, Reset::After, rng).with_learned_state(set);
    let cells: Vec<DynCell> = vec![
        Arc::new(rnn),
        Arc::new(lstm),
        Arc::new(before),
        Arc::new(after),
    ];
    for cell in &cells {
        let weights = cell.weights();
        for id in [weights.h0, weights.c0].into_iter().flatten() {
            *set.get_mut(id) = Matrix::from_fn(1, HIDDEN, |_, c| 0.3 - 0.2 * c as f64);
        }
    }
    cells
}

fn samples(lengths: &[usize], seed: u64) -> Vec<Matrix<f64>> {
    let sample = |(i, &length): (usize, &usize)| {
        let phase = (seed % 97) as f64 + 10.0 * i as f64;
        Matrix::from_fn(length, INPUT, |t, c| (phase + (3 * t + c) as f64).sin())
    };
    lengths.iter().enumerate().map(sample).collect()
}

fn lengths() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1..7_usize, 1..6)
}

/// A seed for the gradient of a sample's step: not the same for any two.
fn weight(sample: usize, t: usize) -> f64 {
    1.0 + ((5 * sample + 3 * t) as f64).cos()
}

/// Σ w ⊙ h over all steps of all samples, and the sum of the final states.
fn error<'t>(h: &Sequence<'t, f64>, last: Var<'t, f64>, first: usize) -> Var<'t, f64> {
    let weights: Vec<_> = h
        .lengths()
        .positions()
        .map(|(s, t)| weight(first + s, t))
        .collect();
    let column = Matrix::from_fn(weights.len(), 1, |r, _| weights[r]);
    (h.stacked() * last.tape().constant(column)).sum() + last.square().sum()
}

/// Outputs by sample, final states, and the gradients of all parameters.
struct Results {
    outputs: Vec<Matrix<f64>>,
    states: Vec<Matrix<f64>>,
    gradients: Vec<Matrix<f64>>,
}

fn results(
    set: &ParameterSet<f64>,
    layer: &dyn Layer<f64>,
    x: &[Matrix<f64>],
    first: usize,
) -> Results {
    let tape = Tape::new();
    let p = set.bind(&tape);
    let mut states = layers::States::initial();
    let h = layer.pass(&p, Sequence::from_samples(&tape, x).unwrap(), &mut states);
    let states: Vec<_> = states
        .last()
        .into_iter()
        .flat_map(|s| [Some(s.h), s.c])
        .flatten()
        .collect();
    let e = error(&h, Var::concat_cols(&states), first);
    let gradients = e.backward();
    Results {
        outputs: (0..x.len())
            .map(|s| h.sample(s).value().to_matrix())
            .collect(),
        states: states.iter().map(|s| s.value().to_matrix()).collect(),
        gradients: p.vars().map(|v| gradients.of(v)).collect(),
    }
}

fn assert_close(found: &[Matrix<f64>], expected: &[Matrix<f64>], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (a, b) in found.iter().zip(expected) {
        assert!(
            a.max_abs_diff(b) <= 1e-12 * b.norm().max(1.0),
            "{what}: {a} {b}"
        );
    }
}

fn sum(all: Vec<Vec<Matrix<f64>>>) -> Vec<Matrix<f64>> {
    let add =
        |a: Vec<Matrix<f64>>, b: Vec<Matrix<f64>>| a.iter().zip(&b).map(|(a, b)| a + b).collect();
    all.into_iter().reduce(add).unwrap()
}

/// Outputs and states of every sample are to the bit those of the sample alone; gradients are their sum.
fn check(set: &ParameterSet<f64>, layer: &dyn Layer<f64>, x: &[Matrix<f64>]) {
    let together = results(set, layer, x, 0);
    let alone: Vec<_> = (0..x.len())
        .map(|s| results(set, layer, &x[s..=s], s))
        .collect();
    for (s, alone) in alone.iter().enumerate() {
        assert_eq!(
            together.outputs[s],
            alone.outputs[0],
            "{}",
            layer.description()
        );
        for (all, one) in together.states.iter().zip(&alone.states) {
            assert_eq!(all.row(s), one.row(0), "{}", layer.description());
        }
    }
    let gradients = sum(alone.into_iter().map(|r| r.gradients).collect());
    assert_close(&together.gradients, &gradients, &layer.description());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_mini_batch_is_its_samples(lengths in lengths(), seed: u64) {
        let mut set = ParameterSet::new();
        let x = samples(&lengths, seed);
        for cell in cells(&mut set) {
            check(&set, &Forward(cell.clone()), &x);
            check(&set, &Backward(cell), &x);
        }
    }

    #[test]
    fn so_it_is_through_stacks_of_layers(lengths in lengths(), seed: u64) {
        let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(seed));
        let both = Bidirectional::new("lstm1", |name| Lstm::new(&mut set, name, INPUT, HIDDEN, &mut rng));
        let sum = Bidirectional::new("gru2", |name| {
            Gru::new(&mut set, name, 2 * HIDDEN, HIDDEN, Reset::After, &mut rng)
        });
        let stack = Stack::new()
            .with(both)
            .with(layers::Dropout::new(0.5)) // which does nothing here
            .with(sum.summed())
            .with(layers::Residual(Forward(SimpleRnn::new(&mut set, "rnn3", HIDDEN, HIDDEN, &mut rng))))
            .with(layers::Map::new("tanh", |x| x.tanh()))
            .with(Linear::new(&mut set, "output", HIDDEN, 2, &mut rng));
        check(&set, &stack, &samples(&lengths, seed));
    }

    /// To the bit: rows of a product do not depend on each other.
    #[test]
    fn padding_changes_nothing(lengths in lengths(), more in 0..3_usize, seed: u64) {
        let mut set = ParameterSet::new();
        let x = samples(&lengths, seed);
        for cell in cells(&mut set) {
            let tape = Tape::new();
            let p = set.bind(&tape);
            let x = Sequence::from_samples(&tape, &x).unwrap();
            let packed = Forward(cell.clone()).run(&p, x.clone());
            let padded = x.padded().x;
            let zeros = |rows| tape.zeros(rows, INPUT);
            let padded = match more {
                0 => padded,
                _ => Var::concat_rows(&[padded, zeros(more * lengths.len())]),
            };
            let h = Forward(cell).run(&p, Sequence::from_stacked(padded, lengths.len())).stacked();
            let steps = x.lengths().steps() * lengths.len();
            let h = Sequence::from_padded(h.rows(0..steps), x.lengths());
            prop_assert_eq!(h.stacked().value().to_matrix(), packed.stacked().value().to_matrix());
        }
    }

    #[test]
    fn the_order_of_the_samples_changes_nothing(lengths in lengths(), turn in 0..6_usize, seed: u64) {
        let mut set = ParameterSet::new();
        let (x, n) = (samples(&lengths, seed), lengths.len());
        let mut turned = x.clone();
        turned.rotate_left(turn % n);
        for cell in cells(&mut set) {
            let run = |x: &[Matrix<f64>]| {
                let tape = Tape::new();
                let h = Forward(cell.clone()).run(&set.bind(&tape), Sequence::from_samples(&tape, x).unwrap());
                (0..n).map(|s| h.sample(s).value().to_matrix()).collect::<Vec<_>>()
            };
            let (mut straight, turned) = (run(&x), run(&turned));
            straight.rotate_left(turn % n);
            prop_assert_eq!(straight, turned);
        }
    }

    /// The same to the bit, and gradients but for the order of sums.
    #[test]
    fn segments_change_nothing(lengths in lengths(), segment in 1..8_usize, seed: u64) {
        let mut set = ParameterSet::new();
        let x = samples(&lengths, seed);
        for cell in cells(&mut set) {
            let run = |segment: Option<usize>| {
                let tape = Tape::new();
                let p = set.bind(&tape);
                let x = Sequence::from_samples(&tape, &x).unwrap();
                let zx = cell.project(&p, x.stacked());
                let start = cell.initial_state(&p, lengths.len());
                let read = match segment {
                    None => unroll_from(0, Direction::Forward, &cell, &p, zx, x.lengths(), start),
                    Some(segment) => unroll_in_segments(&cell, &p, zx, x.lengths(), start, segment),
                };
                let h = Sequence::from_stacked(read.stacked(), x.lengths());
                let states = [Some(read.state.h), read.state.c].into_iter().flatten().collect::<Vec<_>>();
                let last = Var::concat_cols(&states);
                let gradients = error(&h, last, 0).backward();
                let values = [h.stacked(), last].map(|v| v.value().to_matrix());
                (values, p.vars().map(|v| gradients.of(v)).collect::<Vec<_>>())
            };
            let (whole, in_segments) = (run(None), run(Some(segment)));
            prop_assert_eq!(whole.0, in_segments.0);
            assert_close(&in_segments.1, &whole.1, "in segments");
        }
    }

    #[test]
    fn texts_of_any_length(lengths in lengths(), segment in 1..8_usize, seed: u64) {
        for kind in [CellKind::Rnn, CellKind::Lstm, CellKind::Gru] {
            let (mut set, mut rng) = (ParameterSet::<f64>::new(), ChaCha8Rng::seed_from_u64(seed));
            let model = CharModel::new(&mut set, kind, 5, HIDDEN, 2, &mut rng);
            let text = |(i, &n): (usize, &usize)| (0..n).map(|t| (seed as usize % 31 + 7 * i + 3 * t) % 5).collect();
            let texts: Vec<Vec<usize>> = lengths.iter().enumerate().map(text).collect();
            let packed = Lengths::new(&lengths).unwrap();
            let symbols = packed.stack(&texts).unwrap();
            let tape = Tape::new();
            let p = set.bind(&tape);
            let start = model.zeros(lengths.len());
            let (logits, states) = model.logits(&p, &symbols, &packed, &start);
            let by_text = packed.unstack(&logits.value().row_iter().map(<[f64]>::to_vec).collect::<Vec<_>>());
            for (text, (found, expected)) in by_text.iter().zip(&texts).enumerate() {
                let (alone, last) = model.logits(&p, expected, 1, &model.zeros(1));
                let alone: Vec<_> = alone.value().row_iter().map(<[f64]>::to_vec).collect();
                prop_assert_eq!(found, &alone);
                prop_assert_eq!(states[1].h.value().row(text), last[1].h.value().row(0));
            }
            // The symbols themselves as targets, whole and in segments.
            let loss = logits.cross_entropy(&symbols);
            let data = (&symbols[..], &symbols[..]);
            let (in_segments, after) = model.loss_in_segments(&p, data, &packed, &start, segment);
            prop_assert!((loss.item() - in_segments.item()).abs() < 1e-12);
            prop_assert_eq!(after[0].h.value().to_matrix(), states[0].h.value().to_matrix());
            let [whole, parts] = [loss, in_segments].map(|e| e.backward());
            let of = |g: &autograd::Gradients<'_, f64>| p.vars().map(|v| g.of(v)).collect::<Vec<_>>();
            assert_close(&of(&parts), &of(&whole), "in segments");
        }
    }

    #[test]
    fn what_there_is_of_a_sequence(lengths in lengths(), seed: u64) {
        let x = samples(&lengths, seed);
        let tape = Tape::new();
        let s = Sequence::from_samples(&tape, &x).unwrap();
        let row = |v: Var<'_, f64>, i: usize| v.value().row(i).to_vec();
        let column = |m: &Matrix<f64>, c| (0..m.row_count()).map(|t| m[(t, c)]).collect::<Vec<_>>();
        for (i, m) in x.iter().enumerate() {
            let (n, last) = (m.row_count(), m.row_count() - 1);
            prop_assert_eq!(&s.sample(i).value().to_matrix(), m);
            prop_assert_eq!(&s.samples()[i].value().to_matrix(), m);
            prop_assert_eq!(row(s.first(), i), m.row(0));
            prop_assert_eq!(row(s.last(), i), m.row(last));
            prop_assert_eq!(row(s.reversed().last(), i), m.row(0));
            prop_assert_eq!(s.reversed().reversed().sample(i).value().to_matrix(), m.clone());
            for c in 0..INPUT {
                let values = column(m, c);
                let total: f64 = values.iter().sum();
                prop_assert!((row(s.sum(), i)[c] - total).abs() < 1e-14);
                prop_assert!((row(s.mean(), i)[c] - total / n as f64).abs() < 1e-14);
                prop_assert_eq!(row(s.max(), i)[c], values.iter().copied().fold(f64::MIN, f64::max));
            }
            for t in 0..s.lengths().steps() {
                let padded = s.padded();
                let at = t * lengths.len() + i;
                let expected = if t < n { m.row(t).to_vec() } else { vec![0.0; INPUT] };
                prop_assert_eq!(row(padded.x, at), expected);
                prop_assert_eq!(row(padded.mask, at), [if t < n { 1.0 } else { 0.0 }]);
            }
        }
    }

    /// The gradients of sums over time and of the largest are those of differences.
    #[test]
    fn gradients_through_time(lengths in lengths(), seed: u64) {
        let packed = Lengths::new(&lengths).unwrap();
        let tape = Tape::new();
        let stacked = Sequence::from_samples(&tape, &samples(&lengths, seed)).unwrap();
        let x = stacked.stacked().value().to_matrix();
        let outcome = autograd::gradcheck(|v| {
            let s = Sequence::from_stacked(v[0], &packed);
            let all = [s.first(), s.last(), s.sum(), s.mean(), s.max(), s.reversed().last()];
            Var::concat_cols(&all.map(|v| v * v))
        }, &[x]);
        prop_assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    }
}

/// Equal lengths are what a number of samples is: the same nodes.
#[test]
fn equal_lengths_record_the_same_nodes() {
    let mut set = ParameterSet::new();
    for cell in cells(&mut set) {
        for direction in [Direction::Forward, Direction::Backward] {
            let run = |tape: &Tape<f64>, lengths: Option<&Lengths>| {
                let p: Bound<'_, f64> = set.bind(tape);
                let x = tape.constant(Matrix::from_fn(6, INPUT, |r, c| (r + c) as f64));
                let (zx, start) = (cell.project(&p, x), cell.initial_state(&p, 2));
                match lengths {
                    Some(lengths) => unroll_from(0, direction, &cell, &p, zx, lengths, start),
                    None => unroll_from(0, direction, &cell, &p, zx, 2, start),
                };
                tape.program().to_string()
            };
            let lengths = Lengths::new(&[3, 3]).unwrap();
            assert_eq!(run(&Tape::new(), Some(&lengths)), run(&Tape::new(), None));
        }
    }
}

/// Mini-batches of ever other shapes do not make a tape grow.
#[test]
fn memory_comes_to_rest() {
    let (mut set, mut rng) = (ParameterSet::<f32>::new(), ChaCha8Rng::seed_from_u64(1));
    let lstm = Bidirectional::new("lstm1", |name| Lstm::new(&mut set, name, 2, 3, &mut rng));
    let mut tape = Tape::new();
    let mut state = 1_u64;
    let mut draw = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % below) as usize
    };
    let mut step = |lengths: &[usize]| {
        tape.clear();
        let x: Vec<_> = lengths.iter().map(|&n| Matrix::filled(n, 2, 0.1)).collect();
        let x = Sequence::from_samples(&tape, &x).unwrap();
        let gradients = lstm
            .run(&set.bind(&tape), x)
            .mean()
            .square()
            .sum()
            .backward();
        drop(gradients);
        tape.stats().elements
    };
    // No later one is larger than this. With NEON's short registers it is less, as less is laid out for them.
    let largest = step(&[12; 6]);
    let bound = if cfg!(target_arch = "aarch64") {
        1.5
    } else {
        1.25
    };
    let mut some = |batches: usize| {
        for _ in 1..batches {
            step(&(0..1 + draw(6)).map(|_| 1 + draw(12)).collect::<Vec<_>>());
        }
        step(&[1])
    };
    let (at_rest, after_all) = (some(400), some(9_600));
    assert!(
        at_rest as f64 <= bound * largest as f64 && after_all as f64 <= 1.01 * at_rest as f64,
        "elements after the largest mini-batch, 400 and 10,000: {largest}, {at_rest}, {after_all}"
    );
}
