//! [`Record`]: what can be put on a tape, of whichever trait it is.

use crate::ops::{Binary, Unary};
use crate::{Operation, Scalar, Var};

/// An operation of any kind, to be recorded. All [`Operation`]s are, and all [`Unary`] and [`Binary`]
/// functions; `Kind`, which is inferred, says which of these it is.
pub trait Record<T: Scalar, Kind> {
    /// Records it on these operands.
    fn record<'t>(self, operands: &[Var<'t, T>], integers: &[usize]) -> Var<'t, T>;
}

/// The kind of what is an [`Operation`].
#[derive(Debug)]
pub enum AsOperation {}

/// The kind of what is a [`Unary`] function.
#[derive(Debug)]
pub enum AsUnary {}

/// The kind of what is a [`Binary`] function.
#[derive(Debug)]
pub enum AsBinary {}

impl<T: Scalar, O: Operation<T>> Record<T, AsOperation> for O {
    fn record<'t>(self, operands: &[Var<'t, T>], integers: &[usize]) -> Var<'t, T> {
        operands[0].tape().record_with(self, operands, integers)
    }
}

impl<T: Scalar, U: Unary<T>> Record<T, AsUnary> for U {
    fn record<'t>(self, operands: &[Var<'t, T>], _: &[usize]) -> Var<'t, T> {
        operands[0].apply(self)
    }
}

impl<T: Scalar, B: Binary<T>> Record<T, AsBinary> for B {
    fn record<'t>(self, operands: &[Var<'t, T>], _: &[usize]) -> Var<'t, T> {
        operands[0].apply_with(self, operands[1])
    }
}
