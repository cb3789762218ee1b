//! Jacobians: how one node changes with another.

use super::check_operand;
use crate::sweep::Sweep;
use crate::{Keep, Matrix, Scalar, Var};

impl<'t, T: Scalar> Var<'t, T> {
    /// The Jacobian ∂self/∂of, exact, from the tape: a row for each element of this node, a column
    /// for each element of the other, both in row-major order.
    ///
    /// It takes a sweep for each element of this node, down to the other.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// let tape = Tape::<f64>::new();
    /// let h = tape.var(Matrix::from([[0.3, -0.5]]));
    /// let w = tape.constant(Matrix::from([[1.0, 2.0], [3.0, 4.0]]));
    /// let next = h.matmul_t(w); // h Wᵀ, as a row
    /// assert_eq!(next.jacobian(h), w.value().to_matrix());
    /// ```
    ///
    /// # Panics
    /// If the other node is of another tape, or a constant, which no gradient is taken by.
    #[track_caller]
    pub fn jacobian(self, of: Var<'t, T>) -> Matrix<T> {
        self.jacobians(&[of]).swap_remove(0)
    }

    /// The Jacobians of this node by several others, in as many sweeps as for one.
    ///
    /// # Panics
    /// As [`Var::jacobian`].
    #[track_caller]
    pub fn jacobians(self, of: &[Var<'t, T>]) -> Vec<Matrix<T>> {
        for &x in of {
            check_operand("jacobian", self, x);
        }
        jacobians(&[self], of, false)
    }
}

/// The Jacobians by each of `of` of the nodes `from`, the elements of one below those of the other.
/// With `cut`, none of `of` passes anything on: they are taken as independent of each other.
#[inline(never)]
pub(super) fn jacobians<'t, T: Scalar>(
    from: &[Var<'t, T>],
    of: &[Var<'t, T>],
    cut: bool,
) -> Vec<Matrix<T>> {
    let rows = from.iter().map(|y| y.shape().len()).sum();
    let zeros = |x: &Var<'t, T>| Matrix::zeros(rows, x.shape().len());
    let mut jacobians: Vec<_> = of.iter().map(zeros).collect();
    let mut last_to_first: Vec<usize> = (0..of.len()).collect();
    last_to_first.sort_by_key(|&i| std::cmp::Reverse(of[i].tape.place(of[i].index).owner));
    let mut row = 0;
    for &y in from {
        let mut seed = Matrix::zeros(y.row_count(), y.col_count());
        for element in 0..y.shape().len() {
            seed.data_mut().fill(T::ZERO);
            seed.data_mut()[element] = T::ONE;
            let mut sweep = Sweep::start(y, &seed, Keep::All);
            for &i in &last_to_first {
                if let Some(gradient) = sweep.gradient_at(of[i].index, cut) {
                    jacobians[i]
                        .view_mut()
                        .row(row)
                        .copy_from_slice(gradient.data());
                }
            }
            row += 1;
        }
    }
    jacobians
}
