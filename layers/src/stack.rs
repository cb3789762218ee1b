//! [`Stack`]: recurrent layers on top of each other.

use std::fmt;
use std::sync::Arc;

use autograd::{Scalar, Var};

use crate::{Bound, Carried, Cell, Projection, State, check, unroll};

/// Recurrent layers on top of each other: the outputs of one are the inputs of the next.
pub struct Stack<T = f32> {
    /// The layers, the one that sees the input first.
    pub cells: Vec<Arc<dyn Cell<T> + Send + Sync>>,
}

impl<T> Clone for Stack<T> {
    fn clone(&self) -> Self {
        let cells = self.cells.clone();
        Stack { cells }
    }
}

impl<T: Scalar> fmt::Debug for Stack<T> {
    /// The layers with their sizes: `Stack(lstm1: 65 -> 128, lstm2: 128 -> 128)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stack({})", self.sizes())
    }
}

impl<T: Scalar> Stack<T> {
    /// "lstm1: 65 -> 128, lstm2: 128 -> 128"
    pub(crate) fn sizes(&self) -> String {
        let layer = |cell: &Arc<dyn Cell<T> + Send + Sync>| {
            let sizes = format!("{} -> {}", cell.input_size(), cell.hidden_size());
            check::place(&cell.weights().name, &sizes)
        };
        let layers = self.cells.iter().map(layer).collect::<Vec<_>>();
        layers.join(", ")
    }

    /// The layer that sees the input.
    #[track_caller]
    pub(crate) fn first(&self) -> &dyn Cell<T> {
        let first = self.cells.first();
        match first {
            Some(cell) => cell.as_ref(),
            None => panic!("a stack of no layers"),
        }
    }

    /// Every layer's state before the first step.
    ///
    /// # Panics
    /// If the mini-batch has no rows, or the parameters are of another set.
    #[track_caller]
    pub fn initial_states<'t>(&self, p: &Bound<'t, T>, batch: usize) -> Vec<State<'t, T>> {
        let mut states = Vec::with_capacity(self.cells.len());
        for cell in &self.cells {
            check::start(cell.as_ref(), p, batch);
            states.push(cell.initial_state(p, batch));
        }
        states
    }

    /// Zeros for every layer, to be carried from pass to pass.
    ///
    /// # Panics
    /// If the mini-batch has no rows.
    #[track_caller]
    pub fn zeros(&self, batch: usize) -> Vec<Carried<T>> {
        check::batch(batch);
        let cells = self.cells.iter();
        cells
            .map(|c| Carried::zeros(batch, c.hidden_size(), c.has_cell_state()))
            .collect()
    }

    /// Unrolls all layers, from z_x of the first (see [`Cell::project`]) and the layers' states.
    /// Between two layers the stacked outputs `[T*B, H]` go through `between`, such as a dropout.
    /// Gives the last layer's stacked outputs and all final states.
    ///
    /// # Panics
    /// If there are no layers or no steps, the states are not one for each layer, the rows of `zx`
    /// are no multiple of `batch`, a shape does not fit, or the parameters are of another set.
    #[track_caller]
    pub fn run<'t, 's>(
        &self,
        p: &Bound<'t, T>,
        zx: impl Into<Projection<'t, 's, T>>,
        batch: usize,
        states: &[State<'t, T>],
        mut between: impl FnMut(Var<'t, T>) -> Var<'t, T>,
    ) -> (Var<'t, T>, Vec<State<'t, T>>) {
        let (layers, given) = (self.cells.len(), states.len());
        assert!(layers > 0, "a stack of no layers");
        assert!(layers == given, "{given} states for {layers} layers");
        let mut finals = Vec::with_capacity(layers);
        let mut zx = zx.into();
        assert!(zx.steps(batch) > 0, "a sequence of no steps");
        let mut outputs = None;
        for (cell, &state) in self.cells.iter().zip(states) {
            if let Some(h) = outputs {
                let x = between(h);
                check::input(cell.as_ref(), p, x);
                zx = cell.project(p, x).into();
            }
            let unrolled = unroll(cell.as_ref(), p, zx, batch, state);
            finals.push(unrolled.state);
            let _scope = cell.weights().scope(p.tape());
            outputs = Some(unrolled.stacked());
        }
        (outputs.expect("a layer has been unrolled"), finals)
    }
}
