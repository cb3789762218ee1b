//! Forgetting what has been recorded, and keeping its buffers.

use super::Tape;
use crate::Scalar;

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
        self.store.forget_packed(len);
        let recording = self.recording.get_mut();
        let mut index = recording.nodes.len();
        for node in recording.truncate(len) {
            index -= 1;
            if let Some(operation) = node.operation {
                self.operations.get_mut().truncate(operation as usize);
            }
            if node.place.owner != index {
                continue; // a view
            }
            // What came from outside goes back there: the pool would grow with every pass.
            if let Some(value) = self.store.pop()
                && node.is_pooled
            {
                self.store.give_back(value);
            }
        }
        self.store.end_pass();
        recording.names.leave_all();
    }
}
