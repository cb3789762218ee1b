//! [`unroll`]: the one loop over time.

use std::fmt;

use autograd::{Scalar, Var};

use crate::{Bound, Cell, Projection, State, check};

/// A cell, repeated over the steps of a sequence.
pub struct Unrolled<'t, T = f32> {
    /// The hidden state after every step: T of `[B, H]`.
    pub outputs: Vec<Var<'t, T>>,
    /// The state after the last step, or the initial one if there are no steps.
    pub state: State<'t, T>,
}

impl<'t, T: Scalar> Unrolled<'t, T> {
    /// The outputs of all steps as one matrix `[T*B, H]`.
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
        unrolled.field("outputs", &format_args!("{steps} of {shape}"));
        unrolled.field("state", &self.state).finish()
    }
}

/// Repeats a cell over the steps of a sequence, from z_x of all steps (see [`Cell::project`] and
/// [`Cell::project_symbols`]) and the state before the first.
///
/// The nodes of step t carry t as their time and the layer's name as their scope.
///
/// # Panics
/// If the rows of `zx` are no multiple of `batch`, or a shape does not fit; if `zx` or the state is
/// of another tape than the parameters, or these are of another set.
#[track_caller]
pub fn unroll<'t, 's, T: Scalar>(
    cell: &dyn Cell<T>,
    p: &Bound<'t, T>,
    zx: impl Into<Projection<'t, 's, T>>,
    batch: usize,
    state: State<'t, T>,
) -> Unrolled<'t, T> {
    unroll_from(0, Direction::Forward, cell, p, zx, batch, state)
}

/// The order in which a sequence is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the first step to the last.
    Forward,
    /// From the last step to the first: the state at step t has seen the steps from t on.
    Backward,
}

/// [`unroll`] in either direction, of a sequence that begins at step `first`: z_x has its steps, and
/// step k of them carries first + k as its time, whichever way they are read. So a text in several
/// stretches has one time throughout, and what a layer that reads backwards says of a step is of that
/// step: `outputs` are in the order of time, and `state` is the one after the step that was read last.
///
/// Two directions of a layer need a [timeline](autograd::Tape::timeline) each, to be told apart.
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
    batch: usize,
    mut state: State<'t, T>,
) -> Unrolled<'t, T> {
    let (zx, tape) = (zx.into(), p.tape());
    let steps = zx.steps(batch);
    check::unrolled(cell, p, zx, batch, state);
    let _scope = cell.weights().scope(tape);
    let step = |k| {
        let _step = tape.step(first + k);
        state = cell.step(p, zx.step(k, batch), state);
        state.h
    };
    let outputs = match direction {
        Direction::Forward => (0..steps).map(step).collect(),
        Direction::Backward => {
            let mut outputs: Vec<_> = (0..steps).rev().map(step).collect();
            outputs.reverse();
            outputs
        }
    };
    Unrolled { outputs, state }
}
