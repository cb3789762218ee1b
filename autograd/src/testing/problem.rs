//! [`CheckError`]: what an operation does not keep to.

use std::fmt;

use thiserror::Error;

use crate::gradcheck::GradCheckError;

/// What an operation does not keep to.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The gradient check fails.
    #[error(transparent)]
    Gradients(#[from] GradCheckError),
    /// In another setting something else comes out, and it is not rounding.
    #[error("{what}, element {element:?}: {found:e} {setting}, and {expected:e} otherwise")]
    Differs {
        /// The output, or the gradient of which input.
        what: String,
        /// Row and column.
        element: (usize, usize),
        /// What comes out.
        found: f64,
        /// What should.
        expected: f64,
        /// In which setting.
        setting: Setting,
    },
    /// The derivative along a direction v is not the same on both ways: with dual numbers, a tangent is
    /// lost or wrong.
    #[error(
        "dual numbers: ⟨ȳ, J v⟩ is {forward:e} on the way forward, ⟨x̄, v⟩ is {reverse:e} on the way \
         back: does a value go through f64?"
    )]
    Tangent {
        /// ⟨ȳ, J v⟩.
        forward: f64,
        /// ⟨x̄, v⟩.
        reverse: f64,
    },
    /// The printed rule is not what is sent.
    #[error(
        "{operation}: what is printed for operand {operand}, \"{rule}\", is {printed:e} at element \
         {element:?}, and what is sent is {sent:e}"
    )]
    Rule {
        /// The name of the operation.
        operation: &'static str,
        /// The number of the operand.
        operand: usize,
        /// What is printed.
        rule: String,
        /// Row and column.
        element: (usize, usize),
        /// The value of what is printed.
        printed: f64,
        /// What is sent.
        sent: f64,
    },
    /// The printed rule makes no sense.
    #[error(
        "{operation}: \"{rule}\" is printed for operand {operand}, but the shapes do not fit: {complaint}"
    )]
    Formula {
        /// The name of the operation.
        operation: &'static str,
        /// The number of the operand.
        operand: usize,
        /// What is printed.
        rule: String,
        /// What does not fit.
        complaint: String,
    },
}

/// Where an operation has to give what it gives elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Setting {
    /// The operands are parts of larger matrices.
    Parts,
    /// In `f32`.
    Single,
    /// In dual numbers.
    Dual,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Setting::Parts => "where the inputs are parts of larger matrices",
            Setting::Single => "in f32",
            Setting::Dual => "in dual numbers",
        })
    }
}
