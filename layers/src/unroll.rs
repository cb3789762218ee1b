//! [`unroll`]: the one loop over time.

use std::fmt;

use autograd::{Scalar, Var};

use crate::{Bound, Cell, IntoLengths, Lengths, Projection, State, check};

/// A cell, repeated over the steps of the sequences of a mini-batch.
pub struct Unrolled<'t, T = f32> {
    /// The hidden state after every step, `[B_t, H]` for the samples that have it.
    pub outputs: Vec<Var<'t, T>>,
    /// The state after the step that each sample read last, in the order of the samples; the initial one
    /// if there are no steps.
    pub state: State<'t, T>,
    /// How long the sequences are.
    pub lengths: Lengths,
}

impl<'t, T: Scalar> Unrolled<'t, T> {
    /// The outputs of all steps as one matrix `[Σ_t B_t, H]`.
    ///
    /// # Panics
    /// If there are no steps.
    #[track_caller]
    pub fn stacked(&self) -> Var<'t, T> {
        assert!(
            !self.outputs.is_empty(),
            "a sequence of no steps has no outputs"
        );
        Var::concat_rows(&self.outputs).named("h")
    }
}

impl<T: Scalar> fmt::Debug for Unrolled<'_, T> {
    /// `Unrolled { outputs: 5 of [4, 8], state: State { h: lstm1/h.4 [4, 8] } }`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (steps, shape) = (self.outputs.len(), self.state.h.shape());
        let mut unrolled = f.debug_struct("Unrolled");
        match self.lengths.are_equal() {
            true => unrolled.field("outputs", &format_args!("{steps} of {shape}")),
            false => unrolled.field("outputs", &self.lengths),
        };
        unrolled.field("state", &self.state).finish()
    }
}

/// Repeats a cell over the steps of the sequences of a mini-batch, from z_x of all steps (see
/// [`Cell::project`] and [`Cell::project_symbols`]) and the state before the first. `lengths` is the
/// number of samples if all have as many steps, else [`Lengths`].
///
/// The nodes of step t carry t as their time and the layer's name as their scope.
///
/// # Panics
/// If the rows of `zx` are not those of the lengths, or a shape does not fit; if `zx` or the state is
/// of another tape than the parameters, or these are of another set.
#[track_caller]
pub fn unroll<'t, 's, T: Scalar>(
    cell: &dyn Cell<T>,
    p: &Bound<'t, T>,
    zx: impl Into<Projection<'t, 's, T>>,
    lengths: impl IntoLengths,
    state: State<'t, T>,
) -> Unrolled<'t, T> {
    unroll_from(0, Direction::Forward, cell, p, zx, lengths, state)
}

/// The order in which a sequence is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the first step to the last.
    Forward,
    /// From the last step to the first: the state at step t has seen the steps from t on.
    Backward,
}

/// [`unroll`] in either direction, of sequences that begin at step `first`: z_x has their steps, and
/// step k of them carries first + k as its time, whichever way they are read. So a text in several
/// stretches has one time throughout, and what a layer that reads backwards says of a step is of that
/// step: `outputs` are in the order of time, and `state` is the one after the step that was read last.
///
/// The samples of a step lie longest first (see [`Lengths`]). Read forward, those that go on are the
/// first rows of the state; read backward, those that begin join below.
///
/// # Panics
/// As [`unroll`].
#[track_caller]
pub fn unroll_from<'t, 's, T: Scalar>(
    first: usize,
    direction: Direction,
    cell: &dyn Cell<T>,
    p: &Bound<'t, T>,
    zx: impl Into<Projection<'t, 's, T>>,
    lengths: impl IntoLengths,
    state: State<'t, T>,
) -> Unrolled<'t, T> {
    let (zx, tape) = (zx.into(), p.tape());
    let lengths = zx.lengths(lengths);
    check::unrolled(cell, p, zx, lengths.samples(), state);
    let _scope = cell.weights().scope(tape);
    let p = &cell.begin(p, lengths.samples());
    let (order, steps) = (lengths.order(), lengths.steps());
    let start = order.map_or(state, |(samples, _)| state.gather_rows(samples));
    let read_first = match direction {
        Direction::Forward => 0,
        Direction::Backward => steps.saturating_sub(1),
    };
    let mut running = Running {
        state: match steps {
            0 => start,
            _ => start.rows(0..lengths.rows(read_first).len()),
        },
        start,
        ended: Vec::new(),
    };
    let step = |t: usize| {
        let _step = tape.step(first + t);
        let rows = lengths.rows(t);
        running.state = cell.step(p, zx.rows(rows.clone()), running.resized(rows.len()));
        running.state.h
    };
    let outputs = match direction {
        Direction::Forward => (0..steps).map(step).collect(),
        Direction::Backward => {
            let mut outputs: Vec<_> = (0..steps).rev().map(step).collect();
            outputs.reverse();
            outputs
        }
    };
    let last = running.last();
    let state = order.map_or(last, |(_, places)| last.gather_rows(places));
    Unrolled {
        outputs,
        state,
        lengths,
    }
}

/// The state of the samples that are being read, the longest first.
struct Running<'t, T> {
    /// That of all samples before their first steps.
    start: State<'t, T>,
    state: State<'t, T>,
    /// The last states of those that have ended, the shortest first.
    ended: Vec<State<'t, T>>,
}

impl<'t, T: Scalar> Running<'t, T> {
    /// The state before a step that so many samples have.
    fn resized(&mut self, size: usize) -> State<'t, T> {
        let before = self.state.row_count();
        if size < before {
            self.ended.push(self.state.rows(size..before));
            self.state.rows(0..size)
        } else if size > before {
            State::concat_rows(&[self.state, self.start.rows(before..size)])
        } else {
            self.state
        }
    }

    /// The last state of every sample.
    fn last(mut self) -> State<'t, T> {
        if self.ended.is_empty() {
            return self.state;
        }
        self.ended.push(self.state);
        self.ended.reverse();
        State::concat_rows(&self.ended).named()
    }
}
