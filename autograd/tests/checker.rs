//! The gradient check itself: it must catch what is wrong, and say where.

use autograd::gradcheck::{GradCheckError, NoDerivative, Problem, Report};
use autograd::ops::{Binary, Unary};
use autograd::{GradCheck, Inputs, Matrix, MatrixMut, Operation, Pullback, Shape, Var, gradcheck};
use proptest::prelude::*;

/// tanh with a derivative that is off by a share `error`.
struct WrongTanh {
    error: f64,
}

impl Unary<f64> for WrongTanh {
    const NAME: &'static str = "wrong_tanh";
    fn f(&self, x: f64) -> f64 {
        x.tanh()
    }
    fn df(&self, _: f64, y: f64) -> f64 {
        (1.0 - y * y) * (1.0 + self.error)
    }
    fn derivative(&self) -> String {
        "1 − y²".into()
    }
}

/// A product that forgets its second factor.
struct Forgetful;

impl Binary<f64> for Forgetful {
    const NAME: &'static str = "forgetful";
    fn f(&self, a: f64, b: f64) -> f64 {
        a * b
    }
    fn da(&self, _: f64, b: f64, _: f64) -> f64 {
        b
    }
    fn db(&self, _: f64, _: f64, _: f64) -> f64 {
        0.0
    }
    fn derivatives(&self) -> [String; 2] {
        ["b", "0"].map(String::from)
    }
}

/// y = x, but for one thing.
#[derive(Clone, Copy, PartialEq)]
enum Flawed {
    /// The first row of the result is 0, for lack of being written.
    LeavesResult,
    /// It is 0, and what is sent there is 0 for lack of being written.
    LeavesGradient,
    /// The rule overwrites what other uses of its operand have sent.
    Overwrites,
    /// The rule sends ȳ², which for seeds of 0 and 1 is ȳ.
    SquaresGradient,
}
use Flawed::*;

impl Operation<f64> for Flawed {
    fn name(&self) -> &'static str {
        "flawed"
    }
    fn shape(&self, inputs: &Inputs<'_, f64>) -> Result<Shape, String> {
        Ok(inputs.shape(0))
    }
    fn forward(&self, inputs: &Inputs<'_, f64>, mut y: MatrixMut<'_, f64>) {
        let before = y.row(0).to_vec();
        y.copy_from(inputs.value(0));
        match self {
            LeavesResult => y.row(0).copy_from_slice(&before),
            LeavesGradient => y.row(0).fill(0.0),
            _ => {}
        }
    }
    fn backward(&self, back: &mut Pullback<'_, f64>) {
        let grad = back.grad();
        back.send(0, |mut to| match self {
            Overwrites => to.zeroed().copy_from(grad),
            SquaresGradient => to.map([grad], |[g]| g * g),
            LeavesResult => to.each(|r, c| if r == 0 { 0.0 } else { grad[(r, c)] }),
            LeavesGradient => {
                (1..grad.row_count()).for_each(|r| to.add_row(r, grad.row(r).iter().copied()));
            }
        });
    }
    fn rule(&self, _: usize) -> String {
        "ȳ".into()
    }
}

fn point() -> Matrix<f64> {
    Matrix::from([[0.3, -0.8, 1.1], [0.0, 2.0, -0.4]])
}

/// What a check says of a function of one input.
fn problem(f: impl for<'t> Fn(&[Var<'t, f64>]) -> Var<'t, f64>, x: Matrix<f64>) -> Problem {
    match gradcheck(f, &[x]) {
        Ok(report) => panic!("passes: {report:?}"),
        Err(error) => error.problem().clone(),
    }
}

fn flaw(flawed: Flawed) -> Problem {
    problem(|v| v[0].tape().record(flawed, v), point())
}

proptest! {
    #[test]
    fn a_wrong_derivative_is_caught(exponent in -4.0..0.0_f64, negative: bool) {
        let error = 10_f64.powf(exponent) * if negative { -1.0 } else { 1.0 };
        let outcome = gradcheck(|v| v[0].apply(WrongTanh { error }), &[point()]);
        let found = outcome.map_err(|e| e.problem().clone());
        prop_assert!(matches!(found, Err(Problem::Mismatch { .. })), "{found:?}");
    }
}

