//! Losses of rows: against PyTorch, by differences, at the ends of the numbers.

use crate::losses_reference::{BINARY, CROSS_ENTROPY, Case, REGRESSION};
use autograd::testing::{Values, check_function, matrices};
use autograd::{Matrix, Scalar, Tape, Var};
use layers::loss::Reduction::{Mean, Sum};
use layers::loss::{
    BinaryCrossEntropy, CrossEntropy, Reduction, absolute_error, huber_error, squared_error,
};
use proptest::prelude::*;

const ANY: Values = Values::between(-2.0, 2.0);
const CLASS_WEIGHTS: [f64; 4] = [0.5, 2.0, 1.25, 1.5];

/// The formula of losses_reference.py.
fn wave(k: usize, rows: usize, cols: usize) -> Matrix<f64> {
    Matrix::from_fn(rows, cols, |r, c| {
        0.8 * (0.7 * (r * cols + c) as f64 + k as f64).sin()
    })
}

fn reduction(case: &Case) -> Reduction {
    if case.has("sum") { Sum } else { Mean }
}

/// Value and gradient of a loss in a precision, against a case.
fn compare<T: Scalar>(
    case: &Case,
    x: &Matrix<f64>,
    tolerance: f64,
    loss: impl for<'t> Fn(Var<'t, T>) -> Var<'t, T>,
) {
    let tape = Tape::<T>::new();
    let x = tape.var(x.map(T::from_f64));
    let e = loss(x);
    let off = |a: f64, b: f64| (a - b).abs() > tolerance * b.abs().max(1.0);
    let found = e.item().to_f64();
    assert!(!off(found, case.loss), "{case:?}: {found} in {}", T::NAME);
    let gradient = e.backward().of(x);
    assert_eq!(gradient.data().len(), case.gradients[0].len());
    for (a, b) in gradient.data().iter().zip(case.gradients[0]) {
        let a = a.to_f64();
        assert!(!off(a, *b), "{}: {a} against {b} in {}", case.name, T::NAME);
    }
}

fn cross_entropy<'t, T: Scalar>(case: &Case, x: Var<'t, T>) -> Var<'t, T> {
    let mut loss = CrossEntropy::new().reduction(reduction(case));
    let mut targets = [1, 0, 3, 2, 1, 2];
    if case.has("weights") {
        loss = loss.weights(CLASS_WEIGHTS);
    }
    if case.has("smoothing") {
        loss = loss.smoothing(0.2);
    }
    if case.has("ignore") {
        loss = loss.ignore(&[2, usize::MAX]);
        targets[3] = usize::MAX; // another target to be ignored, which is no class
    }
    loss.loss(x, &targets)
}

#[test]
fn cross_entropy_is_pytorchs() {
    let x = wave(1, 6, 4).map(|x| 3.0 * x);
    for case in CROSS_ENTROPY {
        compare::<f64>(case, &x, 1e-10, |x| cross_entropy(case, x));
        compare::<f32>(case, &x, 1e-5, |x| cross_entropy(case, x));
    }
    assert_eq!(CROSS_ENTROPY.len(), 16);
}

fn regression<'t, T: Scalar>(case: &Case, y: Var<'t, T>) -> Var<'t, T> {
    let c = y.tape().constant(wave(3, 4, 3).map(T::from_f64));
    let reduction = reduction(case);
    match case.name.split(' ').next() {
        Some("squared") => squared_error(y, c, reduction),
        Some("absolute") => absolute_error(y, c, reduction),
        _ if case.has("0.4") => huber_error(y, c, 0.4, reduction),
        _ => huber_error(y, c, 1.0, reduction),
    }
}

#[test]
fn errors_of_numbers_are_pytorchs() {
    let y = wave(2, 4, 3).map(|x| 2.0 * x);
    for case in REGRESSION {
        compare::<f64>(case, &y, 1e-10, |y| regression(case, y));
        compare::<f32>(case, &y, 1e-5, |y| regression(case, y));
    }
    assert_eq!(REGRESSION.len(), 8);
}

fn binary<'t, T: Scalar>(case: &Case, x: Var<'t, T>) -> Var<'t, T> {
    let c = wave(5, 4, 3).map(|x| T::from_f64(x / 1.6 + 0.5));
    let mut loss = BinaryCrossEntropy::new().reduction(reduction(case));
    if case.has("each") {
        loss = loss.positive_weights([0.5, 2.0, 3.0]);
    } else if case.has("all") {
        loss = loss.positive_weights([2.5]);
    }
    loss.loss(x, x.tape().constant(c))
}

#[test]
fn binary_cross_entropy_is_pytorchs() {
    let x = wave(4, 4, 3).map(|x| 3.0 * x);
    for case in BINARY {
        compare::<f64>(case, &x, 1e-10, |x| binary(case, x));
        compare::<f32>(case, &x, 1e-5, |x| binary(case, x));
    }
    assert_eq!(BINARY.len(), 6);
}

