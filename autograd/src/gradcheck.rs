//! [`gradcheck`](fn@gradcheck): finite differences against the tape, on anybody's function.

use std::fmt;

use thiserror::Error;

use crate::{Matrix, Tape, Var};

/// Steps of x ± h are h = `STEP` · max(1, |x|): rounding and truncation each cost about 1e-10.
const STEP: f64 = 1e-5;
/// An element passes if |analytic − numeric| ≤ `ABSOLUTE` + `RELATIVE` · the larger of both.
const ABSOLUTE: f64 = 1e-8;
/// See [`ABSOLUTE`].
const RELATIVE: f64 = 1e-5;
/// Slopes to the left and to the right that differ by this share are a kink: a smooth function
/// would need a curvature of a thousand times its slope.
const KINK: f64 = 1e-2;

/// One entry of the Jacobian: how an output element depends on an input element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// The number of the input.
    pub input: usize,
    /// Row and column of its element.
    pub element: (usize, usize),
    /// Row and column of the output's element.
    pub output: (usize, usize),
    /// The derivative by the tape.
    pub analytic: f64,
    /// The derivative by central differences.
    pub numeric: f64,
}

impl Entry {
    /// |analytic − numeric| over the larger of both, or over 1e-3 if both are smaller.
    pub fn relative_error(&self) -> f64 {
        let scale = self
            .analytic
            .abs()
            .max(self.numeric.abs())
            .max(ABSOLUTE / RELATIVE);
        (self.analytic - self.numeric).abs() / scale
    }

    fn passes(&self) -> bool {
        let larger = self.analytic.abs().max(self.numeric.abs());
        (self.analytic - self.numeric).abs() <= ABSOLUTE + RELATIVE * larger
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Entry {
            input,
            element,
            output,
            analytic,
            numeric,
        } = self;
        write!(
            f,
            "derivative of output {output:?} by input {input}, element {element:?}: {analytic:e} by \
             the tape, {numeric:e} by differences, relative error {:.1e}",
            self.relative_error()
        )
    }
}

/// What a passed check has seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How many derivatives were compared.
    pub compared: usize,
    /// The one that agreed least, unless there were none.
    pub worst: Option<Entry>,
}

/// Why a check failed.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum GradCheckError {
    /// The tape and the differences disagree.
    #[error("{0}")]
    Mismatch(Entry),
    /// The differences to the left and to the right disagree: the function has a kink there, and
    /// no derivative.
    #[error(
        "input {input}, element {element:?} = {at}: the function has a kink here (slopes {left:e} \
         and {right:e}); check it elsewhere"
    )]
    Kink {
        /// The number of the input.
        input: usize,
        /// Row and column of its element.
        element: (usize, usize),
        /// Its value.
        at: f64,
        /// The slope to the left.
        left: f64,
        /// The slope to the right.
        right: f64,
    },
    /// A value or a derivative is NaN or infinite.
    #[error("{what} is not finite")]
    NotFinite {
        /// What it is.
        what: String,
    },
    /// A zero seed gave a gradient: a rule adds something that is not a multiple of its ȳ.
    #[error("input {input} gets a gradient of norm {norm:e} from a zero seed")]
    NotLinear {
        /// The number of the input.
        input: usize,
        /// The norm of what should be zero.
        norm: f64,
    },
    /// Two evaluations at the same point differ.
    #[error("two evaluations of the function at the same point differ by {difference:e}")]
    NotDeterministic {
        /// The largest difference.
        difference: f64,
    },
}

/// Compares the tape's derivatives of any function of nodes with central differences, in `f64`:
/// every element of every input against every element of the output.
///
/// The function is recorded on a fresh tape each time, with one variable per input; the tape is at
/// hand as `inputs[0].tape()`.
///
/// ```
/// use autograd::{Matrix, gradcheck};
/// let inputs = [Matrix::from([[0.3, -1.2]]), Matrix::from([[0.5, 0.1], [-0.7, 0.9]])];
/// let report = gradcheck(|v| v[0].matmul_t(v[1]).tanh(), &inputs).unwrap();
/// assert_eq!(report.compared, 12); // 6 input elements, 2 output elements
/// ```
///
/// # Errors
/// The worst disagreement, naming input, element and both values; or a kink, a value that is not
/// finite, a gradient that does not vanish with its seed, a function that is not deterministic.
///
/// # Panics
/// If there are no inputs.
pub fn gradcheck<F>(f: F, inputs: &[Matrix<f64>]) -> Result<Report, GradCheckError>
where
    F: for<'t> Fn(&[Var<'t, f64>]) -> Var<'t, f64>,
{
    assert!(!inputs.is_empty(), "gradcheck of a function without inputs");
    let y = evaluate(&f, inputs);
    require_finite(&y, || "the value of the function".into())?;
    let difference = evaluate(&f, inputs).max_abs_diff(&y);
    if difference != 0.0 {
        return Err(GradCheckError::NotDeterministic { difference });
    }
    let analytic = jacobian(&f, inputs)?;
    let mut report = Report {
        compared: 0,
        worst: None,
    };
    let mut point = inputs.to_vec();
    for input in 0..inputs.len() {
        for i in 0..inputs[input].data().len() {
            let cols = inputs[input].col_count();
            let element = (i / cols, i % cols);
            let numeric = slopes(&f, &mut point, input, i, &y)?;
            for (o, numeric) in numeric.into_iter().enumerate() {
                let output = (o / y.col_count(), o % y.col_count());
                let analytic = analytic[o][input].data()[i];
                let entry = Entry {
                    input,
                    element,
                    output,
                    analytic,
                    numeric,
                };
                report.compared += 1;
                if report
                    .worst
                    .is_none_or(|w| entry.relative_error() > w.relative_error())
                {
                    report.worst = Some(entry);
                }
            }
        }
    }
    match report.worst {
        Some(worst) if !worst.passes() => Err(GradCheckError::Mismatch(worst)),
        _ => Ok(report),
    }
}

