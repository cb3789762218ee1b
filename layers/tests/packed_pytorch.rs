//! Packed sequences through one to three layers, in one direction or both, against PyTorch's
//! `pack_padded_sequence`: every output, final state and gradient. The formulas are those of
//! packed_reference.py.
#![allow(missing_docs)]

use autograd::{Matrix, Scalar, Tape, Var};
use layers::{Bidirectional, CellKind, Forward, Layer, ParameterSet, Sequence, Stack, States};
use rand::{SeedableRng, rngs::ChaCha8Rng};

const REFERENCE: &str = include_str!("reference/packed.txt");
const LENGTHS: [usize; 5] = [2, 4, 1, 4, 3];
const INPUT: usize = 2;
const HIDDEN: usize = 3;

fn wave<T: Scalar>(k: usize, rows: usize, cols: usize) -> Matrix<T> {
    Matrix::from_fn(rows, cols, |r, c| {
        T::from_f64(0.8 * (0.7 * (r * cols + c) as f64 + k as f64).sin())
    })
}

/// A line of the reference: what it is of, and its numbers.
type Line = (String, Vec<f64>);

/// Each case: kind, number of layers, whether in both directions; and its lines.
fn cases() -> Vec<((CellKind, usize, bool), Vec<Line>)> {
    let mut cases = Vec::new();
    for line in REFERENCE.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<_> = line.split(' ').collect();
        if words[0] == "case" {
            let case = (
                words[1].parse().unwrap(),
                words[2].parse().unwrap(),
                words[3] == "both",
            );
            cases.push((case, Vec::new()));
            continue;
        }
        let numbers = words[1..]
            .iter()
            .map(|word| word.parse().unwrap())
            .collect();
        cases.last_mut().unwrap().1.push((words[0].into(), numbers));
    }
    cases
}

fn stack<T: Scalar>(
    (kind, layers, both): (CellKind, usize, bool),
    set: &mut ParameterSet<T>,
) -> Stack<T> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut stack = Stack::new();
    for layer in 1..=layers {
        let (name, below) = (
            format!("{kind}{layer}"),
            if both { 2 * HIDDEN } else { HIDDEN },
        );
        let input = if layer == 1 { INPUT } else { below };
        let mut cell = |name: &str| kind.build(set, name, input, HIDDEN, &mut rng);
        stack = match both {
            true => stack.with(Bidirectional::new(&name, cell)),
            false => stack.with(Forward(cell(&name))),
        };
    }
    stack
}

/// PyTorch's numbers of parameters, which count a bias that we have not.
fn fill<T: Scalar>(set: &mut ParameterSet<T>) {
    let mut k: usize = 0;
    for id in set.ids() {
        let is_first = set.name(id).ends_with(".U");
        if is_first {
            k = k.div_ceil(4) * 4;
        }
        k += 1;
        let shape = set.get(id).shape();
        *set.get_mut(id) = wave(k, shape.rows, shape.cols);
    }
}

fn check<T: Scalar>(tolerance: f64) {
    let mut checked = 0;
    for (case, lines) in cases() {
        let mut set = ParameterSet::<T>::new();
        let stack = stack(case, &mut set);
        fill(&mut set);
        let tape = Tape::new();
        let p = set.bind(&tape);
        let samples: Vec<_> = (0..5).map(|i| wave(50 + i, LENGTHS[i], INPUT)).collect();
        let mut states = States::initial();
        let h = stack.pass(
            &p,
            Sequence::from_samples(&tape, &samples).unwrap(),
            &mut states,
        );
        let states = states.last();
        let outputs: Vec<_> = (0..5).map(|i| h.sample(i)).collect();
        let last = |part: fn(&layers::State<'_, T>) -> Option<usize>| {
            let parts: Vec<_> = states
                .iter()
                .filter_map(|s| part(s).map(|i| tape.node(i)))
                .collect();
            (!parts.is_empty()).then(|| Var::concat_rows(&parts))
        };
        let (h, c) = (last(|s| Some(s.h.index())), last(|s| s.c.map(Var::index)));
        let weighted = |k: usize, x: Var<'_, T>| {
            let weights = wave(k, x.row_count(), x.col_count());
            (tape.node(x.index()) * tape.constant(weights)).sum()
        };
        let states: Vec<_> = [h, c].into_iter().flatten().collect();
        let of_outputs = outputs
            .iter()
            .enumerate()
            .map(|(i, &h)| weighted(70 + i, h));
        let of_states = states.iter().enumerate().map(|(i, &s)| weighted(80 + i, s));
        let loss = of_outputs.chain(of_states).reduce(|a, b| a + b).unwrap();
        let gradients = loss.backward();
        let numbers = |m: Matrix<T>| {
            m.into_vec()
                .into_iter()
                .map(Scalar::to_f64)
                .collect::<Vec<_>>()
        };
        let mut ours = vec![
            outputs
                .iter()
                .flat_map(|h| numbers(h.value().to_matrix()))
                .collect(),
        ];
        ours.extend(states.iter().map(|s| numbers(s.value().to_matrix())));
        ours.extend(p.vars().map(|v| numbers(gradients.of(v))));
        assert_eq!(ours.len(), lines.len(), "{case:?}");
        for (i, (ours, (what, theirs))) in ours.iter().zip(&lines).enumerate() {
            assert_eq!(ours.len(), theirs.len(), "{case:?}, line {i}, {what}");
            for (a, b) in ours.iter().zip(theirs) {
                let close = (a - b).abs() <= tolerance * b.abs().max(1.0);
                assert!(close, "{case:?}, line {i}, {what}: {a} against {b}");
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 4944);
}

#[test]
fn in_double_precision() {
    check::<f64>(1e-10);
}

#[test]
fn in_single_precision() {
    check::<f32>(1e-5);
}
