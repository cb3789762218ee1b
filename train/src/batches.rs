//! [`Windows`]: a long sequence as mini-batches for truncated BPTT.

use std::fmt;
use std::ops::Range;

use thiserror::Error;

/// Batches that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BatchError {
    /// No streams, or no steps.
    #[error("a batch of {streams} streams and {steps} steps is empty")]
    NoElements {
        /// The rows of a batch.
        streams: usize,
        /// The steps of a window.
        steps: usize,
    },
    /// Too few symbols for one batch.
    #[error(
        "the text has {found} symbols, and one batch of {streams} streams and {steps} steps \
         needs at least {needed}{}",
        fitting(*found, *streams, *steps)
    )]
    TooShort {
        /// The symbols there are.
        found: usize,
        /// The symbols that are needed: streams · steps, and one more as the last target.
        needed: usize,
        /// The rows of a batch.
        streams: usize,
        /// The steps of a window.
        steps: usize,
    },
}

/// The most streams for these steps, and the most steps for these streams.
fn fitting(found: usize, streams: usize, steps: usize) -> String {
    let inputs = found.saturating_sub(1); // the last symbol is a target only
    let most = |other: usize| inputs.checked_div(other).filter(|&n| n > 0);
    let fewer_streams = most(steps).map(|n| format!("{n} x {steps}"));
    let fewer_steps = most(streams).map(|n| format!("{streams} x {n}"));
    let fitting = match (fewer_streams, fewer_steps) {
        (Some(a), Some(b)) => format!("{a} or {b}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) if inputs > 0 => format!("1 x {inputs}"),
        (None, None) => return String::new(),
    };
    format!("; of streams x steps, {fitting} would fit")
}

/// A sequence of symbols, cut in B contiguous streams that are read T steps at a time.
///
/// Window w + 1 goes on in every stream where window w ended, so the hidden state may be carried
/// over. The targets are the inputs shifted by one. What is left at the end of the sequence, fewer
/// than B·T + 1 symbols, is not used.
///
/// ```
/// use train::Windows;
/// let windows = Windows::new((0..9).collect(), 2, 2)?; // streams 0 1 2 3 | 4 5 6 7
/// let (mut inputs, mut targets) = (Vec::new(), Vec::new());
/// windows.fill(1, &mut inputs, &mut targets);
/// assert_eq!(inputs, [2, 6, 3, 7]); // step 0, then step 1
/// assert_eq!(targets, [3, 7, 4, 8]);
/// # Ok::<(), train::BatchError>(())
/// ```
#[derive(Clone)]
pub struct Windows {
    symbols: Vec<usize>,
    streams: usize,
    steps: usize,
    count: usize,
}

impl Windows {
    /// Cuts the symbols in `streams` (the B of a batch) that are read `steps` (T) at a time.
    ///
    /// # Errors
    /// If there are too few symbols for one batch.
    pub fn new(symbols: Vec<usize>, streams: usize, steps: usize) -> Result<Self, BatchError> {
        let size = streams.saturating_mul(steps);
        if size == 0 {
            return Err(BatchError::NoElements { streams, steps });
        }
        let found = symbols.len();
        let count = found.saturating_sub(1) / size;
        if count == 0 {
            let needed = size.saturating_add(1);
            return Err(BatchError::TooShort {
                found,
                needed,
                streams,
                steps,
            });
        }
        Ok(Windows {
            symbols,
            streams,
            steps,
            count,
        })
    }

    /// The number of windows: batches in one pass over the sequence.
    #[allow(clippy::len_without_is_empty)] // there is always one
    pub fn len(&self) -> usize {
        self.count
    }

    /// The number of streams: rows of a batch, B.
    pub fn streams(&self) -> usize {
        self.streams
    }

    /// The number of steps of a window, T.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The inputs and targets of a window, \[T·B\] with the streams of step 0 first. The vectors
    /// are cleared, and their allocations used again.
    ///
    /// # Panics
    /// If the window is not below [`Windows::len`].
    #[track_caller]
    pub fn fill(&self, window: usize, inputs: &mut Vec<usize>, targets: &mut Vec<usize>) {
        self.fill_streams(window, 0..self.streams, inputs, targets);
    }

    /// [`Windows::fill`] with some of the streams, as for a part of the mini-batch (see
    /// [`Trainer::step_in_parts`](crate::Trainer::step_in_parts)).
    ///
    /// # Panics
    /// If the window is not below [`Windows::len`], or a stream not below [`Windows::streams`].
    #[track_caller]
    pub fn fill_streams(
        &self,
        window: usize,
        streams: Range<usize>,
        inputs: &mut Vec<usize>,
        targets: &mut Vec<usize>,
    ) {
        let count = self.count;
        assert!(window < count, "window {window} of {count}");
        assert!(
            streams.end <= self.streams,
            "streams {streams:?} of {}",
            self.streams
        );
        let first = window * self.steps;
        self.read(first, streams.clone(), inputs);
        self.read(first + 1, streams, targets);
    }

    /// The T symbols of each stream from position `first` of it.
    fn read(&self, first: usize, streams: Range<usize>, into: &mut Vec<usize>) {
        let stream_len = self.count * self.steps;
        into.clear();
        for t in first..first + self.steps {
            let streams = streams.clone();
            into.extend(streams.map(|b| self.symbols[b * stream_len + t]));
        }
    }
}

impl fmt::Debug for Windows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Windows")
            .field("symbols", &self.symbols.len())
            .field("streams", &self.streams)
            .field("steps", &self.steps)
            .field("windows", &self.count)
            .finish()
    }
}

/// Holds out the last `fraction` of the symbols, often a tenth: (training, validation).
///
/// # Panics
/// If the fraction is not in 0..=1.
#[track_caller]
pub fn split(symbols: &[usize], fraction: f64) -> (&[usize], &[usize]) {
    assert!(
        (0.0..=1.0).contains(&fraction),
        "a fraction of {fraction} to hold out, which is not in 0..=1"
    );
    let held_out = (symbols.len() as f64 * fraction) as usize;
    symbols.split_at(symbols.len() - held_out)
}
