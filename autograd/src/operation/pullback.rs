//! [`Pullback`]: a node on the way back.

use std::fmt;
use std::sync::Arc;

use super::inputs::Inputs;
use crate::account::Account;
use crate::kernels::reduce::add_rows_at;
use crate::store::Right;
use crate::{Matrix, MatrixView, Scalar, Sink};

/// A factor of a product that is a part of a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// The gradient of the result, ȳ.
    Grad,
    /// The value of operand number `i`.
    Input(usize),
}

/// A node that has its gradient, and sends contributions to the gradients of its operands: the
/// values it has seen, and where to send.
pub struct Pullback<'a, T: Scalar> {
    pub(crate) inputs: Inputs<'a, T>,
    pub(crate) output: MatrixView<'a, T>,
    pub(crate) grad: &'a Arc<Matrix<T>>,
    pub(crate) account: &'a mut Account<T>,
}

impl<'a, T: Scalar> Pullback<'a, T> {
    /// The operands.
    pub fn inputs(&self) -> &Inputs<'a, T> {
        &self.inputs
    }

    /// The value of operand number `i`.
    #[inline]
    pub fn input(&self, i: usize) -> MatrixView<'a, T> {
        self.inputs.value(i)
    }

    /// The result, y.
    pub fn output(&self) -> MatrixView<'a, T> {
        self.output
    }

    /// The gradient of the result, ȳ = ∂E/∂y.
    #[inline]
    pub fn grad(&self) -> MatrixView<'a, T> {
        self.grad.view()
    }

    /// Whether operand number `i` wants a gradient. [`Pullback::send`] does nothing if not, so this
    /// only spares the work of making one.
    #[inline]
    pub fn wants(&self, i: usize) -> bool {
        let Inputs { on, parents, .. } = self.inputs;
        on.recording.nodes[parents[i]].needs_gradient
    }

    /// Sends a contribution to the gradient of operand number `i`, which `write` is handed.
    pub fn send(&mut self, i: usize, write: impl FnOnce(Sink<'_, T>)) {
        if self.wants(i) {
            let Inputs { on, parents, .. } = self.inputs;
            write(self.account.sink(on.place(parents[i]), on));
        }
    }

    /// Sends ȳ itself to operand number `i`: without a copy, if that has its shape and storage of
    /// its own and has received nothing yet, and otherwise by `write`, as [`Pullback::send`] does.
    pub(crate) fn pass_on(&mut self, i: usize, write: impl FnOnce(Sink<'_, T>)) {
        let Inputs { on, parents, .. } = self.inputs;
        let (parent, place) = (parents[i], on.place(parents[i]));
        let same = place.owner == parent && place.shape == self.grad.shape();
        if !(self.wants(i) && same && self.account.share(parent, self.grad)) {
            self.send(i, write);
        }
    }

    /// Sends the rows of ȳ to the rows of operand number `i` that the node's integers name. A variable keeps them as they
    /// are: the sum is as large as the variable, and most of it may be zeros.
    pub(crate) fn send_rows(&mut self, i: usize) {
        let Inputs { on, parents, .. } = self.inputs;
        let (parent, integers) = (parents[i], self.inputs.integers());
        let is_leaf = on.recording.nodes[parent].operation.is_none();
        match is_leaf && self.wants(i) {
            true => self.account.add_rows(parent, integers, self.grad),
            false => {
                let grad = self.grad();
                self.send(i, |to| add_rows_at(grad, integers, to.zeroed()));
            }
        }
    }

    /// Sends aᵀ b to operand number `i`, where `a` and `b` have the same rows: the form in which a
    /// weight gets its gradient. The sweep may keep both to do one large product for many steps:
    /// Σ_t a_tᵀ b_t = Aᵀ B.
    pub fn send_t_product(&mut self, i: usize, a: Operand, b: Operand) {
        if self.wants(i) {
            let factors = (self.operand(a), self.operand(b));
            let Inputs { on, parents, .. } = self.inputs;
            self.account
                .add_t_product(on.place(parents[i]), factors, on);
        }
    }

    /// Sends the product ȳ b, or ȳ bᵀ, to operand number `i`, where b is another operand.
    pub(crate) fn send_product(&mut self, i: usize, b: (usize, Right)) {
        let (inputs, grad) = (self.inputs, self.grad());
        self.send(i, |to| {
            let (to, start) = to.start();
            inputs.multiply(grad, b, start, to);
        });
    }

    fn operand(&self, which: Operand) -> MatrixView<'a, T> {
        match which {
            Operand::Grad => self.grad(),
            Operand::Input(i) => self.input(i),
        }
    }
}

impl<T: Scalar> fmt::Debug for Pullback<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pullback")
            .field("inputs", &self.inputs)
            .field("output", &self.output)
            .field("grad", self.grad)
            .finish()
    }
}
