//! Connectionist temporal classification: against PyTorch, against all paths one by one, against α · β;
//! and its decoding against all labellings.

use std::collections::BTreeMap;

use crate::losses_reference::CTC;
use autograd::testing::check_function;
use autograd::{Matrix, Scalar, Tape, Var, gradcheck_second_order};
use layers::loss::{Ctc, CtcError, CtcProblem, Labelling, Reduction};
use proptest::prelude::*;

/// The formula of losses_reference.py.
fn wave(k: usize, rows: usize, cols: usize) -> Matrix<f64> {
    Matrix::from_fn(rows, cols, |r, c| {
        3.0 * 0.8 * (0.7 * (r * cols + c) as f64 + k as f64).sin()
    })
}

#[test]
fn loss_and_gradients_are_pytorchs() {
    fn compare<T: Scalar>(tolerance: f64) {
        for case in CTC {
            let (blank, lengths, targets): (_, &[usize], &[&[usize]]) = match case.name {
                name if name.starts_with("blank 0") => (
                    0,
                    &[5, 1, 7, 4, 3, 7],
                    &[&[1, 2], &[], &[3, 3, 1], &[2, 2], &[1], &[1, 3, 1]],
                ),
                name if name.starts_with("blank 2") => {
                    (2, &[3, 6, 2], &[&[0, 0], &[1, 0, 0, 3], &[3]])
                }
                name if name.starts_with("one") => (0, &[9], &[&[2, 1, 1]]),
                _ => (0, &[4], &[&[]]),
            };
            let reduction = match case.has("sum") {
                true => Reduction::Sum,
                false => Reduction::Mean,
            };
            let tape = Tape::<T>::new();
            let logits = |(b, &steps)| tape.var(wave(10 + b, steps, 4).map(T::from_f64));
            let logits: Vec<_> = lengths.iter().enumerate().map(logits).collect();
            let log_y: Vec<_> = logits.iter().map(|x| x.log_softmax()).collect();
            let e = Ctc::new(blank).reduction(reduction).loss(&log_y, targets);
            let e = e.unwrap();
            let close = |a: T, b: f64| {
                let agree = (a.to_f64() - b).abs() <= tolerance * b.abs().max(1.0);
                assert!(agree, "{}: {a} against {b}", case.name);
            };
            close(e.item(), case.loss);
            let gradients = e.backward();
            assert_eq!(logits.len(), case.gradients.len());
            for (&x, theirs) in logits.iter().zip(case.gradients) {
                let ours = gradients.of(x).into_vec();
                assert_eq!(ours.len(), theirs.len());
                ours.iter().zip(*theirs).for_each(|(a, b)| close(*a, *b));
            }
        }
    }
    compare::<f64>(1e-10);
    compare::<f32>(1e-5);
    assert_eq!(CTC.len(), 8);
}

/// Every path through `[T, V]`.
fn paths(steps: usize, symbols: usize) -> impl Iterator<Item = Vec<usize>> {
    let count = symbols.pow(steps as u32);
    let digit = move |i: usize, t: usize| i / symbols.pow(t as u32) % symbols;
    (0..count).map(move |i| (0..steps).map(|t| digit(i, t)).collect())
}

/// B(π), written once more: a symbol counts where it begins.
fn labelling(path: &[usize], blank: usize) -> Vec<usize> {
    let begins = |&t: &usize| path[t] != blank && (t == 0 || path[t - 1] != path[t]);
    (0..path.len()).filter(begins).map(|t| path[t]).collect()
}

/// The probabilities of all labellings, path by path.
fn enumerate(log_y: &Matrix<f64>, blank: usize) -> BTreeMap<Vec<usize>, f64> {
    let mut all = BTreeMap::new();
    for path in paths(log_y.row_count(), log_y.col_count()) {
        let log_p = path
            .iter()
            .enumerate()
            .map(|(t, &k)| log_y[(t, k)])
            .sum::<f64>();
        *all.entry(labelling(&path, blank)).or_default() += log_p.exp();
    }
    all
}

fn log_softmax(logits: &Matrix<f64>) -> Matrix<f64> {
    let tape = Tape::new();
    tape.constant(logits.clone())
        .log_softmax()
        .value()
        .to_matrix()
}

