//! [`gradcheck_second_order`]: the derivatives of derivatives that dual numbers give.

use std::fmt;

use thiserror::Error;

use crate::{Dual, Matrix, Tape, Var};

/// Steps of x ± h, and ± h / 2, are h = `STEP` · max(1, |x|): rounding costs about 1e-12, and what
/// both differences leave of the truncation as much.
const STEP: f64 = 1e-3;
/// A second derivative passes if |dual − numeric| ≤ `ABSOLUTE` + `RELATIVE` · the larger of both.
const ABSOLUTE: f64 = 1e-8;
/// See [`ABSOLUTE`].
const RELATIVE: f64 = 1e-6;
/// The share by which the differences over h and over h / 2 are apart where the gradient jumps.
const JUMP: f64 = 1e-2;
/// What forward and reverse derivatives may differ by, in units of rounding of the larger of 1 and
/// their size: both are sums of as many terms as the function has paths.
const ROUNDING: f64 = 1e5 * f64::EPSILON;

/// An entry of the Hessian: how the gradient by one element depends on another.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SecondDerivative {
    /// The number of the input of the gradient.
    pub of_input: usize,
    /// Row and column of its element.
    pub of_element: (usize, usize),
    /// The number of the input that is moved.
    pub by_input: usize,
    /// Row and column of its element.
    pub by_element: (usize, usize),
    /// The derivative by dual numbers.
    pub dual: f64,
    /// The derivative by differences of gradients.
    pub numeric: f64,
}

impl SecondDerivative {
    /// The disagreement, in units of what is tolerated.
    fn excess(&self) -> f64 {
        let larger = self.dual.abs().max(self.numeric.abs());
        (self.dual - self.numeric).abs() / (ABSOLUTE + RELATIVE * larger)
    }
}

impl fmt::Display for SecondDerivative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "gradient by input {}, element {:?}, differentiated by input {}, element {:?}: {:e} by \
             dual numbers, {:e} by differences",
            self.of_input, self.of_element, self.by_input, self.by_element, self.dual, self.numeric
        )
    }
}

/// What a passed check has seen.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SecondOrderReport {
    /// How many second derivatives were compared.
    pub compared: usize,
    /// The one that came closest to what is tolerated.
    pub worst: SecondDerivative,
}

/// Why a check failed.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SecondOrderError {
    /// The derivative on the way forward is not the one on the way back.
    #[error(
        "derivative by input {input}, element {element:?}: {forward:e} on the way forward, {reverse:e} \
         on the way back. The rule is wrong, or a tangent is lost: does a value go through f64?"
    )]
    Forward {
        /// The number of the input.
        input: usize,
        /// Row and column of its element.
        element: (usize, usize),
        /// The tangent of the result.
        forward: f64,
        /// The gradient.
        reverse: f64,
    },
    /// Dual numbers and differences of gradients disagree.
    #[error("{0}")]
    Mismatch(SecondDerivative),
    /// The gradient jumps here, or varies too quickly for differences.
    #[error("{0}. The gradient jumps here, or nearly so; check elsewhere")]
    Jump(SecondDerivative),
    /// A value or a derivative is NaN or infinite.
    #[error("{what} is not finite")]
    NotFinite {
        /// What it is.
        what: String,
    },
}

