//! [`Stack`]: recurrent layers on top of each other.

use std::sync::Arc;

use autograd::{Scalar, Var};

use crate::{Bound, Carried, Cell, Projection, State, unroll};

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

impl<T: Scalar> Stack<T> {
    /// Every layer's state before the first step.
    pub fn initial_states<'t>(&self, p: &Bound<'t, T>, batch: usize) -> Vec<State<'t, T>> {
        let states = self.cells.iter().map(|c| c.initial_state(p, batch));
        states.collect()
    }

    /// Zeros for every layer, to be carried from pass to pass.
    pub fn zeros(&self, batch: usize) -> Vec<Carried<T>> {
        let cells = self.cells.iter();
        cells
            .map(|c| Carried::zeros(batch, c.hidden_size(), c.has_cell_state()))
            .collect()
    }

    /// Unrolls all layers, from z_x of the first (see [`Cell::project`]) and the layers' states. Between two layers the stacked outputs `[T*B, H]` go through `between`,
    /// such as a dropout. Gives the last layer's stacked outputs and all final states.
    ///
    /// # Panics
    /// If there are no layers or no steps, the states are not one for each layer, the rows of `zx`
    /// are no multiple of `batch`, or a shape does not fit.
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
        let mut outputs = None;
        for (cell, &state) in self.cells.iter().zip(states) {
            if let Some(h) = outputs {
                zx = cell.project(p, between(h)).into();
            }
            let unrolled = unroll(cell.as_ref(), p, zx, batch, state);
            finals.push(unrolled.state);
            let _scope = cell.weights().scope(p.tape());
            outputs = Some(unrolled.stacked());
        }
        (outputs.expect("a layer has been unrolled"), finals)
    }
}
