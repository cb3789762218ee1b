//! [`Carried`]: a state between two tapes.

use autograd::{Matrix, Scalar, Tape};

use crate::State;

/// The values of a layer's [`State`], carried from one pass to the next: the end of one stretch of
/// a long text is the beginning of the next, in truncated backpropagation through time.
#[derive(Clone, Debug, PartialEq)]
pub struct Carried<T: Scalar = f32> {
    /// The hidden state: `[B, H]`.
    pub h: Matrix<T>,
    /// The cell state of an LSTM: `[B, H]`.
    pub c: Option<Matrix<T>>,
}

impl<T: Scalar> Carried<T> {
    /// Zeros, with a cell state or without.
    pub fn zeros(batch: usize, hidden: usize, cell_state: bool) -> Self {
        let zeros = || Matrix::zeros(batch, hidden);
        Carried {
            h: zeros(),
            c: cell_state.then(zeros),
        }
    }

    /// Begins again at zero, without an allocation.
    pub fn reset(&mut self) {
        for m in [Some(&mut self.h), self.c.as_mut()].into_iter().flatten() {
            m.data_mut().fill(T::ZERO);
        }
    }

    /// These values as constants of a tape.
    pub fn on<'t>(&self, tape: &'t Tape<T>) -> State<'t, T> {
        let constant = |m: &Matrix<T>, name| {
            let copy = |to: &mut Matrix<T>| to.data_mut().copy_from_slice(m.data());
            tape.constant_with(m.row_count(), m.col_count(), copy)
                .named(name)
        };
        State {
            h: constant(&self.h, "h"),
            c: self.c.as_ref().map(|c| constant(c, "c")),
        }
    }

    /// Takes the values of a state, without an allocation.
    ///
    /// # Panics
    /// If the state has another shape, or a cell state where this has none or the reverse.
    #[track_caller]
    pub fn store(&mut self, state: &State<'_, T>) {
        self.h.view_mut().copy_from(state.h.value());
        match (&mut self.c, state.c) {
            (Some(to), Some(from)) => to.view_mut().copy_from(from.value()),
            (None, None) => {}
            _ => panic!("a cell state on one side only"),
        }
    }

    /// Takes the values of the states of all layers.
    ///
    /// # Panics
    /// If there are more or fewer, or one does not fit.
    #[track_caller]
    pub fn store_all(layers: &mut [Self], states: &[State<'_, T>]) {
        let (ours, theirs) = (layers.len(), states.len());
        assert!(ours == theirs, "{theirs} states for {ours} layers");
        for (to, from) in layers.iter_mut().zip(states) {
            to.store(from);
        }
    }
}
