//! Values where floating-point numbers are at their ends, and operations that are each other's rule.

use autograd::{Matrix, Tape, Var};
use proptest::prelude::*;

const LN_2: f32 = std::f32::consts::LN_2;

/// What large logits have in common takes no digit from their differences.
#[test]
fn a_large_common_offset_is_not_seen_in_a_loss() {
    let tape = Tape::<f32>::new();
    for offset in [0.0, 1e4, 1e8, -1e8, 1e30] {
        let x = tape.var(Matrix::from([[offset, offset]]));
        let e = x.cross_entropy(&[1]);
        assert!((e.item() - LN_2).abs() < 1e-6, "{offset}: {}", e.item());
        let y = x.log_softmax();
        assert!((y.value()[(0, 0)] + LN_2).abs() < 1e-6, "{offset}: {y}");
        assert_eq!(e.backward().of(x), Matrix::from([[0.5, -0.5]]));
        let gradient = x.log_sum_exp().backward().of(x);
        assert!(gradient.max_abs_diff(&Matrix::filled(1, 2, 0.5)) < 1e-6);
    }
}

#[test]
fn a_nan_is_never_lost() {
    let tape = Tape::<f64>::new();
    for row in [[f64::NAN, f64::NAN], [1.0, f64::NAN], [f64::NAN, 1.0]] {
        let x = tape.var(Matrix::from([row]));
        for y in [
            x.row_max(),
            x.log_sum_exp(),
            x.softmax(),
            x.log_softmax(),
            x.cross_entropy(&[0]),
            x.relu(),
            x.clamp(-1.0, 1.0).sum(),
        ] {
            let values: Vec<f64> = y.value().iter().collect();
            assert!(values.iter().any(|y| y.is_nan()), "{row:?}: {:?}", y.info());
        }
    }
}

#[test]
fn infinities_are_what_they_are() {
    let tape = Tape::<f64>::new();
    const LOW: f64 = f64::NEG_INFINITY;
    let x = tape.var(Matrix::from([[LOW, LOW], [LOW, 0.0], [f64::INFINITY, 0.0]]));
    let expected = Matrix::from([[LOW], [0.0], [f64::INFINITY]]);
    assert_eq!(x.row_max().value().to_matrix(), expected);
    assert_eq!(x.log_sum_exp().value().to_matrix(), expected);
    let masked = x.rows(1..2); // a logit of −∞ leaves a choice out
    assert_eq!(
        masked.softmax().value().to_matrix(),
        Matrix::from([[0.0, 1.0]])
    );
    let e = masked.cross_entropy(&[1]);
    assert_eq!(e.item(), 0.0);
    assert_eq!(
        e.backward().of(x).rows(1..2).to_matrix(),
        Matrix::zeros(1, 2)
    );
}

/// A sum of logarithms keeps what the smaller adds, overflows nowhere, and takes −∞ for nothing.
#[test]
fn logarithms_are_added_at_the_ends_of_the_numbers() {
    const LOW: f32 = f32::NEG_INFINITY;
    const HIGH: f32 = f32::INFINITY;
    let tape = Tape::<f32>::new();
    for (a, b, y, share) in [
        (LOW, -3.0, -3.0, 0.0),
        (LOW, LOW, LOW, 0.5),
        (HIGH, 3.0, HIGH, 1.0),
        (HIGH, HIGH, HIGH, 0.5),
        (HIGH, LOW, HIGH, 1.0),
        (1e30, -1e30, 1e30, 1.0),
        (1e8, 1e8, 1e8, 0.5),
        (0.0, -16.0, (-16f32).exp().ln_1p(), 1.0),
    ] {
        for (a, b, share) in [(a, b, share), (b, a, 1.0 - share)] {
            let [x, z] = [a, b].map(|x| tape.var(Matrix::scalar(x)));
            let sum = x.log_add_exp(z);
            let gradients = sum.backward();
            let of = |x| gradients.of(x).data()[0];
            assert_eq!(sum.item(), y, "{a} and {b}");
            assert!((of(x) - share).abs() < 1e-6, "{a} and {b}: {}", of(x));
            assert!((of(x) + of(z) - 1.0).abs() < 1e-6, "{a} and {b}");
        }
    }
    for (a, b) in [(f32::NAN, 1.0), (f32::NAN, LOW), (f32::NAN, f32::NAN)] {
        let [x, z] = [a, b].map(|x| tape.var(Matrix::scalar(x)));
        assert!(x.log_add_exp(z).item().is_nan() && z.log_add_exp(x).item().is_nan());
    }
}

type Function = for<'t> fn(Var<'t, f64>, Var<'t, f64>) -> Var<'t, f64>;

