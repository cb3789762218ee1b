//! [`Tape`]: records operations as they are computed.

mod info;
mod names;
mod rewind;
mod stats;

use std::cell::{Cell, Ref, RefCell};
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use smallbox::{SmallBox, smallbox, space::S4};

use crate::account::Account;
use crate::operation::{Inputs, Operation};
use crate::recording::{Node, Operands, Place, Recording};
use crate::store::{Recorded, Store};
use crate::{Matrix, MatrixView, Scalar, Shape, Var};

pub use info::{Moment, NodeInfo};
pub use names::{Scope, Step};
pub use stats::{TapeBytes, TapeStats};

/// A recording of operations, in the order in which they were computed.
///
/// Nodes are recorded through a shared reference and are never changed or moved, so a [`Var`] is a
/// `Copy` handle that cannot dangle, and its value can be read for as long as it lives.
/// [`Tape::clear`] takes the tape exclusively: it ends all handles, and keeps the buffers, so that
/// recording the same formula again allocates nothing.
///
/// ```compile_fail
/// # use autograd::{Matrix, Tape};
/// let mut tape = Tape::<f32>::new();
/// let x = tape.var(Matrix::scalar(1.0));
/// tape.clear();
/// x.tanh(); // a stale handle does not compile
/// ```
pub struct Tape<T = f32> {
    recording: RefCell<Recording>,
    /// The operations of all nodes but leaves, in the order of the nodes.
    operations: RefCell<Vec<StoredOperation<T>>>,
    store: Store<T>,
    /// The lists of the last sweep, emptied, to be used again.
    account: Cell<Account<T>>,
    /// The tape that functions are recomputed on.
    inner: OnceLock<Arc<Mutex<Tape<T>>>>,
}

/// Small operations are stored in place, so that recording one does not allocate.
pub(crate) type StoredOperation<T> = SmallBox<dyn Operation<T>, S4>;

impl<T: Scalar> Default for Tape<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// What a tape is made of, its nodes and its leaves.
impl<T: Scalar> Tape<T> {
    /// An empty tape.
    pub fn new() -> Self {
        Tape {
            recording: RefCell::new(Recording::new()),
            operations: RefCell::default(),
            store: Store::new(),
            account: Cell::default(),
            inner: OnceLock::new(),
        }
    }

    /// A tape whose buffers, fresh and recycled alike, are full of `x` before they are written.
    pub(crate) fn with_buffers_of(x: T) -> Self {
        Tape {
            store: Store::filled_with(x),
            ..Self::new()
        }
    }

