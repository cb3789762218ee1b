//! [`GatherRows`]: picks rows of whatever a decoder carries.

use autograd::{Matrix, Scalar, Var};

use crate::{Carried, State};

/// States with a row for each hypothesis, of which some go on: what
/// [`beam_search`](crate::beam_search) asks of a state.
///
/// A state of your own has it too if its parts have: tuples, vectors (one element for each layer) and
/// `()`, for a model without a state, are there already.
///
/// ```
/// use autograd::Matrix;
/// use layers::GatherRows;
/// let m = Matrix::from([[1.0], [2.0], [3.0]]);
/// assert_eq!(m.gather_rows(&[2, 0, 2]), Matrix::from([[3.0], [1.0], [3.0]]));
/// ```
pub trait GatherRows {
    /// Row i of the result is row `rows[i]` of this, which may be wanted several times or not at all.
    ///
    /// # Panics
    /// If no rows are wanted, or one that there is not.
    #[must_use]
    #[track_caller]
    fn gather_rows(&self, rows: &[usize]) -> Self;
}

impl GatherRows for () {
    fn gather_rows(&self, _: &[usize]) {}
}

impl<T: Scalar> GatherRows for Matrix<T> {
    #[track_caller]
    fn gather_rows(&self, rows: &[usize]) -> Self {
        let (shape, mut gathered) = (self.shape(), Matrix::zeros(rows.len(), self.col_count()));
        for (to, &from) in rows.iter().enumerate() {
            assert!(from < shape.rows, "gather_rows: no row {from} in {shape}");
            gathered.view_mut().row(to).copy_from_slice(self.row(from));
        }
        gathered
    }
}

impl<T: Scalar> GatherRows for Carried<T> {
    #[track_caller]
    fn gather_rows(&self, rows: &[usize]) -> Self {
        Carried {
            h: self.h.gather_rows(rows),
            c: self.c.as_ref().map(|c| c.gather_rows(rows)),
        }
    }
}

/// Recorded, as [`Var::gather_rows`].
impl<T: Scalar> GatherRows for Var<'_, T> {
    #[track_caller]
    fn gather_rows(&self, rows: &[usize]) -> Self {
        Var::gather_rows(*self, rows)
    }
}

/// Recorded, as [`Var::gather_rows`].
impl<T: Scalar> GatherRows for State<'_, T> {
    #[track_caller]
    fn gather_rows(&self, rows: &[usize]) -> Self {
        State::gather_rows(*self, rows)
    }
}

impl<S: GatherRows> GatherRows for Vec<S> {
    #[track_caller]
    fn gather_rows(&self, rows: &[usize]) -> Self {
        self.iter().map(|part| part.gather_rows(rows)).collect()
    }
}

impl<A: GatherRows, B: GatherRows> GatherRows for (A, B) {
    #[track_caller]
    fn gather_rows(&self, rows: &[usize]) -> Self {
        (self.0.gather_rows(rows), self.1.gather_rows(rows))
    }
}
