//! The reverse sweep: one flat loop from the last node to the first.

mod partial;
mod pending;

use std::sync::Arc;

use crate::context::{Inputs, Pullback};
use crate::pool::unique;
use crate::tape::{Place, Recording};
use crate::{Matrix, MatrixMut, MatrixView, Scalar, Tape, Var};
use partial::Partial;
use pending::Pending;

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
    tape: &'t Tape<T>,
    start: usize,
    lists: Lists<T>,
}

/// What a sweep keeps account of.
pub(crate) struct Lists<T> {
    /// The gradients so far, by node; views have theirs in that of the node they are a part of.
    gradients: Vec<Option<Arc<Matrix<T>>>>,
    /// Which of these are known in parts only.
    partial: Partial,
    /// Products still to be done for weights that are used at many steps.
    pending: Pending<T>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Lists {
            gradients: Vec::new(),
            partial: Partial::default(),
            pending: Pending::default(),
        }
    }
}

impl<'t, T: Scalar> Gradients<'t, T> {
    pub(crate) fn sweep(from: Var<'t, T>, seed: &Matrix<T>, keep: Keep) -> Self {
        let tape = from.tape;
        let Lists {
            mut gradients,
            partial,
            pending,
        } = tape.take_lists();
        gradients.resize(from.index + 1, None);
        let slots = Slots {
            tape,
            gradients,
            partial,
        };
        let mut sweep = Sweep { slots, pending };
        sweep.run(from.index, seed, keep);
        let Sweep { slots, pending } = sweep;
        let Slots {
            gradients, partial, ..
        } = slots;
        Gradients {
            tape,
            start: from.index,
            lists: Lists {
                gradients,
                partial,
                pending,
            },
        }
    }

    /// The gradient of a node, or `None` where no path leads from it to where the sweep started.
    ///
    /// A view is a part of its parent, so its gradient is that part of its parent's.
    ///
    /// # Panics
    /// If the node is of another tape.
    #[track_caller]
    pub fn get(&self, of: Var<'_, T>) -> Option<MatrixView<'_, T>> {
        assert!(
            std::ptr::eq(self.tape, of.tape),
            "the gradient of a node of another tape"
        );
        let recording = self.tape.recording();
        let node = &recording.nodes[of.index];
        let reached = of.index <= self.start && node.needs_gradient;
        let slot = self
            .lists
            .gradients
            .get(node.place.owner)
            .filter(|_| reached)?;
        slot.as_ref().map(|m| node.place.view(m))
    }

    /// The gradient of a node, moved out without a copy; `None` for a view, and where
    /// [`Gradients::get`] gives none. [`Tape::recycle`] takes the matrix back when it is done with.
    #[track_caller]
    pub fn take(&mut self, of: Var<'_, T>) -> Option<Arc<Matrix<T>>> {
        self.get(of)?;
        self.lists.gradients.get_mut(of.index)?.take()
    }

    /// The gradient of a node as a matrix: zeros where no path leads from it to where the sweep
    /// started.
    #[track_caller]
    pub fn of(&self, var: Var<'_, T>) -> Matrix<T> {
        let zeros = || Matrix::zeros(var.rows_len(), var.cols_len());
        self.get(var).map_or_else(zeros, |g| g.to_matrix())
    }
}

impl<T: Scalar> Drop for Gradients<'_, T> {
    fn drop(&mut self) {
        let mut lists = std::mem::take(&mut self.lists);
        for buffer in lists.gradients.drain(..).flatten() {
            self.tape.give_back(buffer);
        }
        self.tape.return_lists(lists);
    }
}

/// A sweep under way.
pub(crate) struct Sweep<'t, T: Scalar> {
    slots: Slots<'t, T>,
    /// Products still to be done for weights that are used at many steps.
    pending: Pending<T>,
}

impl<'t, T: Scalar> Sweep<'t, T> {
    fn run(&mut self, start: usize, seed: &Matrix<T>, keep: Keep) {
        let tape = self.slots.tape;
        tape.forget_products(); // those of the way forward are of no more use
        let recording = tape.recording();
        if !recording.nodes[start].needs_gradient {
            return;
        }
        let (mut at_start, _) = self.grad_mut(&recording, recording.nodes[start].place);
        at_start.copy_from(seed.view());
        for index in (0..=start).rev() {
            let node = &recording.nodes[index];
            if node.place.owner != index {
                continue; // a view: what it is owed is already in its owner's gradient
            }
            self.pending.complete(index, &recording, &mut self.slots);
            self.slots.complete(index);
            let parents = recording.parents(node);
            if parents.is_empty() {
                continue;
            }
            let Some(grad) = self.slots.gradients[index].take() else {
                continue;
            };
            let mut pullback = Pullback {
                inputs: Inputs {
                    tape,
                    recording: &recording,
                    parents,
                    indices: recording.indices(node),
                },
                output: tape.value_at(node.place),
                grad: &grad,
                sweep: self,
            };
            node.op.backward(&mut pullback);
            match keep {
                Keep::All => self.slots.gradients[index] = Some(grad),
                Keep::Leaves => tape.give_back(grad),
            }
        }
    }

    /// The part of a gradient that belongs to a place, and whether to add to it (or to replace
    /// what is there).
    pub fn grad_mut(&mut self, recording: &Recording<T>, place: Place) -> (MatrixMut<'_, T>, bool) {
        self.slots.grad_mut(recording, place)
    }

    /// Makes a gradient that of a further node too, unless that has received something already.
    pub fn share(&mut self, index: usize, gradient: &Arc<Matrix<T>>) -> bool {
        let slot = &mut self.slots.gradients[index];
        let free = slot.is_none();
        if free {
            *slot = Some(Arc::clone(gradient));
        }
        free
    }

    /// Adds aᵀb to the gradient at a place, later: with those of other steps, in one product.
    pub fn add_t_product(
        &mut self,
        recording: &Recording<T>,
        to: Place,
        a: MatrixView<'_, T>,
        b: MatrixView<'_, T>,
    ) {
        self.pending.add(recording, &mut self.slots, to, (a, b));
    }
}

/// The gradients so far.
struct Slots<'t, T: Scalar> {
    tape: &'t Tape<T>,
    /// By node; views have theirs in that of the node they are a part of.
    gradients: Vec<Option<Arc<Matrix<T>>>>,
    /// Which of these are known in parts only.
    partial: Partial,
}

impl<T: Scalar> Slots<'_, T> {
    /// See [`Sweep::grad_mut`].
    fn grad_mut(&mut self, recording: &Recording<T>, place: Place) -> (MatrixMut<'_, T>, bool) {
        let owner = recording.nodes[place.owner].place.shape;
        let slot = &mut self.gradients[place.owner];
        let is_new = slot.is_none();
        let gradient = slot.get_or_insert_with(|| self.tape.take_buffer(owner));
        if Arc::get_mut(gradient).is_none() {
            *gradient = self.tape.copy(gradient); // it is another node's too
        }
        let gradient = unique(gradient);
        let accumulate = self.partial.cover(is_new, place, gradient);
        (place.view_mut(gradient), accumulate)
    }

    /// Makes a gradient whole.
    fn complete(&mut self, index: usize) {
        if let Some(gradient) = &mut self.gradients[index] {
            self.partial.complete(index, gradient);
        }
    }
}
