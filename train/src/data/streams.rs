//! [`Streams`]: a long text in stretches, for truncated backpropagation through time.

use std::fmt;
use std::ops::Range;

use autograd::{Matrix, Scalar};
use layers::Carried;

use crate::optimizer::find;
use crate::{Source, StateError, Windows};

/// The [`Windows`] of a text as mini-batches: the state is carried from one to the next, and begins as zeros in
/// every epoch.
///
/// ```
/// use train::prelude::*;
/// use train::{Source, Streams};
///
/// let mut set = ParameterSet::<f32>::new();
/// let mut rng = ChaCha8Rng::seed_from_u64(1);
/// let model = CharModel::new(&mut set, CellKind::Lstm, 3, 16, 1, &mut rng);
/// let windows = Windows::new("abcab".repeat(40).bytes().map(|b| (b - b'a') as usize).collect(), 4, 10)?;
/// let mut streams = Streams::new(windows, 2, |count| model.zeros(count));
/// assert_eq!(streams.begin(1), 4);
/// assert_eq!(streams.parts(0)[1].streams(), 2);
/// # Ok::<(), train::BatchError>(())
/// ```
pub struct Streams<T: Scalar = f32> {
    windows: Windows,
    stretches: Vec<Stretch<T>>,
}

/// A stretch of some streams: their symbols in a window, and the states before it.
#[derive(Clone, Debug)]
pub struct Stretch<T: Scalar = f32> {
    of: Range<usize>,
    /// The symbols that are read, `[T*B]`, those of the first step of all streams first.
    pub inputs: Vec<usize>,
    /// The symbol after each.
    pub targets: Vec<usize>,
    /// The states before the first step. Whoever reads the stretch stores those after the last here.
    pub carried: Vec<Carried<T>>,
}

impl<T: Scalar> Stretch<T> {
    /// The number of streams.
    pub fn streams(&self) -> usize {
        self.of.len()
    }
}

impl<T: Scalar> Streams<T> {
    /// The windows, with their streams in so many parts, one for each thread; fewer if there are fewer streams.
    /// `zeros` makes the states of so many streams.
    ///
    /// # Panics
    /// If there are to be no parts.
    #[track_caller]
    pub fn new(windows: Windows, parts: usize, zeros: impl Fn(usize) -> Vec<Carried<T>>) -> Self {
        assert!(parts > 0, "streams in no parts");
        let streams = windows.streams();
        let parts = parts.min(streams);
        let stretch = |i| {
            let of = i * streams / parts..(i + 1) * streams / parts;
            Stretch {
                inputs: Vec::new(),
                targets: Vec::new(),
                carried: zeros(of.len()),
                of,
            }
        };
        Streams {
            windows,
            stretches: (0..parts).map(stretch).collect(),
        }
    }

    /// The windows.
    pub fn windows(&self) -> &Windows {
        &self.windows
    }
}

impl<T: Scalar> Source<T> for Streams<T> {
    type Part = Stretch<T>;

    fn begin(&mut self, _epoch: u64) -> usize {
        let carried = self.stretches.iter_mut().flat_map(|s| &mut s.carried);
        carried.for_each(Carried::reset);
        self.windows.len()
    }

    fn parts(&mut self, batch: usize) -> &mut [Stretch<T>] {
        for stretch in &mut self.stretches {
            let Stretch {
                of,
                inputs,
                targets,
                ..
            } = stretch;
            self.windows
                .fill_streams(batch, of.clone(), inputs, targets);
        }
        &mut self.stretches
    }

    fn weight(stretch: &Stretch<T>) -> f64 {
        stretch.inputs.len() as f64
    }

    fn state(&self) -> Vec<(String, Matrix<T>)> {
        let mut tensors = Vec::new();
        for (part, stretch) in self.stretches.iter().enumerate() {
            for (layer, state) in stretch.carried.iter().enumerate() {
                tensors.push((name(part, layer, 'h'), state.h.clone()));
                tensors.extend(
                    state
                        .c
                        .as_ref()
                        .map(|c| (name(part, layer, 'c'), c.clone())),
                );
            }
        }
        tensors
    }

    fn load_state(&mut self, tensors: &[(String, Matrix<T>)]) -> Result<(), StateError> {
        let mut stretches = self.stretches.clone();
        for (part, stretch) in stretches.iter_mut().enumerate() {
            for (layer, state) in stretch.carried.iter_mut().enumerate() {
                let load = |letter, m: &mut Matrix<T>| {
                    *m = find(tensors, &name(part, layer, letter), m.shape())?.clone();
                    Ok(())
                };
                load('h', &mut state.h)?;
                state.c.as_mut().map_or(Ok(()), |c| load('c', c))?;
            }
        }
        self.stretches = stretches;
        Ok(())
    }
}

/// "carried.0.1.h": of part 0, layer 1.
fn name(part: usize, layer: usize, letter: char) -> String {
    format!("carried.{part}.{layer}.{letter}")
}

impl<T: Scalar> fmt::Debug for Streams<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams")
            .field("windows", &self.windows)
            .field("parts", &self.stretches.len())
            .finish()
    }
}
