//! Attention: gradients, its formulas by hand, and samples that do not see each other.

use autograd::{Matrix, Tape, Var, gradcheck};
use layers::{Attention, Bound, Lengths, ParameterSet, Sequence};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::ChaCha8Rng};

const QUERY: usize = 3;

fn wave(k: u64, rows: usize, cols: usize) -> Matrix<f64> {
    Matrix::from_fn(rows, cols, |r, c| {
        (k as f64 + (r * cols + c) as f64 * 0.7).sin()
    })
}

/// Each kind, with the features of its memory.
fn kinds(set: &mut ParameterSet<f64>) -> Vec<(Attention, usize)> {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    vec![
        (Attention::dot(), QUERY),
        (Attention::general(set, "general", QUERY, 2, rng), 2),
        (Attention::additive(set, "additive", (QUERY, 4), 5, rng), 4),
    ]
}

/// The numbers of queries, and of steps of the memory, of each sample.
fn lengths() -> impl Strategy<Value = Vec<(usize, usize)>> {
    prop::collection::vec((1..5_usize, 1..6_usize), 1..5)
}

fn of<'t>(tape: &'t Tape<f64>, k: u64, lengths: &[usize], features: usize) -> Sequence<'t, f64> {
    let samples: Vec<_> = (0..)
        .zip(lengths)
        .map(|(i, &n)| wave(k + 10 * i, n, features))
        .collect();
    Sequence::from_samples(tape, &samples).unwrap()
}

fn split(lengths: &[(usize, usize)]) -> (Vec<usize>, Vec<usize>) {
    lengths.iter().copied().unzip()
}

fn softmax(scores: &[f64]) -> Vec<f64> {
    let top = scores.iter().copied().fold(f64::MIN, f64::max);
    let exp: Vec<_> = scores.iter().map(|s| (s - top).exp()).collect();
    let sum: f64 = exp.iter().sum();
    exp.iter().map(|e| e / sum).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The rows of m by x: m x.
fn times(m: &Matrix<f64>, x: &[f64]) -> Vec<f64> {
    m.row_iter().map(|row| dot(row, x)).collect()
}

fn score(kind: usize, set: &ParameterSet<f64>, q: &[f64], m: &[f64]) -> f64 {
    let get = |name: &str| set.get(set.ids().find(|&id| set.name(id) == name).unwrap());
    match kind {
        0 => dot(q, m),
        1 => dot(q, &times(get("general.W"), m)),
        _ => {
            let (of_q, of_m) = (times(get("additive.W"), q), times(get("additive.U"), m));
            let b = get("additive.b").row(0);
            let hidden: Vec<_> = (0..b.len())
                .map(|i| (of_q[i] + of_m[i] + b[i]).tanh())
                .collect();
            dot(get("additive.v").row(0), &hidden)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn each_query_finds_what_the_formulas_say(lengths in lengths(), k in 0..100_u64) {
        let (steps, remembered) = split(&lengths);
        let mut set = ParameterSet::new();
        for (kind, (attention, features)) in kinds(&mut set).into_iter().enumerate() {
            let tape = Tape::new();
            let p = set.bind(&tape);
            let (queries, memory) = (of(&tape, k, &steps, QUERY), of(&tape, k + 3, &remembered, features));
            let attended = attention.apply(&p, &queries, &attention.remember(&p, &memory));
            for s in 0..lengths.len() {
                let [q, m, c] = [&queries, &memory, &attended.contexts].map(|x| x.sample(s).value().to_matrix());
                for (i, q) in q.row_iter().enumerate() {
                    let scores: Vec<_> = m.row_iter().map(|m| score(kind, &set, q, m)).collect();
                    let alpha = softmax(&scores);
                    for (j, alpha) in alpha.iter().enumerate() {
                        prop_assert!((attended.weights_of(s)[(i, j)] - alpha).abs() < 1e-14);
                    }
                    for (f, c) in c.row(i).iter().enumerate() {
                        let expected: f64 = alpha.iter().zip(m.row_iter()).map(|(a, m)| a * m[f]).sum();
                        prop_assert!((c - expected).abs() < 1e-14);
                    }
                }
            }
        }
    }

    #[test]
    fn gradients_are_those_of_differences(lengths in lengths(), k in 0..100_u64) {
        let (steps, remembered) = split(&lengths);
        let [of_queries, of_memory] = [&steps, &remembered].map(|n| Lengths::new(n).unwrap());
        let mut set = ParameterSet::new();
        for (attention, features) in kinds(&mut set) {
            let mut inputs: Vec<_> = set.ids().map(|id| set.get(id).clone()).collect();
            inputs.push(wave(k, of_queries.row_count(), QUERY));
            inputs.push(wave(k + 3, of_memory.row_count(), features));
            let n = set.len();
            let outcome = gradcheck(|v: &[Var<'_, f64>]| {
                let p = Bound::from_vars(&v[..n]);
                let memory = attention.remember(&p, &Sequence::from_stacked(v[n + 1], &of_memory));
                attention.apply(&p, &Sequence::from_stacked(v[n], &of_queries), &memory).contexts.stacked()
            }, &inputs);
            prop_assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
        }
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let mut set = ParameterSet::new();
    let [_, (general, _), (additive, _)] = kinds(&mut set).try_into().unwrap();
    let tape = Tape::new();
    let p = set.bind(&tape);
    let text = |f: &dyn Fn()| {
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).unwrap_err();
        panic.downcast_ref::<String>().unwrap().clone()
    };
    let memory = of(&tape, 1, &[2, 3], 2);
    assert_eq!(
        text(&|| _ = additive.remember(&p, &memory)),
        "additive: remember: x [5, 2] has 2 columns: the memory has 4"
    );
    let remembered = general.remember(&p, &memory);
    assert_eq!(
        text(&|| _ = general.apply(&p, &of(&tape, 1, &[2, 3], 5), &remembered)),
        "general: attention: x [5, 5] has 5 columns: what they are held against has 3"
    );
    assert_eq!(
        text(&|| _ = general.apply(&p, &of(&tape, 1, &[2], QUERY), &remembered)),
        "queries of 1 samples, and the memory is of 2"
    );
    assert_eq!(
        format!("{remembered:?}"),
        "Memory(2 samples of [2, 2], [3, 2])"
    );
}