/// A sample with a target that it can reach.
#[derive(Clone, Debug)]
struct Sample {
    logits: Matrix<f64>,
    target: Vec<usize>,
}

/// Samples of up to so many steps and symbols. A target is what is read from some path.
fn samples(steps: usize, symbols: usize, blank: usize) -> impl Strategy<Value = Sample> {
    (1..=steps).prop_flat_map(move |steps| {
        let logits = prop::collection::vec(-3.0..3.0f64, steps * symbols);
        let path = prop::collection::vec(0..symbols, steps);
        (logits, path).prop_map(move |(logits, path)| Sample {
            logits: Matrix::from_vec(steps, symbols, logits).unwrap(),
            target: labelling(&path, blank),
        })
    })
}

/// Up to four samples of unequal length, and the blank.
fn batches() -> impl Strategy<Value = (usize, Vec<Sample>)> {
    (1..=4usize).prop_flat_map(|symbols| {
        (0..symbols).prop_flat_map(move |blank| {
            let batch = prop::collection::vec(samples(6, symbols, blank), 1..=4);
            (Just(blank), batch)
        })
    })
}

/// α_t(s) and β_t(s) of the paper, both with y of step t, as numbers rather than logarithms; and l′.
fn forward_backward(
    y: &Matrix<f64>,
    target: &[usize],
    blank: usize,
) -> (Vec<Vec<f64>>, Vec<Vec<f64>>, Vec<usize>) {
    let mut symbols = vec![blank];
    target.iter().for_each(|&k| symbols.extend([k, blank]));
    let (steps, width) = (y.row_count(), symbols.len());
    let mut alpha = vec![vec![0.0; width]; steps];
    let mut beta = alpha.clone();
    let skips = |from: usize, to: usize| symbols[to] != blank && symbols[to] != symbols[from];
    for t in 0..steps {
        for s in 0..width {
            let from = |d: usize| if s >= d { alpha[t - 1][s - d] } else { 0.0 };
            let sum = match t {
                0 if s < 2 => 1.0,
                0 => 0.0,
                _ if s >= 2 && skips(s - 2, s) => from(0) + from(1) + from(2),
                _ => from(0) + from(1),
            };
            alpha[t][s] = sum * y[(t, symbols[s])];
        }
    }
    for t in (0..steps).rev() {
        for s in 0..width {
            let to = |d: usize| {
                if s + d < width {
                    beta[t + 1][s + d]
                } else {
                    0.0
                }
            };
            let sum = match t + 1 == steps {
                true if s + 2 >= width => 1.0,
                true => 0.0,
                _ if s + 2 < width && skips(s, s + 2) => to(0) + to(1) + to(2),
                _ => to(0) + to(1),
            };
            beta[t][s] = sum * y[(t, symbols[s])];
        }
    }
    (alpha, beta, symbols)
}

