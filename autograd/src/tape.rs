//! [`Tape`]: records operations as they are computed.

mod names;
mod products;
mod rewind;

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::sync::Arc;

use elsa::FrozenVec;
use smallbox::{SmallBox, smallbox, space::S4};

use crate::backward::Lists;
use crate::context::Inputs;
use crate::ops::{Leaf, Operation, Window};
use crate::pool::{Pool, PoolStats, unique};
use crate::{Matrix, MatrixMut, MatrixView, Scalar, Shape, Var};

pub use names::{NodeInfo, Scope, Step};
use products::Products;
pub(crate) use products::Right;

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
    recording: RefCell<Recording<T>>,
    /// The matrices that nodes have their values in; views share their parent's.
    values: FrozenVec<Arc<Matrix<T>>>,
    pool: RefCell<Pool<T>>,
    products: RefCell<Products<T>>,
    /// The lists of the last sweep, emptied, to be used again.
    lists: Cell<Lists<T>>,
    /// The tape that functions are recomputed on.
    inner: Cell<Option<Box<Tape<T>>>>,
    scope: Cell<u32>,
    time: Cell<Option<u32>>,
}

/// All that a tape knows about its nodes but their values.
pub(crate) struct Recording<T> {
    pub nodes: Vec<Node<T>>,
    /// The parents of all nodes, one list behind the other.
    edges: Vec<usize>,
    /// The integers that operations such as a look-up need, likewise.
    integers: Vec<usize>,
    /// Scopes as (enclosing scope, name); the first is the tape itself.
    scopes: Vec<(u32, String)>,
}

/// One recorded operation.
pub(crate) struct Node<T> {
    /// Small operations are stored in place, so that recording one does not allocate.
    pub op: SmallBox<dyn Operation<T>, S4>,
    parents: Range<usize>,
    integers: Range<usize>,
    pub place: Place,
    /// Whether a gradient has a way through this node to a variable.
    pub needs_gradient: bool,
    /// How many nodes have this one as a parent.
    pub uses: u32,
    label: Option<&'static str>,
    time: Option<u32>,
    scope: u32,
}

/// Where the elements of a node are.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    /// The node that owns the matrix: this one, or for views the one they are parts of.
    pub owner: usize,
    /// The index of that matrix.
    pub buffer: usize,
    pub offset: usize,
    pub stride: usize,
    pub shape: Shape,
}

impl Place {
    pub fn view<'a, T: Scalar>(&self, m: &'a Matrix<T>) -> MatrixView<'a, T> {
        MatrixView::new(&m.data()[self.offset..], self.shape, self.stride)
    }

    pub fn view_mut<'a, T: Scalar>(&self, m: &'a mut Matrix<T>) -> MatrixMut<'a, T> {
        MatrixMut::new(&mut m.data_mut()[self.offset..], self.shape, self.stride)
    }

    /// A part of this place.
    fn part(self, window: Window) -> Place {
        let offset = self.offset + window.row * self.stride + window.col;
        Place {
            offset,
            shape: window.shape,
            ..self
        }
    }
}

impl<T> Recording<T> {
    pub fn parents(&self, node: &Node<T>) -> &[usize] {
        &self.edges[node.parents.clone()]
    }

    pub fn integers(&self, node: &Node<T>) -> &[usize] {
        &self.integers[node.integers.clone()]
    }
}

impl<T: Scalar> Default for Tape<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Scalar> Tape<T> {
    /// An empty tape.
    pub fn new() -> Self {
        let recording = Recording {
            nodes: Vec::new(),
            edges: Vec::new(),
            integers: Vec::new(),
            scopes: vec![(0, String::new())],
        };
        Tape {
            recording: RefCell::new(recording),
            values: FrozenVec::new(),
            pool: RefCell::new(Pool::new()),
            products: RefCell::default(),
            lists: Cell::default(),
            inner: Cell::default(),
            scope: Cell::new(0),
            time: Cell::new(None),
        }
    }

