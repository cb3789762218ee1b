//! [`Projection`]: what a layer sees of its input.

use std::fmt;

use autograd::{Scalar, Var};

use crate::check;

/// z_x = U x_t + b of every step: all that a [`Cell`](crate::Cell) sees of its input.
#[derive(Clone, Copy)]
pub enum Projection<'t, 's, T = f32> {
    /// Computed for all steps in one product, `[T*B, G*H]`; the steps are row views of it.
    Stacked(Var<'t, T>),
    /// For symbols: U x_t is a column of U, so each step looks up its B rows of a table.
    LookedUp {
        /// (U + b)ᵀ, `[V, G*H]`.
        table: Var<'t, T>,
        /// T steps of B symbols, step by step.
        symbols: &'s [usize],
    },
}

impl<'t, T> From<Var<'t, T>> for Projection<'t, '_, T> {
    fn from(stacked: Var<'t, T>) -> Self {
        Projection::Stacked(stacked)
    }
}

impl<'t, T: Scalar> Projection<'t, '_, T> {
    /// The number of steps, for a mini-batch of that many rows.
    ///
    /// # Panics
    /// If the rows are no multiple of `batch`.
    #[track_caller]
    pub fn steps(&self, batch: usize) -> usize {
        match self {
            Projection::Stacked(zx) => check::steps(zx.row_count(), "rows", batch),
            Projection::LookedUp { symbols, .. } => check::steps(symbols.len(), "symbols", batch),
        }
    }

    /// z_x of step t, `[B, G*H]`.
    ///
    /// # Panics
    /// If there is no such step, or a symbol is not below V.
    #[track_caller]
    pub fn step(&self, t: usize, batch: usize) -> Var<'t, T> {
        let rows = t * batch..(t + 1) * batch;
        match self {
            Projection::Stacked(zx) => zx.rows(rows),
            Projection::LookedUp { table, symbols } => table.gather_rows(&symbols[rows]),
        }
        .named("zx")
    }
}

impl<T: Scalar> fmt::Debug for Projection<'_, '_, T> {
    /// `Stacked([20, 32])`, `LookedUp([65, 32], 20 symbols)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Projection::Stacked(zx) => write!(f, "Stacked({})", zx.shape()),
            Projection::LookedUp { table, symbols } => {
                write!(f, "LookedUp({}, {} symbols)", table.shape(), symbols.len())
            }
        }
    }
}
