//! [`Source`]: where mini-batches come from.

use autograd::{Matrix, Scalar};

use crate::StateError;

/// Where the mini-batches of an epoch come from: [`Samples`](crate::Samples) of a dataset, the
/// [`Streams`](crate::Streams) of a long text, or your own.
pub trait Source<T: Scalar> {
    /// A part of a mini-batch, which a thread has for itself.
    type Part: Send;

    /// Begins an epoch, counted from 1: always the same one for that number. Gives the number of mini-batches.
    fn begin(&mut self, epoch: u64) -> usize;

    /// The parts of a mini-batch of this epoch.
    fn parts(&mut self, batch: usize) -> &mut [Self::Part];

    /// How many elements the mean loss of a part is over. The loss of the mini-batch is the mean over the
    /// elements of all parts.
    fn weight(part: &Self::Part) -> f64;

    /// The rows that this epoch's mini-batches have together, and how many they would have if all samples of
    /// one were padded to its longest: where that is known.
    fn rows(&self) -> Option<(usize, usize)> {
        None
    }

    /// Each sample of a mini-batch alone, with its index: to find the one that is to blame for a loss of NaN.
    fn alone(&mut self, batch: usize) -> Vec<(usize, Self::Part)> {
        let _ = batch;
        Vec::new()
    }

    /// What each part carries from one mini-batch to the next, to go on in the middle of an epoch: tensors, by names that
    /// no other part has. None, if nothing is carried.
    fn state(&self) -> Vec<Vec<(String, Matrix<T>)>> {
        Vec::new()
    }

    /// Goes on from what [`Source::state`] gave, of all parts; there may be other tensors too.
    ///
    /// # Errors
    /// If something is missing, or of another shape.
    fn load_state(&mut self, tensors: &[(String, Matrix<T>)]) -> Result<(), StateError> {
        let _ = tensors;
        Ok(())
    }
}
