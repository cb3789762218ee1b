//! [`Optimizer`]: what turns gradients into new parameters.

use autograd::{Matrix, Scalar, Shape};
use layers::ParameterSet;
use thiserror::Error;

use crate::ParameterGradients;

/// A rule that changes parameters by their gradients.
///
/// What it remembers from step to step can be saved as named tensors, so that a run that is
/// resumed goes on as if it had never stopped.
pub trait Optimizer<T: Scalar>: Send {
    /// Changes the parameters by `factor` times the gradients: clipping is a factor, and is done in
    /// the same pass. No tape may hold the parameters any more: they would be copied.
    ///
    /// # Panics
    /// If the set is another than at the step before, or the gradients are of another.
    #[track_caller]
    fn step(
        &mut self,
        parameters: &mut ParameterSet<T>,
        gradients: &ParameterGradients<T>,
        factor: f64,
    );

    /// The memory as named tensors: "adam.m.lstm1.U".
    fn state(&self, parameters: &ParameterSet<T>) -> Vec<(String, Matrix<T>)>;

    /// Takes over what [`Optimizer::state`] gave; other tensors are ignored.
    ///
    /// # Errors
    /// If a tensor is missing or of another shape; the memory is then what it was.
    fn load_state(
        &mut self,
        parameters: &ParameterSet<T>,
        tensors: &[(String, Matrix<T>)],
    ) -> Result<(), StateError>;

    /// What it was told that does not suit these parameters, such as a group that none is in, in a
    /// line. A trainer asks when it is made.
    fn mistake(&self, _parameters: &ParameterSet<T>) -> Option<String> {
        None
    }

    /// The number of steps done.
    fn steps(&self) -> u64;

    /// The learning rate.
    fn learning_rate(&self) -> f64;

    /// Sets the learning rate of the next steps.
    ///
    /// # Panics
    /// If it is negative, NaN or infinite.
    #[track_caller]
    fn set_learning_rate(&mut self, rate: f64);
}

/// Tensors that do not suit the model.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum StateError {
    /// A tensor that the model has and the checkpoint has not.
    #[error("the checkpoint has no tensor {name}")]
    Missing {
        /// The tensor.
        name: String,
    },
    /// A tensor of another shape.
    #[error("tensor {name} is {found} in the checkpoint and {expected} in the model")]
    Shape {
        /// The tensor.
        name: String,
        /// What the model has.
        expected: Shape,
        /// What the checkpoint has.
        found: Shape,
    },
    /// A run that cannot be gone on with.
    #[error("the checkpoint has no run to go on with: {reason}")]
    Run {
        /// What is wrong with it.
        reason: String,
    },
    /// A count of steps that is none.
    #[error("tensor {name} is not a count of steps")]
    Steps {
        /// The tensor.
        name: String,
    },
    /// What was saved of a [`Plateau`](crate::Plateau), and is not.
    #[error("{found} is not the state of a plateau")]
    Plateau {
        /// What is there.
        found: String,
    },
}

/// That a learning rate descends. At 0 it stands still.
#[track_caller]
pub(crate) fn check_rate(rate: f64) {
    check_not_negative("a learning rate", rate);
}

/// That a number is one, and not negative.
#[track_caller]
pub(crate) fn check_not_negative(what: &str, x: f64) {
    assert!(
        x >= 0.0 && x.is_finite(),
        "{what} of {x}: it must be finite and not negative"
    );
}

/// That a rate of decay is in 0..1.
#[track_caller]
pub(crate) fn check_decay(what: &str, x: f64) {
    assert!(
        (0.0..1.0).contains(&x),
        "{what} of {x}: it must be from 0 to below 1"
    );
}

/// The decay rates of two moments, which are such.
#[track_caller]
pub(crate) fn check_betas(beta1: f64, beta2: f64) -> (f64, f64) {
    check_decay("a β₁", beta1);
    check_decay("a β₂", beta2);
    (beta1, beta2)
}

/// An ε, which can be divided by.
#[track_caller]
pub(crate) fn check_epsilon(epsilon: f64) -> f64 {
    assert!(
        epsilon > 0.0 && epsilon.is_finite(),
        "an ε of {epsilon}: it must be positive and finite"
    );
    epsilon
}

/// The tensor of this name and shape.
pub(crate) fn find<'a, T: Scalar>(
    tensors: &'a [(String, Matrix<T>)],
    name: &str,
    expected: Shape,
) -> Result<&'a Matrix<T>, StateError> {
    let entry = tensors.iter().find(|(n, _)| n == name);
    let (_, tensor) = entry.ok_or_else(|| StateError::Missing { name: name.into() })?;
    let found = tensor.shape();
    if found != expected {
        let name = name.into();
        return Err(StateError::Shape {
            name,
            expected,
            found,
        });
    }
    Ok(tensor)
}

/// Counts above 2²⁴ are no f32, so a count is two numbers: count = high · 2²⁰ + low.
const STEPS_BASE: u64 = 1 << 20;

/// A count of steps as a tensor [1, 2].
pub(crate) fn steps_to_tensor<T: Scalar>(name: &str, steps: u64) -> (String, Matrix<T>) {
    let digit = |n: u64| T::from_f64(n as f64);
    let digits = [[digit(steps / STEPS_BASE), digit(steps % STEPS_BASE)]];
    (name.into(), Matrix::from(digits))
}

/// The inverse of [`steps_to_tensor`].
pub(crate) fn steps_from_tensors<T: Scalar>(
    name: &str,
    tensors: &[(String, Matrix<T>)],
) -> Result<u64, StateError> {
    let tensor = find(tensors, name, Shape::new(1, 2))?;
    let digit = |c| {
        let x = tensor[(0, c)].to_f64();
        let valid = x.fract() == 0.0 && (0.0..STEPS_BASE as f64).contains(&x);
        valid.then_some(x as u64)
    };
    let steps = digit(0).zip(digit(1)).map(|(h, l)| h * STEPS_BASE + l);
    steps.ok_or_else(|| StateError::Steps { name: name.into() })
}
