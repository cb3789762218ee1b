//! [`Weights`]: the parameters that all cells have.

use autograd::{Matrix, Scalar, Scope, Tape};
use rand::Rng;

use crate::check::place;
use crate::{Init, ParameterId, ParameterSet};

/// The parameters of a recurrent layer of H hidden units with G gates, the gates one below the
/// other in PyTorch's order.
#[derive(Clone, Debug)]
pub struct Weights {
    /// What the parameters' names begin with and the scope of the layer's nodes, "lstm1"; may be
    /// empty.
    pub name: String,
    /// The size of the input.
    pub input: usize,
    /// The number H of hidden units.
    pub hidden: usize,
    /// U, input to gates: `[G*H, input]`.
    pub u: ParameterId,
    /// W, hidden state to gates: `[G*H, H]`.
    pub w: ParameterId,
    /// b, the bias of the gates: `[1, G*H]`.
    pub b: ParameterId,
    /// The initial hidden state `[1, H]`, where it is learned.
    pub h0: Option<ParameterId>,
    /// The initial cell state `[1, H]`, where it is learned.
    pub c0: Option<ParameterId>,
}

impl Weights {
    /// Adds "name.U", "name.W" and "name.b", each drawn from U(-1/√H, 1/√H).
    ///
    /// # Panics
    /// If a name is taken, or a size is 0.
    #[track_caller]
    pub fn new<T: Scalar>(
        set: &mut ParameterSet<T>,
        name: &str,
        gates: usize,
        (input, hidden): (usize, usize),
        rng: &mut (impl Rng + ?Sized),
    ) -> Self {
        sizes(
            name,
            &[
                (gates, "gates"),
                (input, "inputs"),
                (hidden, "hidden units"),
            ],
        );
        let rows = gates * hidden;
        let mut draw = |r, c| Init::default_for(hidden).matrix(r, c, rng);
        Weights {
            name: name.into(),
            input,
            hidden,
            u: set.add_stacked(dotted(name, "U"), gates, draw(rows, input)),
            w: set.add_stacked(dotted(name, "W"), gates, draw(rows, hidden)),
            b: set.add(dotted(name, "b"), draw(1, rows)),
            h0: None,
            c0: None,
        }
    }

    /// Adds "name.h0" of zeros.
    ///
    /// # Panics
    /// If the name is taken.
    #[track_caller]
    pub fn learn_hidden_state<T: Scalar>(&mut self, set: &mut ParameterSet<T>) {
        self.h0 = Some(set.add(dotted(&self.name, "h0"), Matrix::zeros(1, self.hidden)));
    }

    /// Adds "name.c0" of zeros.
    ///
    /// # Panics
    /// If the name is taken.
    #[track_caller]
    pub fn learn_cell_state<T: Scalar>(&mut self, set: &mut ParameterSet<T>) {
        self.c0 = Some(set.add(dotted(&self.name, "c0"), Matrix::zeros(1, self.hidden)));
    }

    /// Starts the bias of a gate at `bias`.
    #[track_caller]
    pub(crate) fn set_bias<T: Scalar>(&self, set: &mut ParameterSet<T>, gate: usize, bias: T) {
        let of_gate = gate * self.hidden..(gate + 1) * self.hidden;
        set.get_mut(self.b).data_mut()[of_gate].fill(bias);
    }

    /// The scope of the layer's nodes, unless the name is empty.
    pub fn scope<'t, T: Scalar>(&self, tape: &'t Tape<T>) -> Option<Scope<'t, T>> {
        (!self.name.is_empty()).then(|| tape.scope(&self.name))
    }
}

/// That a layer has some of all that it is made of.
#[track_caller]
pub(crate) fn sizes(name: &str, sizes: &[(usize, &str)]) {
    for &(size, what) in sizes {
        assert!(
            size > 0,
            "{}",
            place(name, &format!("a layer of no {what}"))
        );
    }
}

/// "lstm1.U", or "U" where the layer has no name.
pub(crate) fn dotted(name: &str, letter: &str) -> String {
    match name {
        "" => letter.into(),
        _ => format!("{name}.{letter}"),
    }
}
