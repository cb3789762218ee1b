//! The reverse sweep: one flat loop from the last node to the first.

use std::sync::Arc;

use crate::context::{Inputs, Pullback};
use crate::kernels::{elementwise, gemm::Factor, gemm::gemm};
use crate::pool::unique;
use crate::tape::{Place, Recording};
use crate::{Matrix, MatrixMut, MatrixView, Scalar, Shape, Tape, Var};

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
    slots: Vec<Option<Arc<Matrix<T>>>>,
}

impl<'t, T: Scalar> Gradients<'t, T> {
    pub(crate) fn sweep(from: Var<'t, T>, seed: &Matrix<T>, keep: Keep) -> Self {
        let tape = from.tape;
        let mut slots = tape.take_slots();
        slots.resize(from.index + 1, None);
        let mut sweep = Sweep {
            tape,
            slots,
            pending: Vec::new(),
        };
        sweep.run(from.index, seed, keep);
        Gradients {
            tape,
            start: from.index,
            slots: sweep.slots,
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
        let slot = self.slots.get(node.place.owner).filter(|_| reached)?;
        slot.as_ref().map(|m| node.place.view(m))
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
        let mut slots = std::mem::take(&mut self.slots);
        for buffer in slots.drain(..).flatten() {
            self.tape.give_back(buffer);
        }
        self.tape.return_slots(slots);
    }
}

/// A sweep under way.
pub(crate) struct Sweep<'t, T: Scalar> {
    tape: &'t Tape<T>,
    /// The gradients so far, by node. Views have theirs in that of the node they are a part of.
    slots: Vec<Option<Arc<Matrix<T>>>>,
    /// Products still to be done for weights that are used at many steps.
    pending: Vec<Pending<T>>,
}

/// Rows of A and B, gathered over several steps, of which a weight is owed the product AᵀB.
struct Pending<T> {
    to: usize,
    rows: usize,
    a: Arc<Matrix<T>>,
    b: Arc<Matrix<T>>,
}

/// How many rows are gathered before their product is done: enough to make it an efficient one.
const GATHERED_ROWS: usize = 512;

impl<'t, T: Scalar> Sweep<'t, T> {
    fn run(&mut self, start: usize, seed: &Matrix<T>, keep: Keep) {
        let recording = self.tape.recording();
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
            self.flush(&recording, index);
            let parents = recording.parents(node);
            if parents.is_empty() {
                continue;
            }
            let Some(grad) = self.slots[index].take() else {
                continue;
            };
            let mut pullback = Pullback {
                inputs: Inputs {
                    tape: self.tape,
                    recording: &recording,
                    parents,
                    indices: recording.indices(node),
                },
                output: self.tape.value_at(node.place),
                grad: grad.view(),
                sweep: self,
            };
            node.op.backward(&mut pullback);
            match keep {
                Keep::All => self.slots[index] = Some(grad),
                Keep::Leaves => self.tape.give_back(grad),
            }
        }
    }

    /// The part of a gradient that belongs to a place, and whether to add to it (or to replace
    /// what is there).
    pub fn grad_mut(&mut self, recording: &Recording<T>, place: Place) -> (MatrixMut<'_, T>, bool) {
        let slot = &mut self.slots[place.owner];
        let mut accumulate = slot.is_some();
        let owner_shape = recording.nodes[place.owner].place.shape;
        let tape = self.tape;
        let buffer = slot.get_or_insert_with(|| {
            let mut buffer = tape.take_buffer(owner_shape);
            if place.shape != owner_shape {
                // A first part: the others may or may not follow.
                unique(&mut buffer).data_mut().fill(T::ZERO);
                accumulate = true;
            }
            buffer
        });
        (place.view_mut(unique(buffer)), accumulate)
    }

    /// Adds aᵀb to a node's gradient: at once, or if the node has several uses with those of
    /// other steps, in one product over all their rows.
    pub fn add_t_product(
        &mut self,
        recording: &Recording<T>,
        to: usize,
        a: MatrixView<'_, T>,
        b: MatrixView<'_, T>,
    ) {
        let node = &recording.nodes[to];
        let rows = a.row_count();
        if node.uses < 2 || rows >= GATHERED_ROWS || node.place.owner != to {
            let (grad, accumulate) = self.grad_mut(recording, node.place);
            return gemm(Factor::from(a).t(), b, accumulate, grad);
        }
        let known = self.pending.iter().position(|p| p.to == to);
        let at = known.unwrap_or_else(|| {
            let buffer = |cols| self.tape.take_buffer(Shape::new(GATHERED_ROWS, cols));
            let (a, b) = (buffer(a.col_count()), buffer(b.col_count()));
            self.pending.push(Pending { to, rows: 0, a, b });
            self.pending.len() - 1
        });
        if self.pending[at].rows + rows > GATHERED_ROWS {
            self.multiply(recording, at);
        }
        let pending = &mut self.pending[at];
        let range = pending.rows..pending.rows + rows;
        let gather = |from, to: &mut Arc<Matrix<T>>| {
            elementwise::assign(from, unique(to).view_mut().rows(range.clone()), false);
        };
        gather(a, &mut pending.a);
        gather(b, &mut pending.b);
        pending.rows += rows;
    }

    /// Does the product that is pending at this position.
    fn multiply(&mut self, recording: &Recording<T>, at: usize) {
        let Pending {
            to,
            rows,
            ref a,
            ref b,
        } = self.pending[at];
        let (a, b) = (Arc::clone(a), Arc::clone(b));
        self.pending[at].rows = 0;
        let (grad, accumulate) = self.grad_mut(recording, recording.nodes[to].place);
        let a = Factor::from(a.view().rows(0..rows)).t();
        gemm(a, b.view().rows(0..rows), accumulate, grad);
    }

    /// Does what is pending for a node whose gradient is needed now.
    fn flush(&mut self, recording: &Recording<T>, index: usize) {
        if let Some(at) = self.pending.iter().position(|p| p.to == index) {
            self.multiply(recording, at);
            let done = self.pending.swap_remove(at);
            self.tape.give_back(done.a);
            self.tape.give_back(done.b);
        }
    }
}
