//! Packed sequences through one to three layers, in one direction or both, against PyTorch's
//! `pack_padded_sequence`: every output, final state and gradient. The formulas are those of
//! packed_reference.py.

use crate::common::{Case, cases, wave};
use autograd::{Scalar, Tape, Var};
use layers::{Bidirectional, CellKind, Forward, Layer, ParameterSet, Sequence, Stack, States};
use rand::{SeedableRng, rngs::ChaCha8Rng};

const LENGTHS: [usize; 5] = [2, 4, 1, 4, 3];
const INPUT: usize = 2;
const HIDDEN: usize = 3;

/// Kind, number of layers, whether in both directions.
fn settings(case: &Case) -> (CellKind, usize, bool) {
    let words: Vec<_> = case.title.split(' ').collect();
    (
        words[0].parse().unwrap(),
        words[1].parse().unwrap(),
        words[2] == "both",
    )
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

fn check<T: Scalar>() {
    let mut checked = 0;
    for case in cases(include_str!("reference/packed.txt")) {
        let mut set = ParameterSet::<T>::new();
        let stack = stack(settings(&case), &mut set);
        fill(&mut set);
        let tape = Tape::new();
        let p = set.bind(&tape);
        let samples: Vec<_> = (0..5).map(|i| wave(50 + i, LENGTHS[i], INPUT)).collect();
        let x = Sequence::from_samples(&tape, &samples).unwrap();
        let mut states = States::initial();
        let h = stack.pass(&p, x, &mut states);
        let states = states.last();
        let outputs: Vec<_> = (0..5).map(|i| h.sample(i)).collect();
        let h: Vec<_> = states.iter().map(|s| s.h).collect();
        let c: Vec<_> = states.iter().filter_map(|s| s.c).collect();
        let parts = [h, c].into_iter().filter(|parts| !parts.is_empty());
        let states: Vec<_> = parts.map(|parts| Var::concat_rows(&parts)).collect();
        let weighted = |k: usize, x: Var<'_, T>| {
            let weights = wave(k, x.row_count(), x.col_count());
            (tape.node(x.index()) * tape.constant(weights)).sum()
        };
        let of_outputs = (70..).zip(&outputs).map(|(k, &h)| weighted(k, h));
        let of_states = (80..).zip(&states).map(|(k, &s)| weighted(k, s));
        let loss: Var<'_, T> = of_outputs.chain(of_states).sum();
        let gradients = loss.backward();
        let numbers = |x: &Var<'_, T>| x.value().to_matrix().into_vec();
        let mut ours = vec![outputs.iter().flat_map(numbers).collect()];
        ours.extend(states.iter().map(numbers));
        ours.extend(p.vars().map(|v| gradients.of(v).into_vec()));
        checked += case.check(ours);
    }
    assert_eq!(checked, 4944);
}

#[test]
fn in_double_precision() {
    check::<f64>();
}

#[test]
fn in_single_precision() {
    check::<f32>();
}
