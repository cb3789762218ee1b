//! What can go wrong with what comes from outside.

use thiserror::Error;

/// An error from data. (A wrong shape in a formula is a mistake in the program, and panics.)
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The elements handed over do not fill the matrix.
    #[error("a matrix [{rows}, {cols}] has {} elements, not {found}", rows.saturating_mul(*cols))]
    ElementCount {
        /// Rows asked for.
        rows: usize,
        /// Columns asked for.
        cols: usize,
        /// Elements given.
        found: usize,
    },
}
