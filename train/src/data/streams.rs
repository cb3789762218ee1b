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
///
/// A step of the training is made for every window, of k₁ steps; its gradients go back over those steps, or, see
/// [`Streams::reaching_back`], over k₂ of them (Williams and Peng 1990, *An efficient gradient-based algorithm for
/// on-line training of recurrent network trajectories*, who call this BPTT(k₂; k₁)).
pub struct Streams<T: Scalar = f32> {
    windows: Windows,
    reach: usize,
    stretches: Vec<Stretch<T>>,
}

/// A stretch of some streams: their symbols in a window, and the states before it.
#[derive(Clone, Debug)]
pub struct Stretch<T: Scalar = f32> {
    of: Range<usize>,
    /// The symbols that are read, `[T*B]`, those of the first step of all streams first.
    pub inputs: Vec<usize>,
    /// The symbol after each of the last window, which is all of it unless gradients reach farther back.
    pub targets: Vec<usize>,
    /// The states before the first step. Whoever reads the stretch stores those after the last here.
    pub carried: Vec<Carried<T>>,
    /// The states after the windows before, as far back as gradients reach, the oldest first.
    past: Vec<Vec<Carried<T>>>,
}

impl<T: Scalar> Stretch<T> {
    /// The number of streams.
    pub fn streams(&self) -> usize {
        self.of.len()
    }

    /// The rows of the inputs that have targets: those of the last window.
    pub fn rows(&self) -> Range<usize> {
        self.inputs.len() - self.targets.len()..self.inputs.len()
    }

    /// Goes back to the states from which the window `batch` is read, which are those after the one `reach`
    /// windows before it.
    fn rewind(&mut self, batch: usize, reach: usize) {
        if reach == 1 || batch == 0 {
            return; // they are where the last window has left them
        }
        self.past.push(self.carried.clone());
        match self.past.len() < reach {
            true => self.carried.iter_mut().for_each(Carried::reset),
            false => self.carried = self.past.remove(0),
        }
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
                past: Vec::new(),
                of,
            }
        };
        Streams {
            windows,
            reach: 1,
            stretches: (0..parts).map(stretch).collect(),
        }
    }

    /// Gradients go back over so many windows, so that k₂ is so many times k₁: the windows before the one whose
    /// targets count are read again with it, from the states before them. The loss is that of
    /// [`Stretch::rows`].
    ///
    /// # Panics
    /// If it is 0.
    #[must_use]
    #[track_caller]
    pub fn reaching_back(self, windows: usize) -> Self {
        assert!(windows > 0, "gradients that go back over no window");
        Streams {
            reach: windows,
            ..self
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
        for stretch in &mut self.stretches {
            stretch.carried.iter_mut().for_each(Carried::reset);
            stretch.past.clear();
        }
        self.windows.len()
    }

    fn parts(&mut self, batch: usize) -> &mut [Stretch<T>] {
        for stretch in &mut self.stretches {
            stretch.rewind(batch, self.reach);
            let (of, targets) = (stretch.of.clone(), &mut stretch.targets);
            stretch.inputs.clear();
            let mut inputs = Vec::new();
            for window in (batch + 1).saturating_sub(self.reach)..=batch {
                self.windows
                    .fill_streams(window, of.clone(), &mut inputs, targets);
                stretch.inputs.append(&mut inputs);
            }
        }
        &mut self.stretches
    }

    fn weight(stretch: &Stretch<T>) -> f64 {
        stretch.targets.len() as f64
    }

    fn state(&self) -> Vec<Vec<(String, Matrix<T>)>> {
        let of_part = |(part, stretch): (usize, &Stretch<T>)| {
            let mut tensors = Vec::new();
            let states = stretch.past.iter().chain([&stretch.carried]).rev();
            for (ago, states) in states.enumerate() {
                for (layer, state) in states.iter().enumerate() {
                    let name = |letter| name(part, ago, layer, letter);
                    tensors.push((name('h'), state.h.clone()));
                    tensors.extend(state.c.as_ref().map(|c| (name('c'), c.clone())));
                }
            }
            tensors
        };
        self.stretches.iter().enumerate().map(of_part).collect()
    }

    fn load_state(&mut self, tensors: &[(String, Matrix<T>)]) -> Result<(), StateError> {
        let mut stretches = self.stretches.clone();
        for (part, stretch) in stretches.iter_mut().enumerate() {
            let load = |ago| {
                let mut states = stretch.carried.clone();
                for (layer, state) in states.iter_mut().enumerate() {
                    let load = |letter, m: &mut Matrix<T>| {
                        *m = find(tensors, &name(part, ago, layer, letter), m.shape())?.clone();
                        Ok(())
                    };
                    load('h', &mut state.h)?;
                    state.c.as_mut().map_or(Ok(()), |c| load('c', c))?;
                }
                Ok(states)
            };
            let is_there =
                |ago: &usize| tensors.iter().any(|(n, _)| *n == name(part, *ago, 0, 'h'));
            let past = (1..self.reach).take_while(is_there).map(load);
            let mut past = past.collect::<Result<Vec<_>, StateError>>()?;
            past.reverse();
            (stretch.carried, stretch.past) = (load(0)?, past);
        }
        self.stretches = stretches;
        Ok(())
    }
}

/// "carried.0.2.1.h": of part 0, two windows ago, layer 1.
fn name(part: usize, ago: usize, layer: usize, letter: char) -> String {
    format!("carried.{part}.{ago}.{layer}.{letter}")
}

impl<T: Scalar> fmt::Debug for Streams<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams")
            .field("windows", &self.windows)
            .field("parts", &self.stretches.len())
            .finish()
    }
}
