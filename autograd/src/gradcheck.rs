//! [`gradcheck`](fn@gradcheck): finite differences against the tape, on anybody's function.
//!
//! A check that passes has seen that
//! - every entry of the Jacobian agrees with differences, whose steps are chosen for each element;
//! - nothing is read before it is written: buffers start as NaN;
//! - rules add to what their operands have received from elsewhere, and are linear in ȳ;
//! - the function gives the same twice.

mod differences;
mod evaluation;
mod problem;

use crate::{Matrix, Var};
use differences::{Outcome, Samples, Slope, Tolerance};
use evaluation::Evaluation;
#[cfg(feature = "proptest")]
pub(crate) use evaluation::{waves, weighed};
pub use problem::{GradCheckError, NoDerivative, Problem};

/// One entry of the Jacobian: how an output element depends on an input element.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// The number of the input.
    pub input: usize,
    /// Row and column of its element.
    pub element: (usize, usize),
    /// Row and column of the output's element.
    pub output: (usize, usize),
    /// The derivative by the tape.
    pub analytic: f64,
    /// The derivative by differences.
    pub numeric: f64,
    /// How far off that may be, by its own estimate.
    pub uncertainty: f64,
    /// The smallest step that it rests on.
    pub step: f64,
}

impl Entry {
    /// |analytic − numeric| over the larger of both, or over 1e-3 if both are smaller.
    pub fn relative_error(&self) -> f64 {
        let scale = self.analytic.abs().max(self.numeric.abs()).max(1e-3);
        (self.analytic - self.numeric).abs() / scale
    }
}

/// What a passed check has seen.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// How many derivatives were compared.
    pub compared: usize,
    /// The one that came closest to what is tolerated.
    pub worst: Option<Entry>,
    /// The smallest step that a derivative was decided with.
    pub smallest_step: f64,
    /// The largest.
    pub largest_step: f64,
    /// How often the function was computed.
    pub evaluations: usize,
}

/// A gradient check with settings of its own.
///
/// ```
/// use autograd::{GradCheck, Matrix};
/// let check = GradCheck::new().named("my formula").tolerance(1e-10, 1e-8);
/// let report = check.run(|v| (v[0] * 300.0).exp(), &[Matrix::from([[0.01, -0.02]])]).unwrap();
/// assert!(report.smallest_step < 5e-4); // the exponential is steep, and wants small steps
/// ```
#[derive(Clone, Debug)]
#[must_use = "a check does nothing until it is run"]
pub struct GradCheck {
    name: Option<String>,
    tolerance: Tolerance,
    step: f64,
}

impl Default for GradCheck {
    fn default() -> Self {
        Self::new()
    }
}

impl GradCheck {
    /// The settings of [`gradcheck`](fn@gradcheck): see the methods.
    pub fn new() -> Self {
        let tolerance = Tolerance {
            absolute: 1e-8,
            relative: 1e-5,
        };
        GradCheck {
            name: None,
            tolerance,
            step: 1e-3,
        }
    }

    /// What a failure calls the function.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How far the two derivatives may be apart, the uncertainty of the differences included:
    /// `absolute` and `relative` times the larger of both. 1e-8 and 1e-5 unless set.
    pub fn tolerance(mut self, absolute: f64, relative: f64) -> Self {
        self.tolerance = Tolerance { absolute, relative };
        self
    }

    /// The largest step h of f(x ± h), times max(1, |x|); smaller ones follow, down to 1/4096 of it,
    /// as long as an element is not decided. 1e-3 unless set.
    pub fn step(mut self, step: f64) -> Self {
        self.step = step;
        self
    }

