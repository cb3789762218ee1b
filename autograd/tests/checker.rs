//! The gradient check itself: it must catch what is wrong, and say where.
#![allow(missing_docs)]

use autograd::gradcheck::GradCheckError;
use autograd::ops::{Binary, Unary};
use autograd::{Inputs, Matrix, MatrixMut, Operation, Pullback, Shape, gradcheck};
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

/// A rule that overwrites what other uses of its operand have sent.
struct Overwriting;

impl Operation<f64> for Overwriting {
    fn name(&self) -> &'static str {
        "overwriting"
    }
    fn shape(&self, inputs: &Inputs<'_, f64>) -> Result<Shape, String> {
        Ok(inputs.shape(0))
    }
    fn forward(&self, inputs: &Inputs<'_, f64>, mut y: MatrixMut<'_, f64>) {
        y.copy_from(inputs.value(0));
    }
    fn backward(&self, back: &mut Pullback<'_, f64>) {
        let grad = back.grad();
        back.send(0, |to| to.zeroed().copy_from(grad));
    }
    fn rule(&self, _: usize) -> String {
        "ȳ".into()
    }
}

fn point() -> Matrix<f64> {
    Matrix::from([[0.3, -0.8, 1.1], [0.0, 2.0, -0.4]])
}

proptest! {
    #[test]
    fn a_wrong_derivative_is_caught(exponent in -4.0..0.0_f64, negative: bool) {
        let error = 10_f64.powf(exponent) * if negative { -1.0 } else { 1.0 };
        let outcome = gradcheck(|v| v[0].apply(WrongTanh { error }), &[point()]);
        prop_assert!(matches!(outcome, Err(GradCheckError::Mismatch(_))), "{outcome:?}");
    }
}

#[test]
fn a_failure_names_input_element_and_both_values() {
    let inputs = [Matrix::from([[2.0, 3.0]]), Matrix::from([[4.0, 5.0]])];
    let error = gradcheck(|v| v[0].apply_with(Forgetful, v[1]), &inputs).unwrap_err();
    let GradCheckError::Mismatch(entry) = &error else {
        panic!("{error}")
    };
    assert_eq!((entry.input, entry.analytic), (1, 0.0));
    let text = error.to_string();
    assert!(
        text.contains("input 1, element (0, ") && text.contains("relative error 1.0e0"),
        "{text}"
    );
}

#[test]
fn a_rule_that_overwrites_other_contributions_is_caught() {
    assert!(gradcheck(|v| v[0].tape().record(Overwriting, v), &[point()]).is_ok());
    let twice = gradcheck(|v| v[0].tape().record(Overwriting, v) + v[0], &[point()]);
    assert!(
        matches!(twice, Err(GradCheckError::Mismatch(_))),
        "{twice:?}"
    );
}

#[test]
fn a_kink_is_recognised_as_one() {
    for at in [0.0, 1e-6, -3e-6, 5e-6] {
        let relu = gradcheck(|v| v[0].relu(), &[Matrix::from([[1.0, at]])]);
        assert!(
            matches!(
                relu,
                Err(GradCheckError::Kink {
                    element: (0, 1),
                    ..
                })
            ),
            "{at}: {relu:?}"
        );
        let abs = gradcheck(|v| v[0].abs(), &[Matrix::from([[1.0], [at]])]);
        assert!(
            matches!(
                abs,
                Err(GradCheckError::Kink {
                    element: (1, 0),
                    ..
                })
            ),
            "{at}: {abs:?}"
        );
    }
}

#[test]
fn curvature_is_not_taken_for_a_kink() {
    let x = Matrix::from([[-3.0, 4.0, 0.01]]);
    gradcheck(|v| (v[0] * 3.0).exp(), std::slice::from_ref(&x)).unwrap();
    gradcheck(|v| v[0].powi(5), std::slice::from_ref(&x)).unwrap();
    gradcheck(|v| v[0].square().sqrt(), &[Matrix::from([[0.01]])]).unwrap();
}

#[test]
fn values_that_are_not_finite_are_reported() {
    let outcome = gradcheck(|v| v[0].ln(), &[Matrix::from([[-1.0]])]);
    assert!(
        matches!(outcome, Err(GradCheckError::NotFinite { .. })),
        "{outcome:?}"
    );
}

#[test]
fn a_function_with_memory_is_reported() {
    let calls = std::cell::Cell::new(0.0);
    let outcome = gradcheck(
        |v| {
            calls.set(calls.get() + 1.0);
            v[0] * calls.get()
        },
        &[point()],
    );
    assert!(
        matches!(outcome, Err(GradCheckError::NotDeterministic { .. })),
        "{outcome:?}"
    );
}