#[test]
fn a_failure_names_function_input_element_and_both_values() {
    let inputs = [Matrix::from([[2.0, 3.0]]), Matrix::from([[4.0, 5.0]])];
    let check = GradCheck::new().named("forgetful product");
    let error = check
        .run(|v| v[0].apply_with(Forgetful, v[1]), &inputs)
        .unwrap_err();
    assert_eq!(error.function(), Some("forgetful product"));
    let &Problem::Mismatch {
        worst,
        failed,
        compared,
    } = error.problem()
    else {
        panic!("{error}")
    };
    assert_eq!(
        (worst.input, worst.analytic, failed, compared),
        (1, 0.0, 2, 8)
    );
    assert!((worst.numeric - 3.0).abs() < 1e-9, "the larger of 2 and 3");
    let text = error.to_string();
    let expected = "forgetful product: derivative of output (0, 1) by input 1, element (0, 1): 0e0 by the \
                    tape, ";
    assert!(text.starts_with(expected), "{text}");
    assert!(
        text.ends_with("relative error 1.0e0; 2 of 8 derivatives fail"),
        "{text}"
    );
}

#[test]
fn elements_that_are_never_written_are_found() {
    // The right numbers are zeros, which is what fresh buffers hold.
    assert_eq!(flaw(LeavesResult), Problem::Unwritten { output: (0, 0) });
    let element = (0, 0);
    assert_eq!(flaw(LeavesGradient), Problem::Unsent { input: 0, element });
}

/// An operation in a function that is computed anew on the way back, on a tape of its own.
#[test]
fn elements_that_are_never_written_are_found_within_a_recomputation() {
    let recomputed = problem(
        |v| {
            v[0].tape()
                .recompute(v, |v| v[0].tape().record(LeavesResult, v))
        },
        point(),
    );
    assert_eq!(recomputed, Problem::Unwritten { output: (0, 0) });
}

#[test]
fn a_rule_that_overwrites_other_contributions_is_found_by_one_use() {
    let problem = flaw(Overwrites);
    assert!(
        matches!(problem, Problem::Overwritten { .. }),
        "{problem:?}"
    );
}

#[test]
fn a_rule_that_is_not_linear_in_its_gradient_is_found() {
    let problem = flaw(SquaresGradient);
    assert!(matches!(problem, Problem::NotLinear { .. }), "{problem:?}");
}

/// c x with a wrong derivative, where c and the error depend on the element.
struct TwoErrors;

impl Unary<f64> for TwoErrors {
    const NAME: &'static str = "two_errors";
    fn derivative(&self) -> String {
        "c".into()
    }
    fn f(&self, x: f64) -> f64 {
        if x < 1.5 { x } else { 1e-3 * x }
    }
    fn df(&self, x: f64, _: f64) -> f64 {
        // The first is just beyond what is tolerated, and the second, of a smaller number, is not
        // though its relative error is larger.
        if x < 1.5 {
            1.0 + 1.05e-5
        } else {
            1e-3 * (1.0 + 1.8e-5)
        }
    }
}

#[test]
fn an_entry_that_fails_is_seen_beside_one_with_a_larger_relative_error() {
    let found = problem(|v| v[0].apply(TwoErrors), Matrix::from([[1.0, 2.0]]));
    let Problem::Mismatch { worst, failed, .. } = found else {
        panic!("{found:?}")
    };
    assert_eq!((worst.element, failed), ((0, 0), 1));
}

fn no_derivative(problem: Problem) -> (usize, (usize, usize), NoDerivative) {
    match problem {
        Problem::NoDerivative {
            input,
            element,
            reason,
            ..
        } => (input, element, reason),
        problem => panic!("{problem:?}"),
    }
}