    /// A tape that lives for the rest of the program, for notebooks: `let tape: &Tape =
    /// Tape::leaked();` and its `Var`s persist from cell to cell.
    pub fn leaked() -> &'static Self {
        Box::leak(Box::new(Self::new()))
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.recording.borrow().nodes.len()
    }

    /// Whether nothing has been recorded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A leaf that gradients are taken by: a parameter, or an input under study.
    ///
    /// A matrix is moved in, an `Arc` shared; nothing is copied.
    pub fn var(&self, value: impl Into<Arc<Matrix<T>>>) -> Var<'_, T> {
        self.leaf(value.into(), true, false)
    }

    /// A leaf that no gradient is taken by: data, a mask, an initial state.
    pub fn constant(&self, value: impl Into<Arc<Matrix<T>>>) -> Var<'_, T> {
        self.leaf(value.into(), false, false)
    }

    /// A constant in a recycled buffer: `fill` is handed the matrix, with unspecified elements.
    /// This is how data reaches a tape without an allocation.
    ///
    /// # Panics
    /// If there are no rows or no columns, or more elements than memory has room for.
    #[track_caller]
    pub fn constant_with(
        &self,
        rows: usize,
        cols: usize,
        fill: impl FnOnce(&mut Matrix<T>),
    ) -> Var<'_, T> {
        self.pooled_leaf(Shape::new(rows, cols), fill, false)
    }

    /// [`Tape::constant_with`], for a leaf that gradients are taken by.
    #[track_caller]
    pub(crate) fn var_with(&self, shape: Shape, fill: impl FnOnce(&mut Matrix<T>)) -> Var<'_, T> {
        self.pooled_leaf(shape, fill, true)
    }

    #[track_caller]
    fn pooled_leaf(
        &self,
        shape: Shape,
        fill: impl FnOnce(&mut Matrix<T>),
        needs_gradient: bool,
    ) -> Var<'_, T> {
        let value = self.store.write(shape.checked::<T>(), fill);
        self.leaf(value, needs_gradient, true)
    }

    /// A constant of zeros.
    ///
    /// # Panics
    /// If there are no rows or no columns, or more elements than memory has room for.
    #[track_caller]
    pub fn zeros(&self, rows: usize, cols: usize) -> Var<'_, T> {
        self.constant_with(rows, cols, |m| m.data_mut().fill(T::ZERO))
    }

    /// The node at a position of the tape.
    ///
    /// # Panics
    /// If there are fewer.
    #[track_caller]
    pub fn node(&self, index: usize) -> Var<'_, T> {
        let len = self.len();
        assert!(index < len, "node {index} of a tape of {len}");
        Var { tape: self, index }
    }

    /// From now on multiplies one row x with the transpose of a leaf, or of a part of one, x Wᵀ, as if W were rounded to
    /// bf16: its elements
    /// keep the upper 16 of their 32 bits, which are the sign, the exponent and 7 bits of the fraction.
    ///
    /// Such a product waits for W to be read, and so takes half as long where W is larger than the cache. This is for
    /// writing text, symbol by symbol; no gradient is to be taken on such a tape. An f64 keeps the upper 32 bits, a
    /// dual number all.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// let tape = Tape::<f32>::new();
    /// tape.round_weights();
    /// let (x, w) = (tape.constant(Matrix::scalar(1.0)), tape.var(Matrix::scalar(1.01)));
    /// assert_eq!(x.matmul_t(w).item(), 1.0078125); // 1 + 2^-7
    /// ```
    pub fn round_weights(&self) {
        self.store.round_weights();
    }

    /// Takes back a matrix from [`Gradients::take`](crate::Gradients::take), to be used again.
    pub fn recycle(&self, matrix: Arc<Matrix<T>>) {
        self.store.give_back(matrix);
    }
}

