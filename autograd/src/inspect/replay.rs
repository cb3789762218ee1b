//! The reverse sweep, one node at a time.

use std::fmt;
use std::sync::Arc;

use crate::sweep::Sweep;
use crate::{Gradients, Keep, Matrix, NodeInfo, Scalar, Var};

/// A sweep that goes on when it is asked to, made by [`Var::replay`].
///
/// Each item is one node of the graph: its gradient, which is complete by then, and what it sends
/// to each of its operands. At the end, [`Replay::finish`] gives exactly what
/// [`Var::backward`] gives.
pub struct Replay<'t, T: Scalar = f32> {
    /// The sweep itself.
    sweep: Sweep<'t, T>,
    /// Where each node's contributions are computed once more, apart from all others.
    scratch: Sweep<'t, T>,
    /// What each node has received so far, for display: the sweep may gather contributions first.
    received: Vec<Option<Matrix<T>>>,
}

/// What happened at one node.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event<T: Scalar = f32> {
    /// The node.
    pub node: NodeInfo,
    /// Its gradient, ȳ = ∂E/∂y.
    pub gradient: Matrix<T>,
    /// What it sends, one entry for each operand that wants a gradient.
    pub sent: Vec<Sent<T>>,
}

/// What a node sends to an operand.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sent<T: Scalar = f32> {
    /// The operand.
    pub to: NodeInfo,
    /// Which of the operands it is.
    pub operand: usize,
    /// The rule as it is printed: "ȳ ⊙ (1 − y²)".
    pub rule: String,
    /// The rule with the operands' names in it, and what it adds to: "W̄ += ȳᵀ h".
    pub update: String,
    /// The contribution: all of it, where the same node is an operand more than once.
    pub contribution: Matrix<T>,
    /// The sum of all that the operand has received so far, with this.
    pub total: Matrix<T>,
}

impl<'t, T: Scalar> Var<'t, T> {
    /// The reverse sweep from this node, which must be of shape [1, 1], to be watched node by node.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// let tape = Tape::<f64>::new();
    /// let x = tape.var(Matrix::scalar(2.0)).named("x");
    /// let h = x.square().named("h");
    /// let e = (h * 3.0).named("E");
    /// let mut replay = e.replay();
    /// let first = replay.next().unwrap();
    /// assert_eq!(first.to_string(), "E (scale): gradient [[1.0000]]\n    to h: h̄ += 3 ȳ = [[3.0000]]");
    /// assert_eq!(replay.finish().of(x), e.backward().of(x));
    /// ```
    ///
    /// # Panics
    /// If the shape is another.
    #[inline(never)]
    #[track_caller]
    pub fn replay(self) -> Replay<'t, T> {
        let shape = self.shape();
        assert!(
            shape.len() == 1,
            "replay() starts at a [1, 1] node, and {} is {shape}",
            self.info()
        );
        let seed = Matrix::scalar(T::ONE);
        Replay {
            sweep: Sweep::start(self, &seed, Keep::All),
            scratch: Sweep::empty(self, Keep::All),
            received: vec![None; self.index + 1],
        }
    }
}

impl<'t, T: Scalar> Replay<'t, T> {
    /// The node that the sweep started at.
    pub fn start(&self) -> Var<'t, T> {
        self.sweep.start_node()
    }

    /// Goes on to the end without looking; how many nodes that was.
    pub fn skip_all(&mut self) -> usize {
        std::iter::from_fn(|| self.sweep.step()).count()
    }

    /// The rest of the sweep at once, and the gradients: exactly those of [`Var::backward`].
    pub fn finish(mut self) -> Gradients<'t, T> {
        self.skip_all();
        self.sweep.finish()
    }

    /// What the node sends, computed apart.
    #[inline(never)]
    fn contributions(&mut self, index: usize, gradient: &Arc<Matrix<T>>) -> Vec<Sent<T>> {
        let tape = self.sweep.tape();
        let (node, parents) = (tape.node(index), tape.info(index).parents);
        let parts = self.scratch.contributions(index, gradient);
        let mut sent = Vec::new();
        for (operand, (&parent, part)) in parents.iter().zip(parts).enumerate() {
            let Some(contribution) = part else { continue };
            let first = parents.iter().position(|&p| p == parent) == Some(operand);
            let total = &mut self.received[parent];
            match total {
                Some(total) if first => *total += &contribution,
                Some(_) => {}
                None => *total = Some(contribution.clone()),
            }
            sent.push(Sent {
                to: tape.info(parent),
                operand,
                rule: node.rule(operand),
                update: node.update(operand),
                total: total.clone().unwrap_or_else(|| contribution.clone()),
                contribution,
            });
        }
        sent
    }
}

impl<T: Scalar> fmt::Debug for Replay<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Replay from {}", self.start().info())
    }
}

impl<T: Scalar> Iterator for Replay<'_, T> {
    type Item = Event<T>;

    fn next(&mut self) -> Option<Event<T>> {
        let index = self.sweep.step()?;
        let gradient = self.sweep.gradient(index)?.to_owned();
        let sent = self.contributions(index, &gradient);
        Some(Event {
            node: self.sweep.tape().info(index),
            gradient: gradient.view().to_matrix(),
            sent,
        })
    }
}

impl<T: Scalar> fmt::Display for Event<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: gradient {}", self.node, self.gradient)?;
        for sent in &self.sent {
            let Sent {
                to,
                update,
                contribution,
                total,
                ..
            } = sent;
            write!(f, "\n    to {}: {update} = {contribution}", to.label())?;
            if contribution != total {
                write!(f, ", in all {total}")?;
            }
        }
        Ok(())
    }
}