#[test]
fn a_kink_is_recognised_as_one() {
    // At the kink, and so near to it that no step is smaller.
    for at in [0.0, 1e-7, -1.5e-7] {
        let relu = problem(|v| v[0].relu(), Matrix::from([[1.0, at]]));
        let (_, element, reason) = no_derivative(relu);
        assert!(
            element == (0, 1) && matches!(reason, NoDerivative::Kink { .. }),
            "{reason:?}"
        );
        let abs = problem(|v| v[0].abs(), Matrix::from([[1.0], [at]]));
        let (_, element, reason) = no_derivative(abs);
        assert!(
            element == (1, 0) && matches!(reason, NoDerivative::Kink { .. }),
            "{reason:?}"
        );
    }
    // Of a function whose rule makes NaN of it.
    let root = problem(|v| v[0].square().sqrt(), Matrix::from([[1.0, 0.0]]));
    assert_eq!(
        no_derivative(root).2,
        NoDerivative::Kink {
            left: -1.0,
            right: 1.0
        }
    );
    // A small one, in what has large values.
    let small = problem(|v| v[0] * 5.0 + v[0].abs() * 1e-4, Matrix::from([[0.0]]));
    assert!(matches!(no_derivative(small).2, NoDerivative::Kink { .. }));
}

proptest! {
    /// Steps become small enough to stay on one side.
    #[test]
    fn a_kink_close_by_does_not_matter_or_is_named(exponent in -7.0..-1.0_f64, negative: bool) {
        let x = 10_f64.powf(exponent) * if negative { -1.0 } else { 1.0 };
        match gradcheck(|v| v[0].abs() + v[0], &[Matrix::scalar(x)]) {
            Ok(_) => {}
            Err(error) => {
                prop_assert!(x.abs() < 1e-5, "{}: {}", x, error);
                let named = matches!(error.problem(), Problem::NoDerivative { .. } | Problem::Unsettled { .. });
                prop_assert!(named, "{}: {}", x, error);
            }
        }
    }
}

#[test]
fn a_point_without_a_derivative_is_named() {
    let root = problem(|v| v[0].sqrt(), Matrix::from([[1.0, 0.0]]));
    let (input, element, reason) = no_derivative(root);
    assert_eq!((input, element), (0, (0, 1)));
    assert!(
        matches!(reason, NoDerivative::Infinite { slope } if slope > 1e3),
        "{reason:?}"
    );
    let logarithm = problem(|v| v[0].ln(), Matrix::from([[1.0], [0.0]]));
    let (_, element, reason) = no_derivative(logarithm);
    assert_eq!(element, (1, 0));
    assert!(
        matches!(reason, NoDerivative::Undefined { left, .. } if left.is_nan()),
        "{reason:?}"
    );
    let pole = problem(|v| 1.0 / v[0], Matrix::from([[0.0]]));
    assert!(matches!(
        no_derivative(pole).2,
        NoDerivative::Undefined { .. }
    ));
    let text = gradcheck(|v| v[0].sqrt(), &[Matrix::scalar(0.0)])
        .unwrap_err()
        .to_string();
    assert!(
        text.starts_with(
            "input 0, element (0, 0) = 0: there is no derivative here: the slope grows"
        ),
        "{text}"
    );
}

#[test]
fn curvature_is_not_taken_for_a_kink() {
    let x = Matrix::from([[-3.0, 4.0, 0.01]]);
    gradcheck(|v| (v[0] * 3.0).exp(), std::slice::from_ref(&x)).unwrap();
    gradcheck(|v| v[0].powi(5), std::slice::from_ref(&x)).unwrap();
    gradcheck(|v| v[0].square().sqrt(), &[Matrix::from([[0.01]])]).unwrap();
}

/// (x − mean) / √(variance + ε) of each row.
fn layer_norm<'t>(x: Var<'t, f64>, epsilon: f64) -> Var<'t, f64> {
    let n = x.col_count();
    let mean = x.tape().constant(Matrix::filled(n, n, 1.0 / n as f64));
    let centred = x - x.matmul(mean);
    centred / (centred.square().matmul(mean) + epsilon).sqrt()
}

