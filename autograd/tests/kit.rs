//! The test kit must catch what is wrong with an operation, and say what.

use autograd::ops::Unary;
use autograd::testing::{CheckError, Setting, check_operation, check_operation_with};
use autograd::{Inputs, Matrix, MatrixMut, Operation, Pullback, Scalar, Shape};

/// x², right or with one flaw that the gradient check does not see.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Square {
    Right,
    /// The printed rule has a wrong factor.
    PrintsWrong,
    /// The printed rule is not one of this shape.
    PrintsProduct,
    /// The printed rule is prose.
    PrintsProse,
    /// The value goes through f64.
    LosesTangent,
    /// The derivative is that of another function in dual numbers.
    WrongInDual,
    /// Numbers are taken to be precise.
    NeedsDouble,
}
use Square::*;

impl<T: Scalar> Unary<T> for Square {
    const NAME: &'static str = "flawed_square";
    fn f(&self, x: T) -> T {
        let large = T::from_f64(1e6);
        match self {
            LosesTangent => T::from_f64(x.to_f64().powi(2)),
            WrongInDual if T::HAS_TANGENT => x * x + T::ONE,
            NeedsDouble => (x * x + large) - large,
            _ => x * x,
        }
    }
    fn df(&self, x: T, _: T) -> T {
        x + x
    }
    fn derivative(&self) -> String {
        match self {
            PrintsWrong => "x²",
            PrintsProse => "twice as much",
            PrintsProduct => "x x x",
            _ => "2 x",
        }
        .into()
    }
}

fn point() -> Matrix<f64> {
    Matrix::from([[0.3, -0.8, 1.1], [0.4, 2.0, -0.4]])
}

fn flaw(flawed: Square) -> CheckError {
    check_operation(flawed, &[point()]).unwrap_err()
}

#[test]
fn a_right_operation_passes() {
    let checked = check_operation(Right, &[point()]).unwrap();
    assert_eq!((checked.gradients.compared, checked.prose.len()), (36, 0));
}

#[test]
fn a_printed_rule_that_is_not_what_is_sent_is_caught() {
    let error = flaw(PrintsWrong);
    assert!(
        matches!(&error, CheckError::Rule { operand: 0, element: (0, 0), rule, .. } if rule == "ȳ ⊙ (x²)"),
        "{error}"
    );
    let text = error.to_string();
    let expected = "flawed_square: what is printed for operand 0, \"ȳ ⊙ (x²)\", is ";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn a_printed_rule_whose_shapes_do_not_fit_is_caught() {
    let error = flaw(PrintsProduct);
    let expected = "the product of [2, 3] and [2, 3]";
    assert!(
        matches!(&error, CheckError::Formula { complaint, .. } if complaint == expected),
        "{error}"
    );
}

#[test]
fn a_rule_in_prose_is_named() {
    let checked = check_operation(PrintsProse, &[point()]).unwrap();
    assert!(checked.prose.iter().eq(&["flawed_square"]), "{checked:?}");
}

#[test]
fn a_lost_tangent_is_caught() {
    let error = flaw(LosesTangent);
    assert!(
        matches!(error, CheckError::Tangent { forward: 0.0, reverse } if reverse.abs() > 1.0),
        "{error}"
    );
}

fn setting(error: &CheckError) -> Option<Setting> {
    match error {
        CheckError::Differs { setting, .. } => Some(*setting),
        _ => None,
    }
}

#[test]
fn other_values_in_another_type_are_caught() {
    let error = flaw(WrongInDual);
    assert_eq!(setting(&error), Some(Setting::Dual), "{error}");
    let error = flaw(NeedsDouble);
    assert_eq!(setting(&error), Some(Setting::Single), "{error}");
    let text = error.to_string();
    assert!(text.starts_with("output, element (0, 0): "), "{text}");
    assert!(text.contains(" in f32, and "), "{text}");
}

/// y = c x, with c the integer that it is recorded with; but of a part of a matrix, it reads the first
/// row only.
#[derive(Clone)]
struct ReadsFirst;

impl<T: Scalar> Operation<T> for ReadsFirst {
    fn name(&self) -> &'static str {
        "reads_first"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        Ok(inputs.shape(0))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, mut y: MatrixMut<'_, T>) {
        let (x, factor) = (inputs.value(0), T::from_f64(inputs.integers()[0] as f64));
        let is_whole = x.contiguous().is_some();
        for r in 0..x.row_count() {
            let from = if is_whole { r } else { 0 };
            let scaled = x.row(from).iter().map(|&x| factor * x);
            y.row(r).iter_mut().zip(scaled).for_each(|(y, x)| *y = x);
        }
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let factor = T::from_f64(back.inputs().integers()[0] as f64);
        let grad = back.grad();
        back.send(0, |to| to.map([grad], |[g]| factor * g));
    }
    fn rule(&self, _: usize) -> String {
        "3 ȳ".into()
    }
}

#[test]
fn an_operation_that_cannot_take_parts_of_matrices_is_caught() {
    let error = check_operation_with(ReadsFirst, &[point()], &[3]).unwrap_err();
    assert_eq!(setting(&error), Some(Setting::Parts), "{error}");
    let one_row = Matrix::from([[0.3, -0.8]]);
    check_operation_with(ReadsFirst, &[one_row], &[3]).unwrap();
}
