//! [`Var`]: a handle to a node of a tape.

use std::fmt;

use crate::{MatrixView, Moment, NodeInfo, Scalar, Shape, Tape};

/// A node of a [`Tape`]: the result of an operation, or a leaf.
///
/// It is `Copy`, so a formula reads like the formula: `(x.matmul_t(u) + h.matmul_t(w) + b).tanh()`.
/// Operators and methods record nodes; see [`ops`](crate::ops) for all of them. A shape that does
/// not fit is a mistake in the program: they panic, naming the operation, the shapes and the
/// labels.
pub struct Var<'t, T = f32> {
    pub(crate) tape: &'t Tape<T>,
    pub(crate) index: usize,
}

impl<T> Clone for Var<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Var<'_, T> {}

impl<T> PartialEq for Var<'_, T> {
    /// Whether both are the same node of the same tape.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.tape, other.tape) && self.index == other.index
    }
}

impl<'t, T: Scalar> Var<'t, T> {
    /// The tape that this is a node of.
    pub fn tape(self) -> &'t Tape<T> {
        self.tape
    }

    /// The position on the tape: parents come before their children.
    pub fn index(self) -> usize {
        self.index
    }

    /// Number of rows and columns.
    pub fn shape(self) -> Shape {
        self.tape.place(self.index).shape
    }

    /// Number of rows: the samples of the mini-batch.
    pub fn row_count(self) -> usize {
        self.shape().rows
    }

    /// Number of columns: the features.
    pub fn col_count(self) -> usize {
        self.shape().cols
    }

    /// The value. It is immutable, and lives as long as the recording.
    pub fn value(self) -> MatrixView<'t, T> {
        self.tape.value(self.index)
    }

    /// The value of a node of shape [1, 1], such as a loss.
    ///
    /// # Panics
    /// If there are several elements.
    #[track_caller]
    pub fn item(self) -> T {
        self.value().item()
    }

    /// Names the node: "h", "f", "E". Scopes and time steps come from the tape.
    pub fn named(self, name: &'static str) -> Self {
        self.tape.set_label(self.index, name);
        self
    }

    /// Places the node at a time step.
    ///
    /// # Panics
    /// If the step is 2³² or more.
    #[track_caller]
    pub fn at(self, t: usize) -> Self {
        self.tape.set_time(self.index, t);
        self
    }

    /// What the tape knows about the node.
    pub fn info(self) -> NodeInfo {
        self.tape.info(self.index)
    }

    /// The node's time step, unless it belongs to none.
    pub fn moment(self) -> Option<Moment> {
        self.tape.moment(self.index)
    }
}

/// A node is a list of one, where one or several are wanted.
impl<'t, T> AsRef<[Var<'t, T>]> for Var<'t, T> {
    fn as_ref(&self) -> &[Self] {
        std::slice::from_ref(self)
    }
}

impl<T: Scalar> fmt::Debug for Var<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.info(), self.shape(), self.value())
    }
}

impl<T: Scalar> fmt::Display for Var<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value().fmt(f)
    }
}
