//! [`Account`]: the gradients so far of a reverse sweep.
//!
//! What a node receives is known whole, or in parts, or as products that are still to be done, or, for a leaf, by rows;
//! [`Account::complete`] makes it whole.

mod parts;
mod products;
mod received;
mod rows;

use std::sync::Arc;

use crate::gradients::RowGradient;
use crate::recording::Place;
use crate::store::{Recorded, Store};
use crate::{Matrix, MatrixView, Scalar, Sink};
use products::Products;
use received::Received;
use rows::Rows;

/// What each node has received so far.
pub(crate) struct Account<T> {
    received: Received<T>,
    /// Products still to be done, for weights that are used at many steps.
    products: Products<T>,
    /// What look-ups have sent to leaves.
    rows: Rows<T>,
}

impl<T> Default for Account<T> {
    fn default() -> Self {
        Account {
            received: Received::default(),
            products: Products::default(),
            rows: Rows::default(),
        }
    }
}

impl<T: Scalar> Account<T> {
    /// Room for so many nodes, none of which has received anything.
    pub fn open(&mut self, nodes: usize) {
        self.received.gradients.resize(nodes, None);
    }

    /// Gives all buffers back, and keeps the lists that they were in.
    pub fn close(&mut self, store: &Store<T>) {
        let gradients = self.received.gradients.drain(..).flatten();
        gradients.for_each(|gradient| store.give_back(gradient));
        self.received.parts.forget();
        self.products.forget(store);
        self.rows.forget(store);
    }

    /// The bytes of the longest of its lists, that of all nodes.
    pub fn list_bytes(&self) -> usize {
        self.received.gradients.capacity() * size_of::<Option<Arc<Matrix<T>>>>()
    }

    /// What is sent to a place goes here.
    pub fn sink(&mut self, to: Place, on: Recorded<'_, T>) -> Sink<'_, T> {
        self.received.sink(to, on)
    }

    /// Makes a gradient that of a further node too, unless that has received something already.
    pub fn share(&mut self, index: usize, gradient: &Arc<Matrix<T>>) -> bool {
        let received = &mut self.received.gradients[index];
        let free = received.is_none();
        if free {
            *received = Some(Arc::clone(gradient));
        }
        free
    }

    /// Adds aᵀb to the gradient at a place, later: with those of other steps, in one product.
    pub fn add_t_product(
        &mut self,
        to: Place,
        (a, b): (MatrixView<'_, T>, MatrixView<'_, T>),
        on: Recorded<'_, T>,
    ) {
        self.products.add(to, (a, b), &mut self.received, on);
    }

    /// Adds rows to the gradient of a leaf: row r to row indices\[r\].
    pub fn add_rows(&mut self, leaf: usize, indices: &[usize], gradient: &Arc<Matrix<T>>) {
        self.rows.add(leaf, indices, gradient);
    }

    /// Makes the gradient of a node whole that owns its storage.
    pub fn complete(&mut self, index: usize, on: Recorded<'_, T>) {
        self.complete_leaf(index, on);
        self.rows.settle(on.place(index), &mut self.received, on);
    }

    /// The same, but a leaf that has received nothing but rows keeps them as such.
    pub fn complete_leaf(&mut self, index: usize, on: Recorded<'_, T>) {
        self.products.complete(index, &mut self.received, on);
        self.received.complete(index);
        if self.received.gradients[index].is_some() {
            self.rows.settle(on.place(index), &mut self.received, on);
        }
    }

    pub fn get(&self, index: usize) -> Option<&Arc<Matrix<T>>> {
        self.received.gradients.get(index)?.as_ref()
    }

    /// [`Account::get`], or what the rows of a leaf make.
    pub fn whole(&self, index: usize, on: Recorded<'_, T>) -> Option<&Arc<Matrix<T>>> {
        self.get(index).or_else(|| self.rows.whole(index, on))
    }

    /// [`Account::whole`], moved out.
    pub fn take(&mut self, index: usize, on: Recorded<'_, T>) -> Option<Arc<Matrix<T>>> {
        let received = self.received.gradients.get_mut(index)?.take();
        received.or_else(|| self.rows.take(index, on))
    }

    /// The rows of a leaf that has received nothing else, moved out.
    pub fn take_rows(&mut self, index: usize, on: Recorded<'_, T>) -> Option<RowGradient<T>> {
        self.rows.take_rows(index, on)
    }

    pub fn get_mut(&mut self, index: usize) -> &mut Option<Arc<Matrix<T>>> {
        &mut self.received.gradients[index]
    }
}
