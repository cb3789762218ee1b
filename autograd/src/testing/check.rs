//! [`check_operation`]: all that an operation has to keep to.

use std::collections::BTreeSet;

use super::problem::{CheckError, Setting};
use super::record::Record;
use super::rules::check_rules;
use crate::gradcheck::{Report, waves, weighed};
use crate::{Dual, GradCheck, Matrix, Scalar, Tape, Var, jvp};

/// How far an `f32` result may be from the `f64` one, relative to the largest element.
const SINGLE: f64 = 1e-4;
/// How far results may be apart that differ by rounding in `f64`.
const ROUNDING: f64 = 1e-11;

/// What a check that has passed has seen.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Checked {
    /// The gradient check.
    pub gradients: Report,
    /// The operations whose printed rules are prose, and could not be evaluated.
    pub prose: BTreeSet<&'static str>,
}

/// Puts an operation through all that it has to keep to, at one point:
///
/// - its gradients are those of differences, and all else that a [`gradcheck`](fn@crate::gradcheck)
///   sees: every element is written, no seed no gradient, contributions are added;
/// - it does the same where its operands are parts of larger matrices;
/// - its values and gradients in `f32` are those in `f64` but for rounding;
/// - with dual numbers it has the same values, and ⟨ȳ, J v⟩ = ⟨x̄, v⟩: the derivative along a direction v
///   is the same on the way forward and on the way back;
/// - the rule that is printed, as far as it is a formula, has the value of what is sent.
///
/// The operation is a [`Unary`](crate::ops::Unary) or [`Binary`](crate::ops::Binary) function or an
/// [`Operation`](crate::Operation), written for every [`Scalar`]; see [`testing`](super) for an example.
///
/// # Errors
/// What it does not keep to, by input, element and both values.
///
/// # Panics
/// If there are no inputs, or they do not suit the operation.
#[track_caller]
pub fn check_operation<O, Kind>(operation: O, inputs: &[Matrix<f64>]) -> Result<Checked, CheckError>
where
    O: Record<f64, Kind> + Record<f32, Kind> + Record<Dual<f64>, Kind> + Clone,
{
    check_operation_with(operation, inputs, &[])
}

/// [`check_operation`] for an operation that is recorded with integers.
///
/// # Errors
/// As [`check_operation`].
///
/// # Panics
/// As [`check_operation`].
#[track_caller]
pub fn check_operation_with<O, Kind>(
    operation: O,
    inputs: &[Matrix<f64>],
    integers: &[usize],
) -> Result<Checked, CheckError>
where
    O: Record<f64, Kind> + Record<f32, Kind> + Record<Dual<f64>, Kind> + Clone,
{
    check_function(
        |v| operation.clone().record(v, integers),
        |v| operation.clone().record(v, integers),
        |v| operation.clone().record(v, integers),
        inputs,
    )
}

/// [`check_operation`] for any function of nodes, which is given three times: of `f64`, of `f32` and of
/// dual numbers. One that is written for every scalar,
/// `fn f<'t, T: Scalar>(v: &[Var<'t, T>]) -> Var<'t, T>`, is all three.
///
/// # Errors
/// As [`check_operation`].
///
/// # Panics
/// If there are no inputs.
#[track_caller]
pub fn check_function<D, S, E>(
    double: D,
    single: S,
    dual: E,
    inputs: &[Matrix<f64>],
) -> Result<Checked, CheckError>
where
    D: for<'t> Fn(&[Var<'t, f64>]) -> Var<'t, f64>,
    S: for<'t> Fn(&[Var<'t, f32>]) -> Var<'t, f32>,
    E: for<'t> Fn(&[Var<'t, Dual<f64>>]) -> Var<'t, Dual<f64>>,
{
    let gradients = GradCheck::new().run(&double, inputs)?;
    let expected = run(&double, inputs);
    check_parts(&double, inputs, &expected)?;
    check_single(&double, &single, inputs)?;
    check_dual(&dual, inputs, &expected)?;
    let tape = Tape::new();
    let y = double(&variables(&tape, inputs));
    let prose = check_rules(y, weighed(y))?;
    Ok(Checked { gradients, prose })
}

/// Any function of nodes.
type Function<'a, T> = &'a dyn for<'t> Fn(&[Var<'t, T>]) -> Var<'t, T>;