/// Checks the derivatives that dual numbers give of a function and of its gradient, element by
/// element of the inputs: the tangent of the result against the gradient, and the tangents of the
/// gradient, a column of the Hessian, against central differences of gradients (with
/// Richardson's extrapolation).
///
/// A function with several outputs is checked as their sum with fixed weights. That its gradient is
/// right is what [`gradcheck`](fn@crate::gradcheck) says; this says that an operation of your own works
/// with dual numbers.
///
/// ```
/// use autograd::{Matrix, SecondOrderError, Scalar, gradcheck_second_order, ops::Unary};
/// let x = [Matrix::from([[0.3, -1.2]]), Matrix::from([[0.5, 0.1], [-0.7, 0.9]])];
/// let report = gradcheck_second_order(|v| v[0].matmul_t(v[1]).tanh(), &x).unwrap();
/// assert_eq!(report.compared, 36); // 6 elements by 6
///
/// struct Sin;
/// impl<T: Scalar> Unary<T> for Sin {
///     const NAME: &'static str = "sin";
///     fn f(&self, x: T) -> T {
///         T::from_f64(x.to_f64().sin()) // the tangent of x is lost
///     }
///     fn df(&self, x: T, _: T) -> T {
///         T::from_f64(x.to_f64().cos())
///     }
///     fn derivative(&self) -> String {
///         "cos(x)".into()
///     }
/// }
/// let outcome = gradcheck_second_order(|v| v[0].apply(Sin), &x[..1]);
/// assert!(matches!(outcome, Err(SecondOrderError::Forward { .. })));
/// ```
///
/// # Errors
/// The first derivative that is lost on the way forward, or the second derivative that is farthest
/// off what is tolerated, naming inputs, elements and both values; or a value that is not finite.
///
/// # Panics
/// If there are no inputs.
#[track_caller]
pub fn gradcheck_second_order<F>(
    f: F,
    inputs: &[Matrix<f64>],
) -> Result<SecondOrderReport, SecondOrderError>
where
    F: for<'t> Fn(&[Var<'t, Dual<f64>>]) -> Var<'t, Dual<f64>>,
{
    assert!(
        !inputs.is_empty(),
        "gradcheck_second_order of a function without inputs"
    );
    let mut point: Vec<_> = inputs.iter().map(|x| x.map(Dual::constant)).collect();
    let (mut compared, mut worst) = (0, None);
    for by_input in 0..inputs.len() {
        for i in 0..inputs[by_input].data().len() {
            let x = inputs[by_input].data()[i];
            let by_element = element(&inputs[by_input], i);
            let mut at = |x: Dual<f64>| {
                point[by_input].data_mut()[i] = x;
                Evaluation::new(&f, &point)
            };
            let here = at(Dual::new(x, 1.0));
            here.check_forward(by_input, i)?;
            let step = STEP * x.abs().max(1.0);
            let [wide, narrow] = [step, step / 2.0].map(|h| {
                let (left, right) = (x - h, x + h);
                let (g, g_left) = (at(Dual::constant(right)), at(Dual::constant(left)));
                g.slopes_from(&g_left, right - left)
            });
            at(Dual::constant(x));
            for (of_input, g) in here.gradients.iter().enumerate() {
                for o in 0..g.data().len() {
                    let slopes = [wide[of_input][o], narrow[of_input][o]];
                    let entry = SecondDerivative {
                        of_input,
                        of_element: element(g, o),
                        by_input,
                        by_element,
                        dual: g.data()[o].tangent,
                        numeric: (4.0 * slopes[1] - slopes[0]) / 3.0,
                    };
                    entry.check(slopes)?;
                    compared += 1;
                    if worst.is_none_or(|w: SecondDerivative| entry.excess() > w.excess()) {
                        worst = Some(entry);
                    }
                }
            }
        }
    }
    match worst {
        Some(worst) if worst.excess() <= 1.0 => Ok(SecondOrderReport { compared, worst }),
        Some(worst) => Err(SecondOrderError::Mismatch(worst)),
        None => unreachable!("a matrix has elements"),
    }
}

impl SecondDerivative {
    /// Whether there are numbers to be compared, and a derivative for the differences to find.
    fn check(&self, [wide, narrow]: [f64; 2]) -> Result<(), SecondOrderError> {
        if !(self.dual.is_finite() && self.numeric.is_finite()) {
            return Err(SecondOrderError::NotFinite {
                what: self.to_string(),
            });
        }
        let scale = wide.abs().max(narrow.abs()).max(1.0);
        if (wide - narrow).abs() > JUMP * scale {
            return Err(SecondOrderError::Jump(*self));
        }
        Ok(())
    }
}

/// Row and column of an element.
fn element<T: crate::Scalar>(m: &Matrix<T>, i: usize) -> (usize, usize) {
    (i / m.col_count(), i % m.col_count())
}

/// The function at a point, moving along a direction.
struct Evaluation {
    /// Σ s ⊙ y, for fixed weights s.
    value: Dual<f64>,
    gradients: Vec<Matrix<Dual<f64>>>,
}

impl Evaluation {
    fn new<F>(f: &F, point: &[Matrix<Dual<f64>>]) -> Self
    where
        F: for<'t> Fn(&[Var<'t, Dual<f64>>]) -> Var<'t, Dual<f64>>,
    {
        let tape = Tape::new();
        let variables: Vec<_> = point.iter().map(|x| tape.var(x.clone())).collect();
        let y = f(&variables);
        let cols = y.col_count();
        let weights = Matrix::from_fn(y.row_count(), cols, |r, c| {
            Dual::constant((1.0 + (r * cols + c) as f64).sin())
        });
        let pairs = y.value().iter().zip(weights.view().iter());
        let value = pairs.map(|(y, weight)| y * weight).sum();
        let gradients = y.backward_from(&weights);
        let gradients = variables.iter().map(|&v| gradients.of(v)).collect();
        Evaluation { value, gradients }
    }

    /// The tangent of the value is the derivative by the element that moves.
    fn check_forward(&self, input: usize, i: usize) -> Result<(), SecondOrderError> {
        let (forward, gradient) = (self.value.tangent, &self.gradients[input]);
        let reverse = gradient.data()[i].value;
        let element = element(gradient, i);
        if !(forward.is_finite() && reverse.is_finite()) {
            let what = format!("the derivative by input {input}, element {element:?}");
            return Err(SecondOrderError::NotFinite { what });
        }
        let scale = forward.abs().max(reverse.abs()).max(1.0);
        if (forward - reverse).abs() > ROUNDING * scale {
            return Err(SecondOrderError::Forward {
                input,
                element,
                forward,
                reverse,
            });
        }
        Ok(())
    }

    /// The slopes of all gradients, over a step that began there.
    fn slopes_from(&self, start: &Evaluation, step: f64) -> Vec<Vec<f64>> {
        let pairs = self.gradients.iter().zip(&start.gradients);
        let slopes = |(g, from): (&Matrix<Dual<f64>>, &Matrix<Dual<f64>>)| {
            let pairs = g.data().iter().zip(from.data());
            pairs
                .map(|(g, from)| (g.value - from.value) / step)
                .collect()
        };
        pairs.map(slopes).collect()
    }
}