/// What is fast in the engine is what a loss without settings records.
#[test]
fn plain_losses_record_one_node_and_its_softmax() {
    let program = |record: for<'t> fn(Var<'t, f64>, Var<'t, f64>) -> Var<'t, f64>| {
        let tape = Tape::new();
        let x = tape.var(wave(1, 3, 4)).named("x");
        let c = tape
            .constant(wave(2, 3, 4).map(|x| x / 1.6 + 0.5))
            .named("c");
        record(x, c);
        tape.program().to_string()
    };
    const TARGETS: [usize; 3] = [3, 0, 1];
    assert_eq!(
        program(|x, _| CrossEntropy::new().ignore(&[2]).loss(x, &TARGETS)),
        program(|x, _| x.cross_entropy(&TARGETS))
    );
    assert_eq!(
        program(|x, _| CrossEntropy::new().reduction(Sum).loss(x, &TARGETS)),
        program(|x, _| x.cross_entropy_sum(&TARGETS))
    );
    assert_eq!(
        program(|x, c| squared_error(x, c, Mean)),
        program(|x, c| x.mean_squared_error(c))
    );
    assert_eq!(
        program(|x, c| BinaryCrossEntropy::new().loss(x, c)),
        program(|x, c| x.binary_cross_entropy(c))
    );
}

#[test]
fn ignored_rows_have_no_gradient_and_none_is_no_loss() {
    for smoothing in [0.0, 0.3] {
        for reduction in [Mean, Sum] {
            let loss = CrossEntropy::new()
                .smoothing(smoothing)
                .reduction(reduction);
            let loss = loss.ignore(&[1]);
            let tape = Tape::<f64>::new();
            let x = tape.var(wave(1, 3, 4));
            let gradient = loss.loss(x, &[2, 1, 0]).backward().of(x);
            assert_eq!(gradient.row(1), [0.0; 4]);
            assert!(gradient.row(0).iter().all(|g| *g != 0.0));
            let none = loss.loss(x, &[1, 1, 1]);
            assert_eq!(none.item(), 0.0);
            assert_eq!(none.backward().of(x), Matrix::zeros(3, 4));
        }
    }
}

/// The mean is that of the rows that count, each as it is alone.
#[test]
fn a_mean_is_that_of_the_rows_that_count() {
    let tape = Tape::<f64>::new();
    let x = tape.var(wave(1, 4, 4));
    for smoothing in [0.0, 0.3] {
        let loss = CrossEntropy::new().smoothing(smoothing).ignore(&[0]);
        let alone = |r: usize, y| loss.loss(x.rows(r..r + 1), &[y]).item();
        let together = loss.loss(x, &[3, 0, 1, 0]).item();
        assert!((together - (alone(0, 3) + alone(2, 1)) / 2.0).abs() < 1e-14);
    }
}

type Function = for<'t> fn(Var<'t, f32>, &[f64]) -> Var<'t, f32>;

/// With logits and numbers as large as this, f32 gives what f64 gives of the same numbers.
#[test]
fn large_numbers_are_safe_in_f32() {
    fn targets<'t>(x: Var<'t, f32>, c: &[f64]) -> Var<'t, f32> {
        let element = |r, column| c[r * x.col_count() + column] as f32;
        let c = Matrix::from_fn(x.row_count(), x.col_count(), element);
        x.tape().constant(c)
    }
    let smoothed = CrossEntropy::new().smoothing(0.1).weights([1.0, 2.0]);
    // Two rows: the right class by far, and the wrong one; −ln p is 0 and 1e8.
    let (right, wrong) = (1e8, -1e8);
    let x = Matrix::from([[right, 0.0], [wrong, 0.0]]);
    let e = |record: &dyn for<'t> Fn(Var<'t, f32>) -> Var<'t, f32>| {
        let tape = Tape::<f32>::new();
        let x = tape.var(x.clone());
        let e = record(x);
        assert!(e.backward().of(x).view().is_finite());
        f64::from(e.item())
    };
    let close = |found: f64, expected: f64| {
        let agree = (found - expected).abs() <= 1e-6 * expected.abs();
        assert!(agree, "{found} instead of {expected}");
    };
    let plain = CrossEntropy::new();
    close(e(&|x| plain.clone().loss(x, &[0, 0])), 0.5e8);
    close(e(&|x| plain.clone().reduction(Sum).loss(x, &[0, 0])), 1e8);
    close(
        e(&|x| plain.clone().weights([2.0, 1.0]).loss(x, &[0, 1])),
        0.0,
    );
    // Row 0: 2 · 0.05 · 1e8; row 1: 0.95 · 1e8.
    close(e(&|x| smoothed.loss(x, &[0, 0])), (0.1e8 + 0.95e8) / 2.0);
    let binary = BinaryCrossEntropy::new();
    let zeros = [1.0, 0.0, 0.0, 1.0];
    let half_and_ln_2 = 2.0 * 2f64.ln() / 4.0;
    close(e(&|x| binary.loss(x, targets(x, &zeros))), half_and_ln_2);
    let weighted = binary.clone().positive_weights([3.0, 1.0]);
    close(e(&|x| weighted.loss(x, targets(x, &zeros))), half_and_ln_2);
    close(
        e(&|x| weighted.loss(x, targets(x, &[0.0, 0.0, 1.0, 1.0]))),
        1e8,
    );
    let origin: Function = |x, c| huber_error(x, targets(x, c), 2.0, Sum);
    close(e(&|x| origin(x, &[0.0; 4])), 4e8);
    let origin: Function = |x, c| absolute_error(x, targets(x, c), Mean);
    close(e(&|x| origin(x, &[0.0; 4])), 0.5e8);
    let origin: Function = |x, c| squared_error(x, targets(x, c), Sum);
    close(e(&|x| origin(x, &[0.0; 4])), 2e16);
}