/// The function where its operands are parts of larger matrices, with a margin around them.
fn check_parts(
    f: Function<'_, f64>,
    inputs: &[Matrix<f64>],
    expected: &[Matrix<f64>],
) -> Result<(), CheckError> {
    let larger: Vec<_> = inputs.iter().map(|x| frame(x, 0.7)).collect();
    let place = |x: &Matrix<f64>| (1..x.row_count() + 1, 2..x.col_count() + 2);
    let places: Vec<_> = inputs.iter().map(place).collect();
    let of_parts: Function<'_, f64> = &|v| {
        let pairs = v.iter().zip(places.iter().cloned());
        let parts = pairs.map(|(v, (rows, cols))| v.rows(rows).cols(cols));
        f(&parts.collect::<Vec<_>>())
    };
    let found = run(of_parts, &larger);
    // Nothing is sent to the margin.
    let framed = expected[1..].iter().map(|gradient| frame(gradient, 0.0));
    let expected: Vec<_> = std::iter::once(expected[0].clone()).chain(framed).collect();
    compare(&found, &expected, Setting::Parts, ROUNDING)
}

/// The function in `f32`, at numbers that are such.
fn check_single(
    double: Function<'_, f64>,
    single: Function<'_, f32>,
    inputs: &[Matrix<f64>],
) -> Result<(), CheckError> {
    let narrow: Vec<_> = inputs.iter().map(|x| x.map(|x| x as f32)).collect();
    let widen = |m: &[Matrix<f32>]| m.iter().map(|m| m.map(f64::from)).collect::<Vec<_>>();
    let (found, expected) = (run(single, &narrow), run(double, &widen(&narrow)));
    compare(&widen(&found), &expected, Setting::Single, SINGLE)
}

/// The function in dual numbers: its value, and its derivative along a direction on both ways.
fn check_dual(
    f: Function<'_, Dual<f64>>,
    inputs: &[Matrix<f64>],
    expected: &[Matrix<f64>],
) -> Result<(), CheckError> {
    let directions: Vec<_> = inputs
        .iter()
        .map(|x| waves::<f64>(x.shape()).map(|v| v - 1.4))
        .collect();
    let (y, tangent) = jvp(f, inputs, &directions);
    compare(&[y], &expected[..1], Setting::Dual, ROUNDING)?;
    let seed = waves(tangent.shape());
    let pairs = expected[1..].iter().zip(&directions);
    let (forward, one) = dot(&seed, &tangent);
    let (reverse, other) = pairs
        .map(|(gradient, v)| dot(gradient, v))
        .fold((0.0, 0.0), |(sum, size), (dot, of_parts)| {
            (sum + dot, size + of_parts)
        });
    match (forward - reverse).abs() <= ROUNDING * (one + other).max(1.0) {
        true => Ok(()),
        false => Err(CheckError::Tangent { forward, reverse }),
    }
}

/// ⟨a, b⟩, and the sum of the magnitudes of its parts.
fn dot(a: &Matrix<f64>, b: &Matrix<f64>) -> (f64, f64) {
    let parts = a.data().iter().zip(b.data()).map(|(a, b)| a * b);
    parts.fold((0.0, 0.0), |(sum, size), part| {
        (sum + part, size + part.abs())
    })
}

/// The output of a function, and the gradients of its inputs from some seed.
fn run<T: Scalar>(f: Function<'_, T>, inputs: &[Matrix<T>]) -> Vec<Matrix<T>> {
    let tape = Tape::new();
    let vars = variables(&tape, inputs);
    let y = f(&vars);
    let gradients = weighed(y).backward();
    let of_inputs = vars.iter().map(|&v| gradients.of(v));
    std::iter::once(y.value().to_matrix())
        .chain(of_inputs)
        .collect()
}

fn variables<'t, T: Scalar>(tape: &'t Tape<T>, inputs: &[Matrix<T>]) -> Vec<Var<'t, T>> {
    inputs.iter().map(|x| tape.var(x.clone())).collect()
}

/// A larger matrix with this one in it.
fn frame(x: &Matrix<f64>, margin: f64) -> Matrix<f64> {
    let (rows, cols) = (x.row_count(), x.col_count());
    let mut larger = Matrix::filled(rows + 2, cols + 3, margin);
    let mut place = larger.view_mut().rows(1..rows + 1).cols(2..cols + 2);
    place.copy_from(x.view());
    larger
}

/// An output and gradients: an element may be off by this much of the largest.
fn compare(
    found: &[Matrix<f64>],
    expected: &[Matrix<f64>],
    setting: Setting,
    tolerance: f64,
) -> Result<(), CheckError> {
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let largest = expected.data().iter().fold(1.0, |m: f64, x| m.max(x.abs()));
        let agree = |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance * largest;
        let pairs = found.data().iter().zip(expected.data());
        if let Some(at) = pairs.map(agree).position(|agree| !agree) {
            return Err(CheckError::Differs {
                what: match i {
                    0 => "output".into(),
                    _ => format!("gradient of input {}", i - 1),
                },
                element: (at / found.col_count(), at % found.col_count()),
                found: found.data()[at],
                expected: expected.data()[at],
                setting,
            });
        }
    }
    Ok(())
}