fn record<'t, T: Scalar>(ctc: &Ctc, batch: &[Sample], v: &[Var<'t, T>]) -> Var<'t, T> {
    let log_y: Vec<_> = v.iter().map(|x| x.log_softmax()).collect();
    let targets: Vec<_> = batch.iter().map(|sample| &sample.target).collect();
    ctc.loss(&log_y, &targets).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn the_probability_is_that_of_all_paths(sample in samples(5, 3, 1)) {
        let log_y = log_softmax(&sample.logits);
        let tape = Tape::new();
        let losses = Ctc::new(1).losses(&[tape.constant(log_y.clone())], &[&sample.target]);
        let (found, all) = (losses.unwrap().item(), enumerate(&log_y, 1));
        prop_assert!((found + all[&sample.target].ln()).abs() < 1e-12);
    }

    /// The reverse sweep is the backward recursion: sections 4.1 and 4.2 of the paper, by logarithms.
    #[test]
    fn gradients_are_alpha_times_beta(sample in samples(8, 4, 0)) {
        let y = log_softmax(&sample.logits).map(f64::exp);
        let (alpha, beta, symbols) = forward_backward(&y, &sample.target, 0);
        let steps = y.row_count();
        let p: f64 = alpha[steps - 1].iter().rev().take(2).sum();
        let tape = Tape::new();
        let log_y = tape.var(y.map(f64::ln));
        let e = Ctc::new(0).losses(&[log_y], &[&sample.target]).unwrap();
        let gradients = e.backward();
        let nodes = tape.over_time("ctc/alpha");
        prop_assert_eq!(nodes.len(), steps);
        for (t, &node) in nodes.iter().enumerate() {
            let mut expected = [0.0; 4];
            for (s, &k) in symbols.iter().enumerate() {
                let share = alpha[t][s] * beta[t][s] / (y[(t, k)] * p);
                prop_assert!((node.value()[(0, s)] - alpha[t][s].ln()).abs() < 1e-10 || alpha[t][s] == 0.0);
                prop_assert!((gradients.of(node)[(0, s)] + share).abs() < 1e-10);
                expected[k] -= share;
            }
            for (k, expected) in expected.into_iter().enumerate() {
                prop_assert!((gradients.of(log_y)[(t, k)] - expected).abs() < 1e-10);
            }
        }
    }

    #[test]
    fn ctc_keeps_to_the_rules((blank, batch) in batches(), sum: bool) {
        let mut ctc = Ctc::new(blank);
        if sum {
            ctc = ctc.reduction(Reduction::Sum);
        }
        let logits: Vec<_> = batch.iter().map(|sample| sample.logits.clone()).collect();
        check_function(
            |v| record(&ctc, &batch, v),
            |v| record(&ctc, &batch, v),
            |v| record(&ctc, &batch, v),
            &logits,
        )?;
    }

    /// Samples do not mix, and those of a batch are padded with nothing.
    #[test]
    fn a_batch_is_its_samples((blank, batch) in batches()) {
        let tape = Tape::new();
        let ctc = Ctc::new(blank);
        let log_y: Vec<_> = batch.iter().map(|sample| tape.var(log_softmax(&sample.logits))).collect();
        let targets: Vec<_> = batch.iter().map(|sample| &sample.target).collect();
        let together = ctc.losses(&log_y, &targets).unwrap();
        let gradients = together.sum().backward();
        for (b, (y, target)) in log_y.iter().zip(&targets).enumerate() {
            let alone = ctc.losses(&[*y], &[target]).unwrap();
            prop_assert_eq!(together.value()[(b, 0)], alone.item());
            prop_assert_eq!(gradients.of(*y), alone.backward().of(*y));
        }
    }

    #[test]
    fn greedy_is_the_most_probable_path(sample in samples(5, 3, 0)) {
        let log_y = log_softmax(&sample.logits);
        let log_p = |path: &Vec<usize>| path.iter().enumerate().map(|(t, &k)| log_y[(t, k)]).sum::<f64>();
        let best = paths(log_y.row_count(), 3).max_by(|a, b| log_p(a).total_cmp(&log_p(b)));
        let found = Ctc::new(0).greedy(log_y.view()).unwrap();
        prop_assert_eq!(found, labelling(&best.unwrap(), 0));
    }

    /// A beam that is never full finds all labellings with their probabilities.
    #[test]
    fn a_wide_beam_is_the_enumeration(sample in samples(5, 3, 2)) {
        let log_y = log_softmax(&sample.logits);
        let mut all: Vec<_> = enumerate(&log_y, 2).into_iter().collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        let found = Ctc::new(2).beam_search(log_y.view(), 1000).unwrap();
        prop_assert_eq!(found.len(), all.len());
        for (Labelling { symbols, log_probability }, (expected, p)) in found.iter().zip(&all) {
            prop_assert!((log_probability - p.ln()).abs() < 1e-10);
            let tied = all.iter().filter(|(_, q)| (q - p).abs() < 1e-12).count() > 1;
            prop_assert!(symbols == expected || tied);
        }
    }

    /// A narrow beam follows some of the paths.
    #[test]
    fn a_narrow_beam_finds_no_more_than_there_is(sample in samples(6, 3, 0), width in 1..4usize) {
        let log_y = log_softmax(&sample.logits);
        let all = enumerate(&log_y, 0);
        let found = Ctc::new(0).beam_search(log_y.view(), width).unwrap();
        prop_assert!((1..=width).contains(&found.len()));
        let is_sorted = found.is_sorted_by(|a, b| a.log_probability >= b.log_probability);
        prop_assert!(is_sorted);
        for Labelling { symbols, log_probability } in found {
            prop_assert!(log_probability <= all[&symbols].ln() + 1e-12);
        }
    }
}

