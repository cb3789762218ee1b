//! [`Carried`]: a state between two tapes.

use std::fmt;

use autograd::{Matrix, Scalar, Tape};

use crate::State;

/// The values of a layer's [`State`], carried from one pass to the next: the end of one stretch of
/// a long text is the beginning of the next, in truncated backpropagation through time.
#[derive(Clone, PartialEq)]
pub struct Carried<T: Scalar = f32> {
    /// The hidden state: `[B, H]`.
    pub h: Matrix<T>,
    /// The cell state of an LSTM: `[B, H]`.
    pub c: Option<Matrix<T>>,
}

impl<T: Scalar> Carried<T> {
    /// Zeros, with a cell state or without.
    ///
    /// # Panics
    /// If there are no rows, or no hidden units.
    #[track_caller]
    pub fn zeros(batch: usize, hidden: usize, cell_state: bool) -> Self {
        let h = Matrix::zeros(batch, hidden);
        let c = cell_state.then(|| h.clone());
        Carried { h, c }
    }

    /// Begins again at zero, without an allocation.
    pub fn reset(&mut self) {
        for m in [Some(&mut self.h), self.c.as_mut()].into_iter().flatten() {
            m.data_mut().fill(T::ZERO);
        }
    }

    /// These values as constants of a tape.
    #[must_use]
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
        let pairs = [
            (Some(&mut self.h), Some(state.h)),
            (self.c.as_mut(), state.c),
        ];
        for (to, from) in pairs {
            match (to, from) {
                (Some(to), Some(from)) => {
                    let (shape, found) = (to.shape(), from.shape());
                    assert!(
                        shape == found,
                        "the state {} {found} for a carried one of {shape}",
                        from.info().label()
                    );
                    to.view_mut().copy_from(from.value());
                }
                (None, None) => {}
                (Some(_), None) => panic!("a state without c for a carried one with it"),
                (None, Some(_)) => panic!("a state with c for a carried one without it"),
            }
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

impl<T: Scalar> fmt::Debug for Carried<T> {
    /// Shapes, and elements as far as [`Matrix`] prints them with `{}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut carried = f.debug_struct("Carried");
        for (name, m) in [("h", Some(&self.h)), ("c", self.c.as_ref())] {
            if let Some(m) = m {
                carried.field(name, &format_args!("{} {m}", m.shape()));
            }
        }
        carried.finish()
    }
}
