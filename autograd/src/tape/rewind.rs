//! Forgetting what has been recorded, and keeping its buffers.

use std::sync::Arc;

use super::Tape;
use crate::Scalar;
use crate::ops::Leaf;

/// Forgetting.
impl<T: Scalar> Tape<T> {
    /// Forgets all nodes, and keeps their buffers for the next recording.
    pub fn clear(&mut self) {
        self.rewind(0);
    }

    /// Forgets all nodes but the first `len`, and keeps their buffers for what is recorded next.
    /// Where no gradient is wanted, this is how a model runs step by step and nothing piles up: its
    /// parameters stay, with the layout that products have given them.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// let mut tape = Tape::<f64>::new();
    /// let w = tape.var(Matrix::scalar(0.5)).index();
    /// let mut h = 1.0;
    /// for _ in 0..3 {
    ///     let x = tape.constant(Matrix::scalar(h));
    ///     h = (x * tape.node(w)).item();
    ///     tape.rewind(w + 1);
    /// }
    /// assert_eq!((h, tape.len()), (0.125, 1));
    /// ```
    pub fn rewind(&mut self, len: usize) {
        let recording = self.recording.get_mut();
        let pool = self.pool.get_mut();
        for (_, packed) in self
            .products
            .get_mut()
            .extract_if(|(place, _), _| place.owner >= len)
        {
            if let Some(packed) = Arc::into_inner(packed) {
                pool.give_back(packed.buffer);
            }
        }
        let values = self.values.as_mut();
        while recording.nodes.len() > len {
            let Some(node) = recording.nodes.pop() else {
                break;
            };
            for &parent in &recording.edges[node.parents.clone()] {
                recording.nodes[parent].uses -= 1;
            }
            // To where they begin, so that what a refused operation has left behind goes too.
            if !node.parents.is_empty() {
                recording.edges.truncate(node.parents.start);
            }
            if !node.integers.is_empty() {
                recording.integers.truncate(node.integers.start);
            }
            if node.place.owner != recording.nodes.len() {
                continue; // a view
            }
            let Some(value) = values.pop() else { break };
            debug_assert_eq!(node.place.buffer, values.len());
            // What came from outside goes back there: the pool would grow with every pass.
            if !node.parents.is_empty() || node.op.name() == Leaf::POOLED {
                pool.give_back(value);
            }
        }
        self.scope.set(0);
        self.time.set(None);
    }
}
