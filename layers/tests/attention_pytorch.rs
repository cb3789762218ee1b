//! Attention against PyTorch: contexts, weights and every gradient, of samples of different length, which it
//! pads. The formulas are those of attention_reference.py.

use crate::common::{cases, wave};
use autograd::{Matrix, Scalar, Tape, Var};
use layers::{Attention, Lengths, ParameterSet, Sequence};
use rand::{SeedableRng, rngs::ChaCha8Rng};

const QUERIES: [usize; 3] = [2, 1, 3];
const STEPS: [usize; 3] = [4, 1, 2];
const QUERY: usize = 3;

/// The kind of that title, and the features of its memory.
fn attention<T: Scalar>(title: &str, set: &mut ParameterSet<T>) -> (Attention, usize) {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    match title {
        "dot" => (Attention::dot(), QUERY),
        "general" => (Attention::general(set, "", QUERY, 2, rng), 2),
        "additive" => (Attention::additive(set, "", (QUERY, 4), 5, rng), 4),
        _ => panic!("no attention is called {title}"),
    }
}

/// Samples as nodes that have gradients, and the sequence of them.
fn samples<'t, T: Scalar>(
    tape: &'t Tape<T>,
    k: usize,
    lengths: &[usize],
    features: usize,
) -> (Vec<Var<'t, T>>, Sequence<'t, T>) {
    let samples: Vec<_> = (0..)
        .zip(lengths)
        .map(|(i, &n)| tape.var(wave(k + i, n, features)))
        .collect();
    let steps: Vec<Vec<_>> = samples
        .iter()
        .map(|x| (0..x.row_count()).map(|t| x.rows(t..t + 1)).collect())
        .collect();
    let lengths = Lengths::new(lengths).unwrap();
    let rows = lengths.stack(&steps).unwrap();
    (
        samples,
        Sequence::from_stacked(Var::concat_rows(&rows), &lengths),
    )
}

fn check<T: Scalar>() -> usize {
    let mut checked = 0;
    for case in cases(include_str!("reference/attention.txt")) {
        let mut set = ParameterSet::<T>::new();
        let (attention, memory_size) = attention(&case.title, &mut set);
        for (k, id) in set.ids().enumerate() {
            let shape = set.get(id).shape();
            *set.get_mut(id) = wave(1 + k, shape.rows, shape.cols);
        }
        let tape = Tape::new();
        let p = set.bind(&tape);
        let (queries, q) = samples(&tape, 20, &QUERIES, QUERY);
        let (memory, m) = samples(&tape, 40, &STEPS, memory_size);
        let attended = attention.apply(&p, &q, &attention.remember(&p, &m));
        let contexts = attended.contexts.samples();
        let weighed = |k: usize, x: &[Var<'_, T>]| {
            let one = |(i, x): (usize, &Var<'_, T>)| {
                let weights = tape.constant(wave(k + i, x.row_count(), x.col_count()));
                (tape.node(x.index()) * weights).sum()
            };
            x.iter().enumerate().map(one).sum::<Var<'_, T>>()
        };
        let gradients = (weighed(60, &contexts) + weighed(70, &attended.weights)).backward();
        let numbers = |x: &[Var<'_, T>]| {
            x.iter()
                .flat_map(|x| x.value().to_matrix().into_vec())
                .collect()
        };
        let mut ours: Vec<Vec<T>> = vec![numbers(&contexts), numbers(&attended.weights)];
        let leaves = p.vars().chain(queries).chain(memory);
        ours.extend(leaves.map(|x| Matrix::into_vec(gradients.of(x))));
        checked += case.check(ours);
    }
    checked
}

#[test]
fn equals_pytorch() {
    assert!(check::<f64>() > 250);
}

#[test]
fn equals_pytorch_in_single_precision() {
    assert!(check::<f32>() > 250);
}
