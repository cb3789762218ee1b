//! [`CoupledLstm`]: an LSTM that forgets as much as it takes in.

use autograd::{Scalar, Var};
use rand::Rng;

use crate::{Bound, Cell, ParameterSet, State, Weights, check};

/// An [`Lstm`](crate::Lstm) with coupled gates, f = 1 − i: the cell forgets where it takes in. It has
/// three quarters of the parameters, and Greff et al. (2015), who call it CIFG, found it no worse.
///
/// ```text
/// i_t = σ(U_i x_t + W_i h_{t-1} + b_i)        input gate; 1 − i_t is the forget gate
/// g_t = tanh(U_g x_t + W_g h_{t-1} + b_g)     candidate
/// o_t = σ(U_o x_t + W_o h_{t-1} + b_o)        output gate
/// c_t = i_t ⊙ g_t + (1 − i_t) ⊙ c_{t-1}
///     = c_{t-1} + i_t ⊙ (g_t − c_{t-1})       as it is computed
/// h_t = o_t ⊙ tanh(c_t)
/// ```
#[derive(Clone, Debug)]
pub struct CoupledLstm {
    /// U `[3H, input]`, W `[3H, H]` and b `[1, 3H]`, in the order i, g, o.
    pub weights: Weights,
}

impl CoupledLstm {
    /// Adds the parameters "name.U", "name.W" and "name.b", drawn from U(-1/√H, 1/√H).
    ///
    /// # Panics
    /// If a name is taken, or a size is 0.
    #[track_caller]
    pub fn new<T: Scalar>(
        set: &mut ParameterSet<T>,
        name: &str,
        input: usize,
        hidden: usize,
        rng: &mut (impl Rng + ?Sized),
    ) -> Self {
        CoupledLstm {
            weights: Weights::new(set, name, 3, (input, hidden), rng),
        }
    }

    /// Starts the forget gate as the bias `bias` would, see
    /// [`Lstm::with_forget_bias`](crate::Lstm::with_forget_bias): as 1 − σ(z) = σ(−z), the bias of
    /// the input gate is −`bias`.
    ///
    /// # Panics
    /// If the layer is of another set.
    #[track_caller]
    pub fn with_forget_bias<T: Scalar>(self, set: &mut ParameterSet<T>, bias: T) -> Self {
        self.weights.set_bias(set, 0, -bias);
        self
    }

    /// Makes the initial state parameters "name.h0" and "name.c0", which start at zero.
    ///
    /// # Panics
    /// If a name is taken.
    #[track_caller]
    pub fn with_learned_state<T: Scalar>(mut self, set: &mut ParameterSet<T>) -> Self {
        self.weights.learn_hidden_state(set);
        self.weights.learn_cell_state(set);
        self
    }
}

impl<T: Scalar> Cell<T> for CoupledLstm {
    fn weights(&self) -> &Weights {
        &self.weights
    }

    fn has_cell_state(&self) -> bool {
        true
    }

    #[track_caller]
    fn step<'t>(&self, p: &Bound<'t, T>, zx: Var<'t, T>, s: State<'t, T>) -> State<'t, T> {
        check::step(self, p, zx, s);
        let before = s.c.expect("the state of an LSTM has a c");
        let seen = p.recurrent(s.h);
        let z = zx.add_matmul_t(seen, p.var(self.weights.w)).named("z");
        let size = self.weights.hidden;
        let gate = |k| z.cols(k * size..(k + 1) * size);
        let i = gate(0).sigmoid().named("i");
        let g = gate(1).tanh().named("g");
        let o = gate(2).sigmoid().named("o");
        let c = (before + i * (g - before)).named("c");
        let h = (o * c.tanh()).named("h");
        State { h, c: Some(c) }
    }
}
