//! [`Received`]: gradients that add up, whole or in parts.

use std::sync::Arc;

use super::parts::Parts;
use crate::matrix::{is_shared, unique};
use crate::recording::Place;
use crate::store::Recorded;
use crate::{Matrix, Scalar, Sink};

/// The gradients so far, apart from products that are still to be done.
pub(super) struct Received<T> {
    /// By node; views have theirs in that of the node they are parts of.
    pub gradients: Vec<Option<Arc<Matrix<T>>>>,
    /// Which of these are known in parts only.
    pub parts: Parts,
}

impl<T> Default for Received<T> {
    fn default() -> Self {
        Received {
            gradients: Vec::new(),
            parts: Parts::default(),
        }
    }
}

impl<T: Scalar> Received<T> {
    /// What is sent to a place goes here.
    pub fn sink(&mut self, to: Place, on: Recorded<'_, T>) -> Sink<'_, T> {
        let slot = &mut self.gradients[to.owner];
        let (is_new, gradient) = match slot {
            None => {
                let shape = on.place(to.owner).shape;
                let buffer = slot.insert(on.store.take(shape));
                (true, on.store.begin(buffer, shape))
            }
            Some(gradient) => {
                if is_shared(gradient) {
                    *gradient = on.store.copy(gradient); // it is another node's too
                }
                (false, unique(gradient))
            }
        };
        let accumulate = self.parts.cover(is_new, to, gradient);
        Sink::new(to.view_mut(gradient), accumulate)
    }

    /// Sets to zero what no part of a gradient has covered.
    pub fn complete(&mut self, index: usize) {
        if let Some(gradient) = &mut self.gradients[index] {
            self.parts.complete(index, gradient);
        }
    }
}
