//! The reverse sweep: one flat loop from the last node to the first.

use std::sync::Arc;

use crate::gradients::{Gradients, Keep, Lent};
use crate::operation::Pullback;
use crate::recording::Recording;
use crate::{Matrix, Scalar, Tape, Var};

/// A sweep under way.
pub(crate) struct Sweep<'t, T: Scalar> {
    lent: Lent<'t, T>,
    start: usize,
    /// How many nodes are still ahead.
    left: usize,
    keep: Keep,
}

impl<'t, T: Scalar> Sweep<'t, T> {
    /// Goes on to the next node that sends something, down to `end`; gives which it was.
    #[inline(never)]
    fn step_above(&mut self, end: usize) -> Option<usize> {
        let tape = self.tape();
        let recording = tape.recording();
        while self.left > end {
            self.left -= 1;
            let index = self.left;
            if recording.is_view(index) {
                continue; // what it is owed is already in its owner's gradient
            }
            if recording.nodes[index].operation.is_none() {
                let on = tape.recorded(&recording);
                self.lent.account.complete_leaf(index, on);
                continue; // a leaf keeps what it has received
            }
            self.complete(&recording, index);
            let Some(grad) = self.lent.account.get_mut(index).take() else {
                continue; // no path leads here
            };
            self.send(&recording, index, &grad);
            match self.keep {
                Keep::All => *self.lent.account.get_mut(index) = Some(grad),
                Keep::Leaves => tape.store().give_back(grad),
            }
            return Some(index);
        }
        None
    }

    /// Has a node send its contributions.
    fn send(&mut self, recording: &Recording, index: usize, grad: &Arc<Matrix<T>>) {
        let (tape, node) = (self.tape(), &recording.nodes[index]);
        let Some(operation) = node.operation else {
            return; // a leaf has nobody to send to
        };
        let mut pullback = Pullback {
            inputs: tape.inputs(recording, &node.operands),
            output: tape.store().value(node.place),
            grad,
            account: &mut self.lent.account,
        };
        tape.operations()[operation as usize].backward(&mut pullback);
    }

    /// Makes a gradient whole.
    fn complete(&mut self, recording: &Recording, index: usize) {
        let on = self.tape().recorded(recording);
        self.lent.account.complete(index, on);
    }

    /// All of it.
    #[inline(never)]
    fn run(from: Var<'t, T>, seed: &Matrix<T>, keep: Keep) -> Gradients<'t, T> {
        let mut sweep = Sweep::start(from, seed, keep);
        while sweep.step().is_some() {}
        sweep.finish()
    }

    /// Before the first node: only this one has a gradient, the seed.
    pub fn start(from: Var<'t, T>, seed: &Matrix<T>, keep: Keep) -> Self {
        let tape = from.tape;
        tape.store().forget_packed(0); // those of the way forward are of no more use
        let mut sweep = Self::empty(from, keep);
        let recording = tape.recording();
        let node = &recording.nodes[from.index];
        if node.needs_gradient {
            sweep.left = from.index + 1;
            let on = tape.recorded(&recording);
            sweep.lent.account.sink(node.place, on).add(seed.view());
        }
        sweep
    }

    /// No gradients at all.
    pub fn empty(from: Var<'t, T>, keep: Keep) -> Self {
        Sweep {
            lent: Lent::open(from.tape, from.index + 1),
            start: from.index,
            left: 0,
            keep,
        }
    }

    /// Goes on to the next node that sends something, and gives which it was.
    pub fn step(&mut self) -> Option<usize> {
        self.step_above(0)
    }

    /// Goes on until a node has received all that it will, and gives its gradient, if any. With
    /// `cut` the node passes nothing on; then nodes have to be asked for from the last to the first.
    #[inline(never)]
    pub fn gradient_at(&mut self, index: usize, cut: bool) -> Option<Matrix<T>> {
        let tape = self.tape();
        let place = tape.place(index);
        if index > self.start || !tape.info(index).needs_gradient {
            return None;
        }
        while self.step_above(place.owner + 1).is_some() {}
        self.complete(&tape.recording(), place.owner);
        let received = self.lent.account.get_mut(place.owner);
        let gradient = place.view(received.as_ref()?).to_matrix();
        if cut && place.owner == index {
            *received = None;
        } else if cut {
            let whole = Arc::make_mut(received.as_mut()?);
            place.view_mut(whole).fill(T::ZERO);
        }
        Some(gradient)
    }

    /// The gradients, after the last step.
    pub fn finish(self) -> Gradients<'t, T> {
        Gradients::new(self.lent, self.start)
    }

    /// What a node with this gradient sends, apart from all else: for each of its operands the
    /// node that owns its storage, and that node's gradient by this contribution alone. For a
    /// sweep that is [`Sweep::empty`], and is so again afterwards.
    #[inline(never)]
    pub fn sent(&mut self, index: usize, grad: &Arc<Matrix<T>>) -> Vec<(usize, Arc<Matrix<T>>)> {
        let recording = self.tape().recording();
        self.send(&recording, index, grad);
        let mut sent = Vec::new();
        for &parent in recording.parents(&recording.nodes[index].operands) {
            let owner = recording.nodes[parent].place.owner;
            self.complete(&recording, owner);
            sent.extend(self.lent.account.get_mut(owner).take().map(|g| (owner, g)));
        }
        sent
    }

    /// The same by operand; views of one node that overlap show their contributions together.
    pub fn contributions(&mut self, index: usize, grad: &Arc<Matrix<T>>) -> Vec<Option<Matrix<T>>> {
        let sent = self.sent(index, grad);
        let recording = self.tape().recording();
        let part = |&parent: &usize| {
            let parent = &recording.nodes[parent];
            let owner = parent.place.owner;
            let (_, whole) = sent.iter().find(|(o, _)| *o == owner)?;
            let wanted = parent.needs_gradient;
            wanted.then(|| parent.place.view(whole).to_matrix())
        };
        let parents = recording.parents(&recording.nodes[index].operands);
        parents.iter().map(part).collect()
    }

    /// A node's gradient, once it has sent its contributions.
    pub fn gradient(&self, index: usize) -> Option<&Arc<Matrix<T>>> {
        self.lent.account.get(index)
    }

    /// Where the sweep started.
    pub fn start_node(&self) -> Var<'t, T> {
        self.tape().node(self.start)
    }

    /// The tape.
    pub fn tape(&self) -> &'t Tape<T> {
        self.lent.tape
    }
}

/// Sweeps.
impl<'t, T: Scalar> Var<'t, T> {
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
        Sweep::run(self, &Matrix::scalar(T::ONE), keep)
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
        Sweep::run(self, seed, keep)
    }
}