fn said<R>(f: impl FnOnce() -> R) -> String {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f));
    let panic = caught.err().expect("a panic");
    *panic.downcast::<String>().expect("a message")
}

#[cfg(target_pointer_width = "64")]
#[test]
fn numbers_beyond_32_bits_are_refused_not_cut() {
    let tape = Tape::<f32>::new();
    let x = tape.zeros(2, 2);
    let beyond = 1_usize << 32;
    assert_eq!(
        said(|| x.rows(beyond..beyond + 1))
            .matches("4294967296")
            .count(),
        1
    );
    assert_eq!(
        said(|| x.cols(0..beyond + 1)).matches("4294967297").count(),
        1
    );
    let time = said(|| tape.step(beyond));
    assert_eq!(time, "time step 4294967296: steps are counted below 2³²");
    assert_eq!(said(|| x.at(beyond)), time);
}

#[test]
fn nodes_are_summed_by_an_iterator_and_in_place() {
    let tape = Tape::<f64>::new();
    let x = [1.0, 2.0, 4.0].map(|x| tape.var(Matrix::scalar(x)));
    let total: Var<'_, f64> = x.iter().map(|x| x.square()).sum();
    let mut same = x[0].square();
    for x in &x[1..] {
        same += x.square();
    }
    assert_eq!((total.item(), same.item()), (21.0, 21.0));
    let gradients = total.backward();
    assert_eq!(x.map(|x| gradients.of(x)[(0, 0)]), [2.0, 4.0, 8.0]);
    let none = said(|| std::iter::empty::<Var<'_, f64>>().sum::<Var<'_, f64>>());
    assert_eq!(none, "a sum of at least one node");
}

proptest! {
    /// ⟨gather(x), y⟩ = ⟨x, scatter(y)⟩: each is the transpose of the other, and so its rule.
    #[test]
    fn gathering_and_scattering_are_each_others_rule(
        rows in 1..6_usize, cols in 1..4_usize, picks in prop::collection::vec(any::<prop::sample::Index>(), 1..9), seed in 0..100_usize,
    ) {
        let tape = Tape::<f64>::new();
        let indices: Vec<usize> = picks.iter().map(|i| i.index(rows)).collect();
        let wave = |r: usize, c: usize| ((seed + r * 5 + c * 3) as f64).sin();
        let x = tape.var(Matrix::from_fn(rows, cols, wave));
        let y = tape.var(Matrix::from_fn(indices.len(), cols, |r, c| wave(c, r)));
        let (gathered, scattered) = (x.gather_rows(&indices), y.scatter_add_rows(&indices, rows));
        let (a, b) = ((gathered * y).sum(), (x * scattered).sum());
        prop_assert!((a.item() - b.item()).abs() < 1e-12);
        let of_gather = gathered.backward_from(&y.value().to_matrix()).of(x);
        prop_assert_eq!(of_gather, scattered.value().to_matrix());
        let of_scatter = scattered.backward_from(&x.value().to_matrix()).of(y);
        prop_assert_eq!(of_scatter, gathered.value().to_matrix());
    }

    /// A column vector, a row vector and a scalar are spread as a matrix of their repetitions.
    #[test]
    fn what_is_spread_is_repeated(rows in 1..5_usize, cols in 1..5_usize, small in 0..3_usize, seed in 0..100_usize) {
        let tape = Tape::<f64>::new();
        let wave = |r: usize, c: usize| 1.5 + ((seed + r * 5 + c * 3) as f64).sin();
        let (m, n) = [(rows, 1), (1, cols), (1, 1)][small];
        let a = tape.var(Matrix::from_fn(rows, cols, wave));
        let b = tape.var(Matrix::from_fn(m, n, |r, c| wave(c + 1, r)));
        let repeated = |r: usize, c: usize| b.value()[(r.min(m - 1), c.min(n - 1))];
        let whole = tape.var(Matrix::from_fn(rows, cols, repeated));
        const FUNCTIONS: [Function; 6] = [|a, b| a.log_add_exp(b), |a, b| a + b, |a, b| b - a, |a, b| a * b, |a, b| b / a, |a, b| a / b];
        for f in FUNCTIONS {
            let (spread, full) = (f(a, b), f(a, whole));
            prop_assert_eq!(spread.value().to_matrix(), full.value().to_matrix());
            let (spread, full) = (spread.sum().backward(), full.sum().backward());
            prop_assert!(spread.of(a).max_abs_diff(&full.of(a)) < 1e-12);
            let mut summed = Matrix::zeros(m, n);
            for r in 0..rows {
                for c in 0..cols {
                    summed[(r.min(m - 1), c.min(n - 1))] += full.of(whole)[(r, c)];
                }
            }
            prop_assert!(spread.of(b).max_abs_diff(&summed) < 1e-12);
        }
    }
}
