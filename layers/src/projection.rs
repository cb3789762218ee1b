//! [`Projection`]: what a layer sees of its input.

use std::fmt;
use std::ops::Range;

use autograd::{Scalar, Var};

use crate::{IntoLengths, Lengths};

/// z_x = U x_t + b of every step: all that a [`Cell`](crate::Cell) sees of its input.
#[derive(Clone, Copy)]
pub enum Projection<'t, 's, T = f32> {
    /// Computed for all steps in one product, `[Σ_t B_t, G*H]`; the steps are row views of it.
    Stacked(Var<'t, T>),
    /// For symbols: U x_t is a column of U, so each step looks up its rows of a table.
    LookedUp {
        /// (U + b)ᵀ, `[V, G*H]`.
        table: Var<'t, T>,
        /// The symbols of all steps, step by step.
        symbols: &'s [usize],
    },
}

impl<'t, T> From<Var<'t, T>> for Projection<'t, '_, T> {
    fn from(stacked: Var<'t, T>) -> Self {
        Projection::Stacked(stacked)
    }
}

impl<'t, T: Scalar> Projection<'t, '_, T> {
    /// The number of rows: the steps of all samples.
    pub fn row_count(&self) -> usize {
        match self {
            Projection::Stacked(zx) => zx.row_count(),
            Projection::LookedUp { symbols, .. } => symbols.len(),
        }
    }

    /// z_x of some of the rows, such as those of a step: `[B_t, G*H]`.
    ///
    /// # Panics
    /// If there are no such rows, or a symbol is not below V.
    #[track_caller]
    pub fn rows(&self, rows: Range<usize>) -> Var<'t, T> {
        match self {
            Projection::Stacked(zx) => zx.rows(rows),
            Projection::LookedUp { table, symbols } => table.gather_rows(&symbols[rows]),
        }
        .named("zx")
    }

    /// Where the steps lie in the rows.
    #[track_caller]
    pub(crate) fn lengths(&self, lengths: impl IntoLengths) -> Lengths {
        let what = match self {
            Projection::Stacked(_) => "rows",
            Projection::LookedUp { .. } => "symbols",
        };
        lengths.into_lengths(self.row_count(), what)
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