/// Recording.
impl<T: Scalar> Tape<T> {
    /// Records an operation on `inputs`: this is what every method of [`Var`] does, and how an
    /// operation from outside the crate is applied.
    ///
    /// # Panics
    /// If the inputs' shapes do not suit the operation, or a node is of another tape.
    #[track_caller]
    pub fn record<'t, O: Operation<T>>(&'t self, op: O, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        self.record_with(op, inputs, &[])
    }

    /// [`Tape::record`], with the integers that the operation needs, such as the rows of a look-up:
    /// it finds them in [`Inputs::integers`].
    #[inline(never)] // see ops::compiled
    #[track_caller]
    pub fn record_with<'t, O: Operation<T>>(
        &'t self,
        op: O,
        inputs: &[Var<'t, T>],
        integers: &[usize],
    ) -> Var<'t, T> {
        self.record_boxed(smallbox!(op), inputs, integers)
    }

    #[inline(never)]
    #[track_caller]
    fn record_boxed<'t>(
        &'t self,
        op: StoredOperation<T>,
        inputs: &[Var<'t, T>],
        integers: &[usize],
    ) -> Var<'t, T> {
        self.check_owner(&*op, inputs);
        let parents = inputs.iter().map(|x| x.index);
        let operands = self.recording.borrow_mut().note(parents, integers);
        let recording = self.recording.borrow();
        let context = self.inputs(&recording, &operands);
        let shape = match op.shape(&context) {
            Ok(shape) => shape,
            Err(complaint) => {
                drop(recording); // a notebook goes on after the panic
                self.refuse(&*op, inputs, &complaint)
            }
        };
        let wants = |x: &Var<'_, T>| recording.nodes[x.index].needs_gradient;
        let needs_gradient = op.passes_gradient() && inputs.iter().any(wants);
        let place = match op.view(shape) {
            Some(window) => recording.nodes[inputs[0].index].place.part(window),
            None => {
                let value = self
                    .store
                    .write(shape, |y| op.forward(&context, y.view_mut()));
                Place::whole(recording.nodes.len(), self.store.push(value), shape)
            }
        };
        drop(recording);
        let mut operations = self.operations.borrow_mut();
        operations.push(op);
        self.push(Node {
            operands,
            operation: Some(operations.len() as u32 - 1),
            needs_gradient,
            is_pooled: true,
            ..Node::leaf(place)
        })
    }

    fn leaf(&self, value: Arc<Matrix<T>>, needs_gradient: bool, is_pooled: bool) -> Var<'_, T> {
        let shape = value.shape();
        let place = Place::whole(self.len(), self.store.push(value), shape);
        self.push(Node {
            needs_gradient,
            is_pooled,
            ..Node::leaf(place)
        })
    }

    fn push(&self, node: Node) -> Var<'_, T> {
        let index = self.recording.borrow_mut().push(node);
        Var { tape: self, index }
    }

    #[track_caller]
    fn check_owner(&self, op: &dyn Operation<T>, inputs: &[Var<'_, T>]) {
        if let Some(other) = inputs.iter().find(|x| !std::ptr::eq(x.tape, self)) {
            let here = inputs.iter().find(|x| std::ptr::eq(x.tape, self));
            let here = here.map_or("this one".into(), |x| {
                format!("that of {}", x.info().label())
            });
            let (name, other) = (op.name(), other.info().label());
            panic!("{name}: {other} is of another tape than {here}");
        }
    }

    #[track_caller]
    fn refuse(&self, op: &dyn Operation<T>, inputs: &[Var<'_, T>], complaint: &str) -> ! {
        let describe = |x: &Var<'_, T>| format!("{} {}", x.info().label(), x.shape());
        let operands: Vec<_> = inputs.iter().map(describe).collect();
        panic!("{}: {}: {complaint}", op.name(), operands.join(" against "))
    }
}

/// For the sweep and for inspection.
impl<T: Scalar> Tape<T> {
    pub(crate) fn recording(&self) -> Ref<'_, Recording> {
        self.recording.borrow()
    }

    pub(crate) fn store(&self) -> &Store<T> {
        &self.store
    }

    pub(crate) fn recorded<'a>(&'a self, recording: &'a Recording) -> Recorded<'a, T> {
        let store = &self.store;
        Recorded { recording, store }
    }

    /// What an operation is given.
    pub(crate) fn inputs<'a>(
        &'a self,
        recording: &'a Recording,
        operands: &Operands,
    ) -> Inputs<'a, T> {
        Inputs {
            on: self.recorded(recording),
            parents: recording.parents(operands),
            integers: recording.integers(operands),
        }
    }

    pub(crate) fn operations(&self) -> Ref<'_, Vec<StoredOperation<T>>> {
        self.operations.borrow()
    }

    /// Calls `f` with the operation of a node, unless it is a leaf.
    pub(crate) fn with_operation<R>(
        &self,
        index: usize,
        f: impl FnOnce(&dyn Operation<T>) -> R,
    ) -> Option<R> {
        let operation = self.recording.borrow().nodes[index].operation?;
        Some(f(&*self.operations()[operation as usize]))
    }

    pub(crate) fn place(&self, index: usize) -> Place {
        self.recording.borrow().nodes[index].place
    }

    pub(crate) fn value(&self, index: usize) -> MatrixView<'_, T> {
        self.store.value(self.place(index))
    }

    /// The tape that functions are recomputed on.
    pub(crate) fn inner(&self) -> &Arc<Mutex<Tape<T>>> {
        self.inner.get_or_init(|| match self.store.fill() {
            Some(x) => Arc::new(Mutex::new(Tape::with_buffers_of(x))),
            None => Arc::default(),
        })
    }

    /// The lists of a sweep, empty.
    pub(crate) fn take_account(&self) -> Account<T> {
        self.account.take()
    }

    /// Takes back what is in the lists of a sweep, and keeps them for the next.
    pub(crate) fn return_account(&self, mut account: Account<T>) {
        account.close(&self.store);
        self.account.set(account);
    }
}

impl<T: Scalar> fmt::Debug for Tape<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tape")
            .field("nodes", &self.len())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