#[derive(Clone, Debug)]
struct Setting {
    loss: CrossEntropy,
    targets: Vec<usize>,
}

const IGNORED: usize = usize::MAX;

fn settings() -> impl Strategy<Value = (Setting, Matrix<f64>)> {
    let sizes = (1..=5usize, 1..=5usize);
    sizes.prop_flat_map(|(rows, classes)| {
        let class = prop_oneof![4 => 0..classes, 1 => Just(IGNORED)];
        let targets = prop::collection::vec(class, rows);
        let weights = prop::option::of(prop::collection::vec(0.1..3.0f64, classes));
        let smoothing = prop_oneof![Just(0.0), 0.0..=1.0f64];
        let reduction = prop::sample::select(vec![Mean, Sum]);
        let of = (
            targets,
            weights,
            smoothing,
            reduction,
            matrices(rows, classes, ANY),
        );
        of.prop_map(|(targets, weights, smoothing, reduction, x)| {
            let mut loss = CrossEntropy::new().ignore(&[IGNORED]);
            loss = loss.smoothing(smoothing).reduction(reduction);
            if let Some(weights) = weights {
                loss = loss.weights(weights);
            }
            (Setting { loss, targets }, x)
        })
    })
}

/// Numbers of one shape, away from the kinks of the errors, and targets for them.
fn numbers() -> impl Strategy<Value = (Matrix<f64>, Matrix<f64>)> {
    const OFF_KINKS: Values = ANY.off(&[-0.75, 0.0, 0.75]);
    (1..=4usize, 1..=4usize)
        .prop_flat_map(|(m, n)| (matrices(m, n, OFF_KINKS), matrices(m, n, ANY)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn cross_entropy_keeps_to_the_rules((Setting { loss, targets }, x) in settings()) {
        check_function(
            |v| loss.loss(v[0], &targets),
            |v| loss.loss(v[0], &targets),
            |v| loss.loss(v[0], &targets),
            &[x],
        )?;
    }

    /// Of y = r + c against c, whose difference is r.
    #[test]
    fn errors_of_numbers_keep_to_the_rules((r, c) in numbers(), which in 0..3, sum: bool) {
        fn error<'t, T: Scalar>(which: i32, reduction: Reduction, v: &[Var<'t, T>]) -> Var<'t, T> {
            let (y, c) = (v[0] + v[1], v[1]);
            match which {
                0 => squared_error(y, c, reduction),
                1 => absolute_error(y, c, reduction),
                _ => huber_error(y, c, 0.75, reduction),
            }
        }
        let reduction = if sum { Sum } else { Mean };
        check_function(
            |v| error(which, reduction, v),
            |v| error(which, reduction, v),
            |v| error(which, reduction, v),
            &[r, c],
        )?;
    }

    /// Of targets σ(c).
    #[test]
    fn binary_cross_entropy_keeps_to_the_rules((x, c) in numbers(), weights in 0..3, sum: bool) {
        let reduction = if sum { Sum } else { Mean };
        let mut loss = BinaryCrossEntropy::new().reduction(reduction);
        loss = match weights {
            0 => loss,
            1 => loss.positive_weights([1.7]),
            _ => loss.positive_weights((0..x.col_count()).map(|c| c as f64).collect::<Vec<_>>()),
        };
        check_function(
            |v| loss.loss(v[0], v[1].sigmoid()),
            |v| loss.loss(v[0], v[1].sigmoid()),
            |v| loss.loss(v[0], v[1].sigmoid()),
            &[x, c],
        )?;
    }
}