#[test]
fn second_derivatives_are_those_of_differences() {
    let batch = [(4, vec![1, 1]), (2, vec![2]), (1, vec![])].map(|(steps, target)| Sample {
        logits: wave(steps, steps, 3),
        target,
    });
    let logits = batch.each_ref().map(|sample| sample.logits.clone());
    gradcheck_second_order(|v| record(&Ctc::new(0), &batch, v), &logits).unwrap();
}

/// A labelling with several paths can be more probable than that of the best path.
#[test]
fn the_best_path_is_not_always_the_best_labelling() {
    let log_y = Matrix::from([[0.6f64, 0.4], [0.6, 0.4]]).map(f64::ln);
    let ctc = Ctc::new(0);
    assert_eq!(ctc.greedy(log_y.view()).unwrap(), []);
    let found = ctc.beam_search(log_y.view(), 3).unwrap();
    assert_eq!(found[0].symbols, [1]);
    assert!((found[0].log_probability - 0.64f64.ln()).abs() < 1e-12);
    assert_eq!(found.len(), 2); // a repetition would take a blank between
}

/// Long samples underflow as probabilities: f32 keeps to f64, and every gradient is finite.
#[test]
fn long_samples_are_safe_in_f32() {
    let (steps, symbols) = (600, 20);
    let target: Vec<usize> = (0..150)
        .map(|i| 1 + (i * i + i / 7) % (symbols - 1))
        .collect();
    let logits = Matrix::from_fn(steps, symbols, |r, c| {
        (30.0 * ((r * 7 + c * 13 + r * c) as f64).sin()) as f32
    });
    fn run<T: Scalar>(logits: &Matrix<f32>, target: &[usize]) -> (f64, Vec<f64>) {
        let tape = Tape::<T>::new();
        let x = tape.var(logits.map(|x| T::from_f64(f64::from(x))));
        let e = Ctc::new(0).loss(&[x.log_softmax()], &[target]).unwrap();
        let gradient = e.backward().of(x);
        assert!(gradient.view().is_finite());
        (
            e.item().to_f64(),
            gradient.data().iter().map(|g| g.to_f64()).collect(),
        )
    }
    let (single, gradient) = run::<f32>(&logits, &target);
    let (double, exact) = run::<f64>(&logits, &target);
    assert!(double > 20.0, "{double}");
    assert!(
        (single - double).abs() < 1e-5 * double,
        "{single} against {double}"
    );
    let largest = exact.iter().fold(0.0, |m: f64, g| m.max(g.abs()));
    for (a, b) in gradient.iter().zip(&exact) {
        assert!((a - b).abs() < 1e-3 * largest, "{a} against {b}");
    }
}

/// Log-probabilities of 1e8: what is not likely has no share, and none is NaN.
#[test]
fn large_logits_are_safe_in_f32() {
    let tape = Tape::<f32>::new();
    let x = tape.var(Matrix::from([
        [1e8, 0.0, -1e8],
        [0.0, 1e8, 0.0],
        [0.0, 0.0, 1e8],
    ]));
    for (target, expected) in [(vec![1, 2], 0.0), (vec![1], 1e8), (vec![2, 1, 2], 2e8)] {
        let e = Ctc::new(0)
            .reduction(Reduction::Sum)
            .loss(&[x.log_softmax()], &[target]);
        let e = e.unwrap();
        assert_eq!(e.item(), expected);
        assert!(e.backward().of(x).view().is_finite());
    }
}

