//! [`Store`]: the numbers of a tape: values, recycled buffers, operands laid out for products.

mod packed;
mod pool;
mod regions;

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use elsa::FrozenVec;

pub(crate) use packed::Right;
pub(crate) use regions::around;

use crate::matrix::unique;
use crate::recording::{Place, Recording};
use crate::{Matrix, MatrixView, Scalar, Shape};
use packed::PackedOperands;
use pool::{Pool, PoolStats};

/// The values of all nodes, and the buffers that values and gradients come from.
pub(crate) struct Store<T> {
    /// The matrices that nodes have their values in; views share their parent's.
    values: FrozenVec<Arc<Matrix<T>>>,
    pool: RefCell<Pool<T>>,
    /// What buffers start as, if it matters: NaN shows what is read before it is written.
    fill: Option<T>,
    packed: RefCell<PackedOperands<T>>,
    /// Whether products of one row are with rounded weights.
    rounds: Cell<bool>,
}

impl<T: Scalar> Store<T> {
    pub fn new() -> Self {
        Store {
            values: FrozenVec::new(),
            pool: RefCell::new(Pool::new()),
            fill: None,
            packed: RefCell::default(),
            rounds: Cell::default(),
        }
    }

    /// A store whose buffers are full of `x` before they are written.
    pub fn filled_with(x: T) -> Self {
        Store {
            fill: Some(x),
            ..Self::new()
        }
    }

    /// What buffers start as, if that is specified.
    pub fn fill(&self) -> Option<T> {
        self.fill
    }

    pub fn pool(&self) -> PoolStats {
        self.pool.borrow().stats()
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// The elements that there is room for in a value's buffer.
    pub fn capacity(&self, place: Place) -> usize {
        self.values[place.buffer].capacity()
    }

    /// The elements that there is room for in what has been laid out.
    pub fn packed_elements(&self) -> usize {
        let packed = self.packed.borrow();
        packed.values().map(|p| p.buffer.capacity()).sum()
    }

    /// Keeps a value; gives its index.
    pub fn push(&self, value: Arc<Matrix<T>>) -> usize {
        self.values.push(value);
        self.values.len() - 1
    }

    /// Removes the last value.
    pub fn pop(&mut self) -> Option<Arc<Matrix<T>>> {
        self.values.as_mut().pop()
    }

    #[inline]
    pub fn value(&self, place: Place) -> MatrixView<'_, T> {
        place.view(&self.values[place.buffer])
    }

    /// A buffer with room for this shape that nobody else has. [`Store::begin`] gives it the shape.
    pub fn take(&self, shape: Shape) -> Arc<Matrix<T>> {
        self.pool.borrow_mut().take(shape)
    }

    /// Gives a buffer this shape, to be written. Its elements are unspecified.
    pub fn begin<'a>(&self, buffer: &'a mut Arc<Matrix<T>>, shape: Shape) -> &'a mut Matrix<T> {
        let matrix = unique(buffer);
        matrix.reshape(shape);
        if let Some(x) = self.fill {
            matrix.data_mut().fill(x);
        }
        matrix
    }

    /// A matrix in a recycled buffer, as `write` leaves it. Its elements are unspecified before.
    pub fn write(&self, shape: Shape, write: impl FnOnce(&mut Matrix<T>)) -> Arc<Matrix<T>> {
        let mut buffer = self.take(shape);
        write(self.begin(&mut buffer, shape));
        buffer
    }

    /// From now on products of one row are with rounded weights.
    pub fn round_weights(&self) {
        self.rounds.set(true);
    }

    pub fn copy(&self, m: &Matrix<T>) -> Arc<Matrix<T>> {
        self.write(m.shape(), |copy| {
            copy.data_mut().copy_from_slice(m.data());
        })
    }

    /// What has been recorded is no longer needed.
    pub fn end_pass(&self) {
        self.pool.borrow_mut().end_pass();
    }

    /// Takes a buffer back, unless somebody still holds it.
    pub fn give_back(&self, buffer: Arc<Matrix<T>>) {
        self.pool.borrow_mut().give_back(buffer);
    }
}

/// What is on a tape: the nodes with their values.
pub(crate) struct Recorded<'a, T> {
    pub recording: &'a Recording,
    pub store: &'a Store<T>,
}

impl<T> Clone for Recorded<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Recorded<'_, T> {}

impl<'a, T: Scalar> Recorded<'a, T> {
    #[inline]
    pub fn place(self, index: usize) -> Place {
        self.recording.nodes[index].place
    }

    #[inline]
    pub fn value(self, index: usize) -> MatrixView<'a, T> {
        self.store.value(self.place(index))
    }

    /// Whether a product of one row is to be with this node's rounded elements: those of leaves last.
    pub fn rounds(self, index: usize) -> bool {
        self.store.rounds.get() && self.is_of_leaf(index)
    }

    /// Whether a node has its elements in a leaf.
    pub fn is_of_leaf(self, index: usize) -> bool {
        let owner = &self.recording.nodes[self.place(index).owner];
        owner.operation.is_none()
    }
}
