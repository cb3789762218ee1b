//! [`Var`]: a handle to a node of a tape.

use std::fmt;

use crate::backward::{Gradients, Keep};
use crate::{Matrix, MatrixView, NodeInfo, Scalar, Shape, Tape};

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
    pub fn at(self, t: usize) -> Self {
        self.tape.set_time(self.index, t);
        self
    }

    /// What the tape knows about the node.
    pub fn info(self) -> NodeInfo {
        self.tape.info(self.index)
    }

    /// The gradients of this node, which must be of shape [1, 1], by all nodes before it.
    ///
    /// # Panics
    /// If the shape is another: give a seed with [`Var::backward_from`], or take `.sum()`.
    #[track_caller]
    pub fn backward(self) -> Gradients<'t, T> {
        self.backward_keeping(Keep::All)
    }

    /// Like [`Var::backward`], but says what to keep: [`Keep::Leaves`] recycles the gradient of
    /// every other node as soon as it has been passed on, which is all that training needs.
    #[track_caller]
    pub fn backward_keeping(self, keep: Keep) -> Gradients<'t, T> {
        let shape = self.shape();
        assert!(
            shape.len() == 1,
            "backward() starts at a [1, 1] node, and {} is {shape}: give a seed with \
             backward_from(), or take its sum()",
            self.info(),
        );
        Gradients::sweep(self, &Matrix::scalar(T::ONE), keep)
    }

    /// The gradients of Σ seed ⊙ self by all nodes before this one.
    ///
    /// # Panics
    /// If the seed has not the shape of this node.
    #[track_caller]
    pub fn backward_from(self, seed: &Matrix<T>) -> Gradients<'t, T> {
        self.backward_from_keeping(seed, Keep::All)
    }

    /// [`Var::backward_from`], with a choice of what to keep.
    ///
    /// # Panics
    /// If the seed has not the shape of this node.
    #[track_caller]
    pub fn backward_from_keeping(self, seed: &Matrix<T>, keep: Keep) -> Gradients<'t, T> {
        let (shape, seed_shape) = (self.shape(), seed.shape());
        assert!(
            shape == seed_shape,
            "a seed {seed_shape} for {} of shape {shape}",
            self.info()
        );
        Gradients::sweep(self, seed, keep)
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