/// Symbols that the network rules out are no matter, unless the target needs them.
#[test]
fn symbols_may_be_ruled_out() {
    let never = f64::NEG_INFINITY;
    let tape = Tape::<f64>::new();
    let log_y = tape.var(Matrix::from([
        [0.5f64.ln(), 0.5f64.ln(), never],
        [0.25f64.ln(), 0.75f64.ln(), never],
    ]));
    let e = Ctc::new(0).losses(&[log_y], &[[1]]).unwrap();
    assert!((e.item() + (1.0f64 - 0.125).ln()).abs() < 1e-12);
    let gradient = e.backward().of(log_y);
    assert!(gradient.view().is_finite());
    assert_eq!([0, 1].map(|t| gradient[(t, 2)]), [0.0, 0.0]);
    let found = Ctc::new(0).beam_search(log_y.value(), 10).unwrap();
    assert!(found.iter().all(|found| !found.symbols.contains(&2)));
    let error = Ctc::new(0).loss(&[log_y, log_y], &[[1], [2]]).unwrap_err();
    assert_eq!(
        error,
        CtcError {
            sample: 1,
            problem: CtcProblem::Impossible
        }
    );
}

#[test]
fn what_has_no_loss_is_told_by_sample() {
    let tape = Tape::<f64>::new();
    let y = |steps, symbols| tape.constant(Matrix::filled(steps, symbols, -2.0));
    let ctc = Ctc::new(2);
    let error = |log_y: &[Var<'_, f64>], targets: &[&[usize]]| {
        ctc.loss(log_y, targets).unwrap_err().to_string()
    };
    assert_eq!(
        error(&[y(2, 3), y(4, 3)], &[&[0], &[0, 1, 1, 0]]),
        "sample 1: a target of 4 symbols, 1 of them repeated, takes 5 steps, and there are 4"
    );
    assert!(
        ctc.loss(&[y(2, 3), y(5, 3)], &[&[0][..], &[0, 1, 1, 0]])
            .is_ok()
    );
    assert_eq!(
        error(&[y(2, 3), y(4, 3)], &[&[], &[0, 3]]),
        "sample 1: the symbol 3 at position 1 of its target is not below 3"
    );
    assert_eq!(
        error(&[y(2, 3)], &[&[2]]),
        "sample 0: position 0 of its target is the blank 2"
    );
    let mut flawed = Matrix::filled(3, 3, -1.0);
    flawed[(2, 1)] = f64::NAN;
    assert_eq!(
        error(&[y(2, 3), tape.constant(flawed.clone())], &[&[], &[]]),
        "sample 1: at step 2, symbol 1: NaN is not the logarithm of a probability, such as \
         log_softmax() gives"
    );
    assert!(matches!(
        ctc.greedy(flawed.view()),
        Err(CtcProblem::NotLogProbability { step: 2, symbol: 1, value }) if value.is_nan()
    ));
    flawed[(2, 1)] = 0.5; // a logit
    let problem = CtcProblem::NotLogProbability {
        step: 2,
        symbol: 1,
        value: 0.5,
    };
    assert_eq!(ctc.beam_search(flawed.view(), 2), Err(problem));
    let nothing = Matrix::filled(2, 3, f64::NEG_INFINITY);
    assert_eq!(
        ctc.beam_search(nothing.view(), 2),
        Err(CtcProblem::Impossible)
    );
}

/// "alpha" at each step with a row for each sample that still runs, and few nodes beside it.
#[test]
fn the_recursion_can_be_read_on_the_tape() {
    let tape = Tape::<f64>::new();
    let y = |steps| tape.constant(wave(steps, steps, 3)).log_softmax();
    let log_y = [y(2), y(5), y(3)];
    let before = tape.len();
    let e = Ctc::new(0)
        .loss(&log_y, &[&[1][..], &[2, 1], &[]])
        .unwrap()
        .named("E");
    let alphas = tape.over_time("ctc/alpha");
    let shapes: Vec<_> = alphas.iter().map(|a| a.shape().to_string()).collect();
    assert_eq!(shapes, ["[3, 5]", "[3, 5]", "[2, 5]", "[1, 5]", "[1, 5]"]);
    let infos = (before..e.index()).map(|i| tape.node(i).info());
    let infos: Vec<_> = infos.collect();
    assert!(infos.iter().all(|info| info.scope == "ctc"));
    // Where samples have ended, four views more.
    for (t, expected) in [(1, 8), (2, 12), (3, 12), (4, 8)] {
        let at_step = infos.iter().filter(|info| info.time == Some(t)).count();
        assert_eq!(at_step, expected, "step {t}");
    }
    assert_eq!(e.info().label(), "ctc/E");
}
