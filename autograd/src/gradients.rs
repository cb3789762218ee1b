//! [`Gradients`]: what a reverse sweep gives.

use std::fmt;
use std::sync::Arc;

use crate::account::Account;
use crate::{Matrix, MatrixView, Scalar, Tape, Var};

/// Which gradients a sweep keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Those of every node.
    All,
    /// Those of the variables alone; the others are recycled on the way.
    Leaves,
}

/// The gradients of one node by all nodes before it, as values: nothing accumulates anywhere else.
///
/// ```
/// use autograd::{Matrix, Tape};
/// let tape = Tape::<f64>::new();
/// let x = tape.var(Matrix::from([[1.0, 2.0]]));
/// let y = x.square(); // any node's gradient can be asked for, not only a leaf's
/// let gradients = (y * y).sum().backward();
/// assert_eq!(gradients.of(y), Matrix::from([[2.0, 8.0]])); // 2 y
/// assert_eq!(gradients.of(x), Matrix::from([[4.0, 32.0]])); // 4 x³
/// ```
pub struct Gradients<'t, T: Scalar = f32> {
    lent: Lent<'t, T>,
    start: usize,
}

impl<'t, T: Scalar> Gradients<'t, T> {
    /// Those of the node at `start`.
    pub(crate) fn new(lent: Lent<'t, T>, start: usize) -> Self {
        Gradients { lent, start }
    }

    /// The tape that these are the gradients of.
    pub fn tape(&self) -> &'t Tape<T> {
        self.lent.tape
    }

    /// The gradient of a node, or `None` where no path leads from it to where the sweep started.
    ///
    /// A view is a part of its parent, so its gradient is that part of its parent's.
    ///
    /// # Panics
    /// If the node is of another tape.
    #[track_caller]
    pub fn get(&self, of: Var<'_, T>) -> Option<MatrixView<'_, T>> {
        check_tape(self.tape(), of, self.start);
        let recording = self.tape().recording();
        let node = &recording.nodes[of.index];
        let reached = of.index <= self.start && node.needs_gradient;
        let on = self.tape().recorded(&recording);
        let whole = |owner| self.lent.account.whole(owner, on);
        let whole = reached.then(|| whole(node.place.owner))?;
        Some(node.place.view(whole?))
    }

    /// The gradient of a node, moved out without a copy; `None` for a view, and where
    /// [`Gradients::get`] gives none. [`Tape::recycle`] takes the matrix back when it is done with.
    /// Until then it keeps the memory that it is a part of, up to 32 MB of a large tape, also when the tape is no more:
    /// what is to be kept for long is better had from [`Gradients::of`], which copies.
    #[track_caller]
    pub fn take(&mut self, of: Var<'_, T>) -> Option<Arc<Matrix<T>>> {
        self.get(of)?;
        let recording = self.tape().recording();
        let on = self.lent.tape.recorded(&recording);
        self.lent.account.take(of.index, on)
    }

    /// The gradient of a variable of which rows were looked up ([`Var::gather_rows`]), and that nothing else was done
    /// with: those rows alone, moved out. `None` for any other node.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// let tape = Tape::<f64>::new();
    /// let words = tape.var(Matrix::zeros(50_000, 2));
    /// let x = words.gather_rows(&[7, 49_999, 7]);
    /// let mut gradients = (x * x + x).sum().backward();
    /// let gradient = gradients.take_rows(words).unwrap();
    /// assert_eq!(gradient.rows(), [7, 49_999]);
    /// assert_eq!(*gradient.values(), Matrix::from([[2.0, 2.0], [1.0, 1.0]]));
    /// ```
    ///
    /// # Panics
    /// If the node is of another tape.
    #[track_caller]
    pub fn take_rows(&mut self, of: Var<'_, T>) -> Option<RowGradient<T>> {
        check_tape(self.tape(), of, self.start);
        let recording = self.tape().recording();
        let on = self.lent.tape.recorded(&recording);
        self.lent.account.take_rows(of.index, on)
    }

    /// The gradient of a node as a matrix: zeros where no path leads from it to where the sweep
    /// started.
    #[track_caller]
    pub fn of(&self, var: Var<'_, T>) -> Matrix<T> {
        let zeros = || Matrix::zeros(var.row_count(), var.col_count());
        self.get(var).map_or_else(zeros, |g| g.to_matrix())
    }
}

#[track_caller]
fn check_tape<T: Scalar>(tape: &Tape<T>, of: Var<'_, T>, start: usize) {
    assert!(
        std::ptr::eq(tape, of.tape),
        "a gradient of {} by {}, which is of another tape",
        tape.info(start),
        of.info()
    );
}

/// The gradient of a matrix that is known by rows: all others are zeros.
#[derive(Clone, Debug, PartialEq)]
pub struct RowGradient<T: Scalar = f32> {
    rows: Vec<usize>,
    values: Arc<Matrix<T>>,
}

impl<T: Scalar> RowGradient<T> {
    /// A row of `values` for each of `rows`, which go from the first to the last.
    pub(crate) fn new(rows: Vec<usize>, values: Arc<Matrix<T>>) -> Self {
        RowGradient { rows, values }
    }

    /// Which rows, from the first to the last, each once.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// Their gradients: `[rows, columns]`.
    pub fn values(&self) -> &Matrix<T> {
        &self.values
    }
}

/// What nodes of a tape have received: all of it goes back to the tape, also from a sweep that is
/// dropped half-way.
pub(crate) struct Lent<'t, T: Scalar> {
    pub tape: &'t Tape<T>,
    pub account: Account<T>,
}

impl<'t, T: Scalar> Lent<'t, T> {
    /// Nothing yet, by so many nodes.
    pub fn open(tape: &'t Tape<T>, nodes: usize) -> Self {
        let mut account = tape.take_account();
        account.open(nodes);
        Lent { tape, account }
    }
}

impl<T: Scalar> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        self.tape.return_account(std::mem::take(&mut self.account));
    }
}

impl<T: Scalar> fmt::Debug for Gradients<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = self.tape().info(self.start);
        f.debug_struct("Gradients")
            .field("of", &of.to_string())
            .finish_non_exhaustive()
    }
}
