//! [`TapeStats`]: what a tape has in memory.

use std::fmt;
use std::mem::size_of;
use std::sync::Arc;

use super::{StoredOperation, Tape};
use crate::store::around;
use crate::{Matrix, Scalar};

/// What a tape has had to allocate so far, and what is in that now.
///
/// ```
/// use autograd::{Matrix, Tape};
/// let tape = Tape::<f32>::new();
/// let x = tape.var(Matrix::zeros(100, 100));
/// let y = x.tanh().rows(0..50);
/// let bytes = tape.stats().bytes;
/// assert_eq!((bytes.lent, bytes.values, bytes.viewed), (40_000, 40_960, 20_000));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TapeStats {
    /// Buffers that had to be allocated.
    pub allocated: usize,
    /// The elements these have room for, together.
    pub elements: usize,
    /// Requests that a recycled buffer answered.
    pub recycled: usize,
    /// The memory there is.
    pub bytes: TapeBytes,
}

/// The bytes of a tape, by what they are for. Buffers are a quarter larger than what is in them at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TapeBytes {
    /// Buffers with the values of nodes.
    pub values: usize,
    /// Buffers with gradients, and with what a sweep has still to add to them.
    pub gradients: usize,
    /// Weights laid out for products.
    pub layouts: usize,
    /// Buffers that wait to be used again.
    pub free: usize,
    /// What is left between buffers and behind them.
    pub unused: usize,
    /// The nodes: places, names, operations and their operands, and handles to all buffers.
    pub nodes: usize,
    /// The tapes that functions are recomputed on, and states kept for that.
    pub recomputation: usize,
    /// Matrices from outside, such as parameters: whoever lent them may have them too. In no sum.
    pub lent: usize,
    /// What views would take if they were copies. In no sum, as they share what is counted above.
    pub viewed: usize,
}

impl TapeBytes {
    /// All that is the tape's own.
    pub fn total(&self) -> usize {
        let buffers = self.values + self.gradients + self.layouts + self.free;
        buffers + self.unused + self.nodes + self.recomputation
    }

    /// The most bytes that a tape may have, the unused among them, for buffers of so many together. From one megabyte
    /// on it takes memory by pages of two.
    ///
    /// ```
    /// use autograd::TapeBytes;
    /// assert!(TapeBytes::most_around(100_000) < 122_000);
    /// assert!(TapeBytes::most_around(100_000_000) < 123_000_000);
    /// ```
    pub fn most_around(buffers: usize) -> usize {
        around(buffers)
    }
}

impl<T: Scalar> Tape<T> {
    /// What this tape has had to allocate so far, and what is in that now. Takes time for each node.
    pub fn stats(&self) -> TapeStats {
        let pool = self.store.pool();
        let header = 2 * size_of::<usize>() + size_of::<Matrix<T>>(); // of what an Arc points to
        let bytes = |elements: usize| elements * size_of::<T>();
        let mut here = TapeBytes {
            layouts: bytes(self.store.packed_elements()),
            free: bytes(pool.free),
            unused: pool.regions - bytes(pool.elements),
            nodes: pool.allocated * header + pool.handles + self.list_bytes(),
            recomputation: self.recomputation_bytes(),
            ..TapeBytes::default()
        };
        let recording = self.recording();
        for (index, node) in recording.nodes.iter().enumerate() {
            let elements = node.place.shape.len();
            match (recording.is_view(index), node.is_pooled) {
                (true, _) => here.viewed += bytes(elements),
                (false, true) => here.values += bytes(self.store.capacity(node.place)),
                (false, false) => here.lent += bytes(elements),
            }
        }
        let others = here.values + here.layouts + here.free;
        here.gradients = bytes(pool.elements).saturating_sub(others);
        TapeStats {
            allocated: pool.allocated,
            elements: pool.elements,
            recycled: pool.recycled,
            bytes: here,
        }
    }

    /// The stats of the tape that functions are recomputed on, if there have been any; see
    /// [`Tape::recompute`]. Nor are there while one is being computed.
    pub fn recomputation(&self) -> Option<TapeStats> {
        // A function may well ask this of its tape while it is computed there.
        let inner = self.inner.get()?.try_lock().ok()?;
        Some(inner.stats())
    }

    /// Of all that there is one of for each node.
    fn list_bytes(&self) -> usize {
        let account = self.account.take();
        let of_sweep = account.list_bytes();
        self.account.set(account);
        self.recording().list_bytes()
            + self.operations().capacity() * size_of::<StoredOperation<T>>()
            + self.store.len() * size_of::<Arc<Matrix<T>>>()
            + of_sweep
    }

    fn recomputation_bytes(&self) -> usize {
        let kept: usize = self.operations().iter().map(|op| op.kept_bytes()).sum();
        kept + self.recomputation().map_or(0, |inner| inner.bytes.total())
    }
}

impl fmt::Display for TapeStats {
    /// `37 buffers, used again 120 times; 5.1 kB: values 1.2 kB, gradients 0 B, …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TapeStats {
            allocated,
            recycled,
            bytes,
            ..
        } = self;
        write!(
            f,
            "{allocated} buffers, used again {recycled} times; {bytes}"
        )
    }
}

impl fmt::Display for TapeBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: values {}, gradients {}, layouts {}, free {}, unused {}, nodes {}, recomputation {}; lent {}, viewed {}",
            Amount(self.total()),
            Amount(self.values),
            Amount(self.gradients),
            Amount(self.layouts),
            Amount(self.free),
            Amount(self.unused),
            Amount(self.nodes),
            Amount(self.recomputation),
            Amount(self.lent),
            Amount(self.viewed),
        )
    }
}

/// Bytes, in the unit that suits them.
struct Amount(usize);

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
        let bytes = self.0 as f64;
        match units.iter().find(|(size, _)| bytes >= *size) {
            Some((size, unit)) => write!(f, "{:.1} {unit}", bytes / size),
            None => write!(f, "{bytes} B"),
        }
    }
}