#[test]
fn derivatives_that_vary_quickly_are_followed_with_small_steps() {
    let nearly_constant = Matrix::from([[1.0, 1.0001, 0.9999], [2.0, 2.0, 2.0001]]);
    let report = gradcheck(|v| layer_norm(v[0], 1e-8), &[nearly_constant]).unwrap();
    assert!(report.smallest_step < 1e-5, "{report:?}");
    let easy = gradcheck(|v| v[0].tanh(), &[point()]).unwrap();
    assert!(
        easy.smallest_step > 5e-5 && easy.largest_step < 2e-3,
        "{easy:?}"
    );
    gradcheck(|v| v[0].ln(), &[Matrix::from([[2e-4, 1e-5]])]).unwrap();
    gradcheck(|v| v[0].sqrt(), &[Matrix::from([[2e-4, 1e-5]])]).unwrap();
}

proptest! {
    /// Whatever the scale of a smooth function and of its argument, its derivative passes, and one that
    /// is off by a thousandth does not.
    #[test]
    fn smooth_functions_pass_on_any_scale(x in -3.0..3.0_f64, fast in -3.0..4.0_f64, large in -3.0..5.0_f64) {
        let (fast, large) = (10_f64.powf(fast), 10_f64.powf(large));
        let at = Matrix::scalar(x / fast);
        let outcome = gradcheck(|v| (v[0] * fast).tanh() * large, std::slice::from_ref(&at));
        prop_assert!(outcome.is_ok(), "{outcome:?}");
        let error = 1e-3;
        let wrong = gradcheck(|v| (v[0] * fast).apply(WrongTanh { error }) * large, &[at]);
        let slope = fast * large * (1.0 - x.tanh().powi(2));
        prop_assert!(wrong.is_err() || slope * error < 1e-7 * large.max(1.0), "{wrong:?}");
    }
}

#[test]
fn most_elements_take_two_steps() {
    let report = gradcheck(|v| v[0].softmax(), &[point()]).unwrap();
    assert_eq!(report.evaluations, 2 + 4 * 6);
}

#[test]
fn settings_decide_what_passes() {
    let run = |check: GradCheck, error| -> Result<Report, GradCheckError> {
        check.run(|v| v[0].apply(WrongTanh { error }), &[point()])
    };
    assert!(run(GradCheck::new(), 1e-6).is_ok());
    assert!(run(GradCheck::new().tolerance(1e-9, 1e-8), 1e-6).is_err());
    assert!(run(GradCheck::new().tolerance(1e-9, 1e-8), 0.0).is_ok());
    assert!(run(GradCheck::new().tolerance(1e-3, 1e-1), 1e-2).is_ok());
    let report = run(GradCheck::new().step(1e-5), 0.0).unwrap();
    assert!(report.largest_step <= 2e-5, "{report:?}");
}

#[test]
fn a_function_that_is_too_coarse_for_any_step_is_named() {
    // Values that are multiples of 1e-7.
    let coarse = |x: f64| problem(|v| (v[0] + 1e9) - 1e9, Matrix::scalar(x));
    for x in [0.3, 0.123, 1.7] {
        let found = coarse(x);
        assert!(matches!(found, Problem::Unsettled { .. }), "{found:?}");
    }
}

#[test]
fn values_that_are_not_finite_are_reported() {
    let found = problem(|v| v[0].ln(), Matrix::from([[1.0, -1.0]]));
    assert!(
        matches!(found, Problem::NotFinite { output: (0, 1), value } if value.is_nan()),
        "{found:?}"
    );
}

#[test]
fn a_gradient_that_is_not_finite_is_a_wrong_one() {
    let found = problem(|v| v[0].apply(WrongTanh { error: f64::NAN }), point());
    let Problem::Mismatch { worst, failed, .. } = found else {
        panic!("{found:?}")
    };
    assert!(
        worst.analytic.is_nan() && worst.numeric.is_finite() && failed == 36,
        "{worst:?} {failed}"
    );
}

#[test]
fn a_function_with_memory_is_reported() {
    let calls = std::cell::Cell::new(0.0);
    let found = problem(
        |v| {
            calls.set(calls.get() + 1.0);
            v[0] * calls.get()
        },
        point(),
    );
    assert!(
        matches!(found, Problem::NotDeterministic { .. }),
        "{found:?}"
    );
}
