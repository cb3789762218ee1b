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
    #[inline(never)]
    pub(crate) fn sweep(from: Var<'t, T>, seed: &Matrix<T>, keep: Keep) -> Self {
        let mut sweep = Sweep::start(from, seed, keep);
        while sweep.step().is_some() {}
        sweep.finish()
    }

    /// The tape that these are the gradients of.
    pub fn tape(&self) -> &'t Tape<T> {
        self.tape
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
        let zeros = || Matrix::zeros(var.row_count(), var.col_count());
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
    start: usize,
    /// How many nodes are still ahead.
    left: usize,
    keep: Keep,
}

impl<'t, T: Scalar> Sweep<'t, T> {
    /// Before the first node: only this one has a gradient, the seed.
    pub fn start(from: Var<'t, T>, seed: &Matrix<T>, keep: Keep) -> Self {
        let tape = from.tape;
        tape.forget_products(); // those of the way forward are of no more use
        let mut sweep = Self::empty(from, keep);
        let recording = tape.recording();
        let node = &recording.nodes[from.index];
        if node.needs_gradient {
            sweep.left = from.index + 1;
            let (mut at_start, _) = sweep.grad_mut(&recording, node.place);
            at_start.copy_from(seed.view());
        }
        drop(recording);
        sweep
    }

    /// No gradients at all.
    pub fn empty(from: Var<'t, T>, keep: Keep) -> Self {
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
        Sweep {
            slots,
            pending,
            start: from.index,
            left: 0,
            keep,
        }
    }

    /// Goes on to the next node that sends something, and gives which it was.
    pub fn step(&mut self) -> Option<usize> {
        self.step_above(0)
    }

    /// [`Sweep::step`], but only as far as nodes from `end` on.
    #[inline(never)]
    fn step_above(&mut self, end: usize) -> Option<usize> {
        let tape = self.slots.tape;
        let recording = tape.recording();
        while self.left > end {
            self.left -= 1;
            let index = self.left;
            let node = &recording.nodes[index];
            if node.place.owner != index {
                continue; // a view: what it is owed is already in its owner's gradient
            }
            self.complete(&recording, index);
            if recording.parents(node).is_empty() {
                continue;
            }
            let Some(grad) = self.slots.gradients[index].take() else {
                continue;
            };
            self.send(&recording, index, &grad);
            match self.keep {
                Keep::All => self.slots.gradients[index] = Some(grad),
                Keep::Leaves => tape.give_back(grad),
            }
            return Some(index);
        }
        None
    }

    /// Goes on until a node has received all that it will, and gives its gradient, if any. With
    /// `cut` the node passes nothing on; then nodes have to be asked for from the last to the first.
    #[inline(never)]
    pub fn gradient_at(&mut self, index: usize, cut: bool) -> Option<Matrix<T>> {
        let tape = self.slots.tape;
        let place = tape.place(index);
        if index > self.start || !tape.info(index).needs_gradient {
            return None;
        }
        while self.step_above(place.owner + 1).is_some() {}
        self.complete(&tape.recording(), place.owner);
        let slot = &mut self.slots.gradients[place.owner];
        let gradient = place.view(slot.as_ref()?).to_matrix();
        if cut && place.owner == index {
            *slot = None;
        } else if cut {
            let whole = Arc::make_mut(slot.as_mut()?);
            place.view_mut(whole).fill(T::ZERO);
        }
        Some(gradient)
    }

    /// The gradients, after the last step.
    pub fn finish(self) -> Gradients<'t, T> {
        let Slots {
            tape,
            gradients,
            partial,
        } = self.slots;
        Gradients {
            tape,
            start: self.start,
            lists: Lists {
                gradients,
                partial,
                pending: self.pending,
            },
        }
    }

    /// What a node with this gradient sends, apart from all else: for each of its operands the
    /// node that owns its storage, and that node's gradient by this contribution alone. For a
    /// sweep that is [`Sweep::empty`], and is so again afterwards.
    #[inline(never)]
    pub fn sent(&mut self, index: usize, grad: &Arc<Matrix<T>>) -> Vec<(usize, Arc<Matrix<T>>)> {
        let tape = self.slots.tape;
        let recording = tape.recording();
        self.send(&recording, index, grad);
        let node = &recording.nodes[index];
        let owner = |&p: &usize| recording.nodes[p].place.owner;
        let mut sent = Vec::new();
        for owner in recording.parents(node).iter().map(owner) {
            self.complete(&recording, owner);
            sent.extend(self.slots.gradients[owner].take().map(|g| (owner, g)));
        }
        sent
    }

    /// The same by operand; views of one node that overlap show their contributions together.
    pub fn contributions(&mut self, index: usize, grad: &Arc<Matrix<T>>) -> Vec<Option<Matrix<T>>> {
        let sent = self.sent(index, grad);
        let recording = self.slots.tape.recording();
        let part = |&parent: &usize| {
            let parent = &recording.nodes[parent];
            let (_, whole) = sent
                .iter()
                .find(|(owner, _)| *owner == parent.place.owner)?;
            let wanted = parent.needs_gradient;
            wanted.then(|| parent.place.view(whole).to_matrix())
        };
        let parents = recording.parents(&recording.nodes[index]);
        parents.iter().map(part).collect()
    }

    /// A node's gradient, once it has sent its contributions.
    pub fn gradient(&self, index: usize) -> Option<&Arc<Matrix<T>>> {
        self.slots.gradients[index].as_ref()
    }

    /// Where the sweep started.
    pub fn start_node(&self) -> Var<'t, T> {
        self.slots.tape.node(self.start)
    }

    /// The tape.
    pub fn tape(&self) -> &'t Tape<T> {
        self.slots.tape
    }

    /// Makes a gradient whole.
    fn complete(&mut self, recording: &Recording<T>, index: usize) {
        self.pending.complete(index, recording, &mut self.slots);
        self.slots.complete(index);
    }

    /// Has a node send its contributions.
    fn send(&mut self, recording: &Recording<T>, index: usize, grad: &Arc<Matrix<T>>) {
        let (tape, node) = (self.slots.tape, &recording.nodes[index]);
        let mut pullback = Pullback {
            inputs: Inputs {
                tape,
                recording,
                parents: recording.parents(node),
                integers: recording.integers(node),
            },
            output: tape.value_at(node.place),
            grad,
            sweep: self,
        };
        node.op.backward(&mut pullback);
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
