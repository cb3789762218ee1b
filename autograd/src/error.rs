//! What can go wrong with what comes from outside.

use thiserror::Error;

/// An error from data. (A wrong shape in a formula is a mistake in the program, and panics.)
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The elements handed over do not fill the matrix.
    #[error("{}", element_count(*rows, *cols, *found))]
    ElementCount {
        /// Rows asked for.
        rows: usize,
        /// Columns asked for.
        cols: usize,
        /// Elements given.
        found: usize,
    },
    /// A row that is longer or shorter than the first.
    #[error("row {row} has {found} elements, and row 0 has {cols}: a matrix has as many in each")]
    RaggedRows {
        /// The first such row.
        row: usize,
        /// Its elements.
        found: usize,
        /// The elements of row 0.
        cols: usize,
    },
}

fn element_count(rows: usize, cols: usize, found: usize) -> String {
    match rows.checked_mul(cols) {
        Some(0) => format!("a matrix [{rows}, {cols}] would have no elements"),
        Some(expected) => format!("a matrix [{rows}, {cols}] has {expected} elements, not {found}"),
        None => {
            format!("a matrix [{rows}, {cols}] has more elements than can be counted, not {found}")
        }
    }
}
