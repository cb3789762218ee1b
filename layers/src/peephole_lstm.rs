//! [`PeepholeLstm`]: an LSTM whose gates see its cell.

use autograd::{Scalar, Var};
use rand::Rng;

use crate::weights::dotted;
use crate::{Bound, Cell, Init, ParameterId, ParameterSet, State, Weights, check};

/// An [`Lstm`](crate::Lstm) with peepholes (Gers and Schmidhuber 2000): what the gates see of the
/// cell is an element of it each, by weights p that stand for diagonal matrices. The output gate
/// sees the new cell.
///
/// ```text
/// i_t = σ(U_i x_t + W_i h_{t-1} + p_i ⊙ c_{t-1} + b_i)        input gate
/// f_t = σ(U_f x_t + W_f h_{t-1} + p_f ⊙ c_{t-1} + b_f)        forget gate
/// g_t = tanh(U_g x_t + W_g h_{t-1} + b_g)                     candidate
/// c_t = i_t ⊙ g_t + f_t ⊙ c_{t-1}
/// o_t = σ(U_o x_t + W_o h_{t-1} + p_o ⊙ c_t + b_o)            output gate
/// h_t = o_t ⊙ tanh(c_t)
/// ```
///
/// This is the "vanilla LSTM" of Greff et al. (2015).
#[derive(Clone, Debug)]
pub struct PeepholeLstm {
    /// U `[4H, input]`, W `[4H, H]` and b `[1, 4H]`, in the order i, f, g, o.
    pub weights: Weights,
    /// What the input gate sees of c_{t-1}: `[1, H]`.
    pub p_i: ParameterId,
    /// What the forget gate sees of c_{t-1}: `[1, H]`.
    pub p_f: ParameterId,
    /// What the output gate sees of c_t: `[1, H]`.
    pub p_o: ParameterId,
}

impl PeepholeLstm {
    /// Adds the parameters "name.U", "name.W", "name.b", "name.p_i", "name.p_f" and "name.p_o",
    /// drawn from U(-1/√H, 1/√H).
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
        let weights = Weights::new(set, name, 4, (input, hidden), rng);
        let [p_i, p_f, p_o] = ["p_i", "p_f", "p_o"].map(|letter| {
            let start = Init::default_for(hidden).matrix(1, hidden, rng);
            set.add(dotted(name, letter), start)
        });
        PeepholeLstm {
            weights,
            p_i,
            p_f,
            p_o,
        }
    }

    /// Starts the bias of the forget gate at `bias`, as
    /// [`Lstm::with_forget_bias`](crate::Lstm::with_forget_bias).
    ///
    /// # Panics
    /// If the layer is of another set.
    #[track_caller]
    pub fn with_forget_bias<T: Scalar>(self, set: &mut ParameterSet<T>, bias: T) -> Self {
        self.weights.set_bias(set, 1, bias);
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

impl<T: Scalar> Cell<T> for PeepholeLstm {
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
        let peephole = |id, c| p.var(id) * c;
        let i = (gate(0) + peephole(self.p_i, before)).sigmoid().named("i");
        let f = (gate(1) + peephole(self.p_f, before)).sigmoid().named("f");
        let g = gate(2).tanh().named("g");
        let c = (i * g + f * before).named("c");
        let o = (gate(3) + peephole(self.p_o, c)).sigmoid().named("o");
        let h = (o * c.tanh()).named("h");
        State { h, c: Some(c) }
    }
}