fn evaluate<F>(f: &F, inputs: &[Matrix<f64>]) -> Matrix<f64>
where
    F: for<'t> Fn(&[Var<'t, f64>]) -> Var<'t, f64>,
{
    let tape = Tape::new();
    f(&variables(&tape, inputs)).value().to_matrix()
}

fn variables<'t>(tape: &'t Tape<f64>, inputs: &[Matrix<f64>]) -> Vec<Var<'t, f64>> {
    inputs.iter().map(|x| tape.var(x.clone())).collect()
}

fn require_finite(m: &Matrix<f64>, what: impl Fn() -> String) -> Result<(), GradCheckError> {
    match m.view().is_finite() {
        true => Ok(()),
        false => Err(GradCheckError::NotFinite { what: what() }),
    }
}

/// For each output element the gradients of all inputs, by the tape.
fn jacobian<F>(f: &F, inputs: &[Matrix<f64>]) -> Result<Vec<Vec<Matrix<f64>>>, GradCheckError>
where
    F: for<'t> Fn(&[Var<'t, f64>]) -> Var<'t, f64>,
{
    let tape = Tape::new();
    let vars = variables(&tape, inputs);
    let y = f(&vars);
    let mut seed = Matrix::zeros(y.row_count(), y.col_count());
    let from_zero = y.backward_from(&seed);
    for (input, &v) in vars.iter().enumerate() {
        let norm = from_zero.of(v).norm();
        if norm != 0.0 {
            return Err(GradCheckError::NotLinear { input, norm });
        }
    }
    let mut rows = Vec::new();
    for o in 0..seed.data().len() {
        seed.data_mut().fill(0.0);
        seed.data_mut()[o] = 1.0;
        let gradients = y.backward_from(&seed);
        let row: Vec<_> = vars.iter().map(|&v| gradients.of(v)).collect();
        for (input, g) in row.iter().enumerate() {
            require_finite(g, || format!("the gradient of input {input}"))?;
        }
        rows.push(row);
    }
    Ok(rows)
}

/// The slopes of all output elements along one input element, by central differences.
fn slopes<F>(
    f: &F,
    point: &mut [Matrix<f64>],
    input: usize,
    i: usize,
    y: &Matrix<f64>,
) -> Result<Vec<f64>, GradCheckError>
where
    F: for<'t> Fn(&[Var<'t, f64>]) -> Var<'t, f64>,
{
    let x = point[input].data()[i];
    let element = (i / point[input].col_count(), i % point[input].col_count());
    let mut evaluate_at = |x: f64| {
        point[input].data_mut()[i] = x;
        evaluate(f, point)
    };
    let step = STEP * x.abs().max(1.0);
    let (right, left) = (x + step, x - step);
    let (y_right, y_left) = (evaluate_at(right), evaluate_at(left));
    evaluate_at(x);
    let mut slopes = Vec::new();
    for o in 0..y.data().len() {
        let value = |m: &Matrix<f64>| m.data()[o];
        let left_slope = (value(y) - value(&y_left)) / (x - left);
        let right_slope = (value(&y_right) - value(y)) / (right - x);
        // The one-sided slopes of a smooth function differ by the step times its curvature.
        let scale = left_slope.abs().max(right_slope.abs()).max(1.0);
        if (right_slope - left_slope).abs() > KINK * scale {
            return Err(GradCheckError::Kink {
                input,
                element,
                at: x,
                left: left_slope,
                right: right_slope,
            });
        }
        slopes.push((value(&y_right) - value(&y_left)) / (right - left));
        if !slopes[o].is_finite() {
            let what = format!("the function around input {input}, element {element:?}");
            return Err(GradCheckError::NotFinite { what });
        }
    }
    Ok(slopes)
}