    /// A tape whose buffers, fresh and recycled alike, are full of `x` before they are written.
    pub(crate) fn with_buffers_of(x: T) -> Self {
        let pool = RefCell::new(Pool::filled_with(x));
        Tape {
            pool,
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

    /// How many buffers this tape has had to allocate so far.
    pub fn stats(&self) -> PoolStats {
        self.pool.borrow().stats()
    }

    /// A leaf that gradients are taken by: a parameter, or an input under study.
    ///
    /// A matrix is moved in, an `Arc` shared; nothing is copied.
    pub fn var(&self, value: impl Into<Arc<Matrix<T>>>) -> Var<'_, T> {
        self.push_owner(
            smallbox!(Leaf {
                name: Leaf::VARIABLE
            }),
            0..0,
            0..0,
            value.into(),
            true,
        )
    }

    /// A leaf that no gradient is taken by: data, a mask, an initial state.
    pub fn constant(&self, value: impl Into<Arc<Matrix<T>>>) -> Var<'_, T> {
        self.push_owner(
            smallbox!(Leaf {
                name: Leaf::CONSTANT
            }),
            0..0,
            0..0,
            value.into(),
            false,
        )
    }

    /// A constant in a recycled buffer: `fill` is handed the matrix, with unspecified elements.
    /// This is how data reaches a tape without an allocation.
    pub fn constant_with(
        &self,
        rows: usize,
        cols: usize,
        fill: impl FnOnce(&mut Matrix<T>),
    ) -> Var<'_, T> {
        self.push_pooled(rows, cols, fill, false)
    }

    /// [`Tape::constant_with`], for a leaf that gradients are taken by.
    pub(crate) fn var_with(
        &self,
        rows: usize,
        cols: usize,
        fill: impl FnOnce(&mut Matrix<T>),
    ) -> Var<'_, T> {
        self.push_pooled(rows, cols, fill, true)
    }

    fn push_pooled(
        &self,
        rows: usize,
        cols: usize,
        fill: impl FnOnce(&mut Matrix<T>),
        needs_gradient: bool,
    ) -> Var<'_, T> {
        let mut value = self.take_buffer(Shape::new(rows, cols));
        fill(unique(&mut value));
        self.push_owner(
            smallbox!(Leaf { name: Leaf::POOLED }),
            0..0,
            0..0,
            value,
            needs_gradient,
        )
    }

    /// A constant of zeros.
    pub fn zeros(&self, rows: usize, cols: usize) -> Var<'_, T> {
        self.constant_with(rows, cols, |m| m.data_mut().fill(T::ZERO))
    }

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
        op: SmallBox<dyn Operation<T>, S4>,
        inputs: &[Var<'t, T>],
        integers: &[usize],
    ) -> Var<'t, T> {
        for x in inputs {
            assert!(
                std::ptr::eq(x.tape, self),
                "{}: an operand is of another tape",
                op.name()
            );
        }
        let (parents, integers) = {
            let mut recording = self.recording.borrow_mut();
            let (e, i) = (recording.edges.len(), recording.integers.len());
            recording.edges.extend(inputs.iter().map(|x| x.index));
            recording.integers.extend_from_slice(integers);
            (e..recording.edges.len(), i..recording.integers.len())
        };
        let recording = self.recording.borrow();
        let context = Inputs {
            tape: self,
            recording: &recording,
            parents: &recording.edges[parents.clone()],
            integers: &recording.integers[integers.clone()],
        };
        let shape = match op.shape(&context) {
            Ok(shape) => shape,
            Err(complaint) => {
                let name = op.name();
                let operands = self.describe_operands(&recording, inputs);
                drop(recording); // a notebook goes on after the panic
                panic!("{name}: {operands}: {complaint}")
            }
        };
        let needs_gradient = op.passes_gradient()
            && inputs
                .iter()
                .any(|x| recording.nodes[x.index].needs_gradient);
        if let Some(window) = op.view(shape) {
            let place = recording.nodes[inputs[0].index].place.part(window);
            drop(recording);
            return self.push(op, parents, integers, place, needs_gradient);
        }
        let mut value = self.take_buffer(shape);
        op.forward(&context, unique(&mut value).view_mut());
        drop(recording);
        self.push_owner(op, parents, integers, value, needs_gradient)
    }

    fn describe_operands(&self, recording: &Recording<T>, inputs: &[Var<'_, T>]) -> String {
        let describe = |x: &Var<'_, T>| {
            let node = &recording.nodes[x.index];
            format!("{} {}", recording.info(x.index).label(), node.place.shape)
        };
        inputs
            .iter()
            .map(describe)
            .collect::<Vec<_>>()
            .join(" against ")
    }

    fn push_owner(
        &self,
        op: SmallBox<dyn Operation<T>, S4>,
        parents: Range<usize>,
        integers: Range<usize>,
        value: Arc<Matrix<T>>,
        needs_gradient: bool,
    ) -> Var<'_, T> {
        let (shape, stride) = (value.shape(), value.col_count());
        let (owner, buffer) = (self.len(), self.values.len());
        self.values.push(value);
        let place = Place {
            owner,
            buffer,
            offset: 0,
            stride,
            shape,
        };
        self.push(op, parents, integers, place, needs_gradient)
    }

    fn push(
        &self,
        op: SmallBox<dyn Operation<T>, S4>,
        parents: Range<usize>,
        integers: Range<usize>,
        place: Place,
        needs_gradient: bool,
    ) -> Var<'_, T> {
        let recording = &mut *self.recording.borrow_mut();
        for &parent in &recording.edges[parents.clone()] {
            recording.nodes[parent].uses += 1;
        }
        let (time, scope) = (self.time.get(), self.scope.get());
        let node = Node {
            op,
            parents,
            integers,
            place,
            needs_gradient,
            uses: 0,
            label: None,
            time,
            scope,
        };
        recording.nodes.push(node);
        Var {
            tape: self,
            index: recording.nodes.len() - 1,
        }
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

    pub(crate) fn recording(&self) -> std::cell::Ref<'_, Recording<T>> {
        self.recording.borrow()
    }

    pub(crate) fn place(&self, index: usize) -> Place {
        self.recording.borrow().nodes[index].place
    }

    pub(crate) fn value(&self, index: usize) -> MatrixView<'_, T> {
        self.value_at(self.place(index))
    }

    pub(crate) fn value_at(&self, place: Place) -> MatrixView<'_, T> {
        place.view(&self.values[place.buffer])
    }

    pub(crate) fn take_buffer(&self, shape: Shape) -> Arc<Matrix<T>> {
        self.pool.borrow_mut().take(shape)
    }

    pub(crate) fn copy(&self, m: &Matrix<T>) -> Arc<Matrix<T>> {
        let mut copy = self.take_buffer(m.shape());
        unique(&mut copy).data_mut().copy_from_slice(m.data());
        copy
    }

    pub(crate) fn give_back(&self, buffer: Arc<Matrix<T>>) {
        self.pool.borrow_mut().give_back(buffer);
    }

    /// Takes back a matrix from [`Gradients::take`](crate::Gradients::take), to be used again.
    pub fn recycle(&self, matrix: Arc<Matrix<T>>) {
        self.give_back(matrix);
    }

    pub(crate) fn take_inner(&self) -> Box<Tape<T>> {
        let like_this = || match self.pool.borrow().fill() {
            Some(x) => Box::new(Tape::with_buffers_of(x)),
            None => Box::default(),
        };
        self.inner.take().unwrap_or_else(like_this)
    }

    pub(crate) fn return_inner(&self, tape: Box<Tape<T>>) {
        self.inner.set(Some(tape));
    }

    pub(crate) fn take_lists(&self) -> Lists<T> {
        self.lists.take()
    }

    pub(crate) fn return_lists(&self, lists: Lists<T>) {
        self.lists.set(lists);
    }
}
