//! What an operation is given: its [`Inputs`] on the way forward, a [`Pullback`] on the way back.

use std::sync::Arc;

use crate::backward::Sweep;
use crate::kernels::product::{Left, RightOfRow, Start, multiply, multiply_row};
use crate::tape::{Recording, Right};
use crate::{Matrix, MatrixMut, MatrixView, Scalar, Shape, Tape};

/// The operands of an operation that is being recorded or swept.
#[derive(Clone, Copy)]
pub struct Inputs<'a, T> {
    pub(crate) tape: &'a Tape<T>,
    pub(crate) recording: &'a Recording<T>,
    pub(crate) parents: &'a [usize],
    pub(crate) integers: &'a [usize],
}

impl<'a, T: Scalar> Inputs<'a, T> {
    /// How many there are.
    #[allow(clippy::len_without_is_empty)] // an operation has operands
    pub fn len(&self) -> usize {
        self.parents.len()
    }

    /// The shape of operand number `i`.
    pub fn shape(&self, i: usize) -> Shape {
        self.recording.nodes[self.parents[i]].place.shape
    }

    /// The value of operand number `i`.
    pub fn value(&self, i: usize) -> MatrixView<'a, T> {
        self.tape
            .value_at(self.recording.nodes[self.parents[i]].place)
    }

    /// y = start + x b, or start + x bᵀ, where b is operand number `i`.
    pub(crate) fn multiply(
        &self,
        x: MatrixView<'_, T>,
        (i, right): (usize, Right),
        start: Start<'_, T>,
        y: MatrixMut<'_, T>,
    ) {
        let (tape, recording) = (self.tape, self.recording);
        if (x.row_count(), right) == (1, Right::Plain) {
            return multiply_row(x.row(0), RightOfRow::Plain(self.value(i)), start, y);
        }
        tape.with_right(recording, self.parents[i], right, |b| match x.row_count() {
            1 => multiply_row(x.row(0), RightOfRow::Panels(b), start, y),
            _ => multiply(Left::Rows(x), b, start, y),
        });
    }

    /// The integers that the operation was recorded with.
    pub fn integers(&self) -> &'a [usize] {
        self.integers
    }
}

/// A factor of a product that is a part of a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// The gradient of the result, ȳ.
    Grad,
    /// The value of operand number `i`.
    Input(usize),
}

/// An operation's view of the reverse sweep: the values it has seen, the gradient of its result,
/// and where to send the gradients of its operands.
pub struct Pullback<'a, 's, 't, T: Scalar> {
    pub(crate) inputs: Inputs<'a, T>,
    pub(crate) output: MatrixView<'a, T>,
    pub(crate) grad: &'a Arc<Matrix<T>>,
    pub(crate) sweep: &'s mut Sweep<'t, T>,
}

impl<'a, T: Scalar> Pullback<'a, '_, '_, T> {
    /// The operands.
    pub fn inputs(&self) -> &Inputs<'a, T> {
        &self.inputs
    }

    /// The value of operand number `i`.
    pub fn input(&self, i: usize) -> MatrixView<'a, T> {
        self.inputs.value(i)
    }

    /// The result, y.
    pub fn output(&self) -> MatrixView<'a, T> {
        self.output
    }

    /// The gradient of the result, ȳ = ∂E/∂y.
    pub fn grad(&self) -> MatrixView<'a, T> {
        self.grad.view()
    }

    /// Whether operand number `i` wants a gradient. [`Pullback::send`] does nothing if not, so this
    /// only spares the work of making one.
    pub fn wants(&self, i: usize) -> bool {
        self.inputs.recording.nodes[self.inputs.parents[i]].needs_gradient
    }

    /// Sends a contribution to the gradient of operand number `i`: `write(x̄, accumulate)` adds it
    /// to x̄ if `accumulate`, and otherwise stores it there, over elements that are unspecified.
    pub fn send(&mut self, i: usize, write: impl FnOnce(MatrixMut<'_, T>, bool)) {
        if self.wants(i) {
            let place = self.inputs.recording.nodes[self.inputs.parents[i]].place;
            let (grad, accumulate) = self.sweep.grad_mut(self.inputs.recording, place);
            write(grad, accumulate);
        }
    }

    /// Sends ȳ itself to operand number `i`: without a copy, if that has its shape and storage of
    /// its own and has received nothing yet, and otherwise by `write`, as [`Pullback::send`] does.
    pub(crate) fn pass_on(&mut self, i: usize, write: impl FnOnce(MatrixMut<'_, T>, bool)) {
        let parent = self.inputs.parents[i];
        let node = &self.inputs.recording.nodes[parent];
        let same = node.place.owner == parent && node.place.shape == self.grad.shape();
        if !(node.needs_gradient && same && self.sweep.share(parent, self.grad)) {
            self.send(i, write);
        }
    }

    /// Sends aᵀ b to operand number `i`, where `a` and `b` have the same rows: the form in which a
    /// weight gets its gradient. The sweep may keep both to do one large product for many steps:
    /// Σ_t a_tᵀ b_t = Aᵀ B.
    pub fn send_t_product(&mut self, i: usize, a: Operand, b: Operand) {
        if self.wants(i) {
            let (a, b) = (self.operand(a), self.operand(b));
            let place = self.inputs.recording.nodes[self.inputs.parents[i]].place;
            self.sweep.add_t_product(self.inputs.recording, place, a, b);
        }
    }

    /// Sends the product ȳ b, or ȳ bᵀ, to operand number `i`, where b is another operand.
    pub(crate) fn send_product(&mut self, i: usize, b: (usize, Right)) {
        let (inputs, grad) = (self.inputs, self.grad());
        self.send(i, |to, accumulate| {
            inputs.multiply(grad, b, Start::accumulate(accumulate), to);
        });
    }

    fn operand(&self, which: Operand) -> MatrixView<'a, T> {
        match which {
            Operand::Grad => self.grad(),
            Operand::Input(i) => self.input(i),
        }
    }
}
