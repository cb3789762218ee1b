//! [`Account`]: the gradients so far of a reverse sweep.
//!
//! What a node receives is known whole, or in parts, or as products that are still to be done;
//! [`Account::complete`] makes it whole.

mod parts;
mod products;
mod received;

use std::sync::Arc;

use crate::recording::Place;
use crate::store::{Recorded, Store};
use crate::{Matrix, MatrixView, Scalar, Sink};
use products::Products;
use received::Received;

/// What each node has received so far.
pub(crate) struct Account<T> {
    received: Received<T>,
    /// Products still to be done, for weights that are used at many steps.
    products: Products<T>,
}

impl<T> Default for Account<T> {
    fn default() -> Self {
        Account {
            received: Received::default(),
            products: Products::default(),
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

    /// Makes the gradient of a node whole that owns its storage.
    pub fn complete(&mut self, index: usize, on: Recorded<'_, T>) {
        self.products.complete(index, &mut self.received, on);
        self.received.complete(index);
    }

    pub fn get(&self, index: usize) -> Option<&Arc<Matrix<T>>> {
        self.received.gradients.get(index)?.as_ref()
    }

    pub fn get_mut(&mut self, index: usize) -> &mut Option<Arc<Matrix<T>>> {
        &mut self.received.gradients[index]
    }
}