    /// Checks a function; see [`gradcheck`](fn@gradcheck).
    ///
    /// # Errors
    /// As [`gradcheck`](fn@gradcheck).
    ///
    /// # Panics
    /// If there are no inputs.
    #[track_caller]
    pub fn run<F>(&self, f: F, inputs: &[Matrix<f64>]) -> Result<Report, GradCheckError>
    where
        F: for<'t> Fn(&[Var<'t, f64>]) -> Var<'t, f64>,
    {
        assert!(!inputs.is_empty(), "gradcheck of a function without inputs");
        self.check(&mut Evaluation::new(&f, inputs))
            .map_err(|problem| GradCheckError {
                function: self.name.clone(),
                problem,
            })
    }

    fn check(&self, function: &mut Evaluation<'_>) -> Result<Report, Problem> {
        let y = function.value();
        if let Some(output) = evaluation::not_finite(&y) {
            return Err(self.why_not_finite(function, &y, output));
        }
        let difference = function.value().max_abs_diff(&y);
        if difference != 0.0 {
            return Err(Problem::NotDeterministic { difference });
        }
        let jacobian = function.jacobian()?;
        function.check_linear(&jacobian)?;
        let report = self.compare(function, &y, &jacobian)?;
        function.check_additions(&jacobian)?;
        Ok(report)
    }

    /// Every entry of the Jacobian against differences.
    fn compare(
        &self,
        function: &mut Evaluation<'_>,
        y: &Matrix<f64>,
        jacobian: &[Vec<Matrix<f64>>],
    ) -> Result<Report, Problem> {
        let mut report = Report {
            compared: 0,
            worst: None,
            smallest_step: f64::INFINITY,
            largest_step: 0.0,
            evaluations: 0,
        };
        let (mut failed, mut worst_share) = (0, -1.0);
        for (input, i) in function.elements() {
            let analytic: Vec<_> = jacobian.iter().map(|row| row[input].data()[i]).collect();
            let outcomes = self.differences(function, (input, i), y, &analytic);
            for (o, (outcome, slope)) in outcomes.into_iter().enumerate() {
                let entry = Entry {
                    input,
                    element: function.position(input, i),
                    output: position(y, o),
                    analytic: analytic[o],
                    numeric: slope.value,
                    uncertainty: slope.uncertainty,
                    step: slope.step,
                };
                match outcome {
                    Outcome::Agrees => {}
                    Outcome::Differs => failed += 1,
                    Outcome::Unsettled => return Err(Problem::Unsettled(entry)),
                    Outcome::NoDerivative(reason) => {
                        return Err(Problem::NoDerivative {
                            input,
                            element: entry.element,
                            at: function.element(input, i),
                            reason,
                        });
                    }
                }
                report.compared += 1;
                report.smallest_step = report.smallest_step.min(slope.step);
                report.largest_step = report.largest_step.max(slope.step);
                let share = self.tolerance.share(entry.analytic, entry.numeric);
                if share > worst_share {
                    (worst_share, report.worst) = (share, Some(entry));
                }
            }
        }
        report.evaluations = function.count();
        match report.worst {
            Some(worst) if failed > 0 => Err(Problem::Mismatch {
                worst,
                failed,
                compared: report.compared,
            }),
            _ => Ok(report),
        }
    }

    /// The derivatives of all outputs by one element, from larger to smaller steps, until all are
    /// decided.
    fn differences(
        &self,
        function: &mut Evaluation<'_>,
        (input, i): (usize, usize),
        y: &Matrix<f64>,
        analytic: &[f64],
    ) -> Vec<(Outcome, Slope)> {
        let x = function.element(input, i);
        let samples = |(&y, &analytic): (&f64, &f64)| Samples::new(self.tolerance, y, analytic);
        let mut outputs: Vec<_> = y.data().iter().zip(analytic).map(samples).collect();
        for h in differences::steps(self.step * x.abs().max(1.0)) {
            let (left, right) = (x - h, x + h);
            let [y_left, y_right] = [left, right].map(|x| function.value_at(input, i, x));
            let values = y_left.data().iter().zip(y_right.data());
            for (samples, (&y_left, &y_right)) in outputs.iter_mut().zip(values) {
                samples.add([x - left, right - x], [y_left, y_right]);
            }
            if outputs.iter().all(Samples::pass) {
                break;
            }
        }
        outputs.iter().map(Samples::outcome).collect()
    }

    /// Why a value of the function is not finite: it was never written, or there is an element beside
    /// whose value it is, or the function is not defined here at all.
    fn why_not_finite(
        &self,
        function: &mut Evaluation<'_>,
        y: &Matrix<f64>,
        output: usize,
    ) -> Problem {
        if function.value_on_zeros().data()[output].is_finite() {
            let output = position(y, output);
            return Problem::Unwritten { output };
        }
        for (input, i) in function.elements() {
            let at = function.element(input, i);
            let h = self.step * at.abs().max(1.0);
            let [left, right] =
                [at - h, at + h].map(|x| function.value_at(input, i, x).data()[output]);
            if left.is_finite() || right.is_finite() {
                return Problem::NoDerivative {
                    input,
                    element: function.position(input, i),
                    at,
                    reason: NoDerivative::Undefined { left, right },
                };
            }
        }
        Problem::NotFinite {
            output: position(y, output),
            value: y.data()[output],
        }
    }
}

/// Row and column of an element.
fn position(m: &Matrix<f64>, i: usize) -> (usize, usize) {
    (i / m.col_count(), i % m.col_count())
}

/// Compares the tape's derivatives of any function of nodes with central differences, in `f64`:
/// every element of every input against every element of the output.
///
/// The function is recorded anew each time, with one variable per input; the tape is at hand as
/// `inputs[0].tape()`. Differences are extrapolated to steps of 0 (Richardson 1911; Ridders 1982,
/// *Accurate computation of F′(x) and F′(x)F″(x)*), with as many steps as it takes to know them to
/// the tolerance. [`GradCheck`] has settings for steps and tolerance.
///
/// ```
/// use autograd::{Matrix, gradcheck};
/// let inputs = [Matrix::from([[0.3, -1.2]]), Matrix::from([[0.5, 0.1], [-0.7, 0.9]])];
/// let report = gradcheck(|v| v[0].matmul_t(v[1]).tanh(), &inputs).unwrap();
/// assert_eq!(report.compared, 12); // 6 input elements, 2 output elements
/// ```
///
/// # Errors
/// The worst disagreement, naming input, element and both values; or what else is wrong: see
/// [`Problem`].
///
/// # Panics
/// If there are no inputs.
#[track_caller]
pub fn gradcheck<F>(f: F, inputs: &[Matrix<f64>]) -> Result<Report, GradCheckError>
where
    F: for<'t> Fn(&[Var<'t, f64>]) -> Var<'t, f64>,
{
    GradCheck::new().run(f, inputs)
}
