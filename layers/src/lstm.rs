//! [`Lstm`]: long short-term memory.

use autograd::{Scalar, Var};
use rand::Rng;

use crate::{Bound, Cell, ParameterSet, State, Weights, check};

/// Long short-term memory (Hochreiter and Schmidhuber 1997; Gers et al. 2000), as
/// [`torch.nn.LSTM`]:
///
/// ```text
/// i_t = σ(U_i x_t + W_i h_{t-1} + b_i)        input gate
/// f_t = σ(U_f x_t + W_f h_{t-1} + b_f)        forget gate
/// g_t = tanh(U_g x_t + W_g h_{t-1} + b_g)     candidate
/// o_t = σ(U_o x_t + W_o h_{t-1} + b_o)        output gate
/// c_t = i_t ⊙ g_t + f_t ⊙ c_{t-1}
/// h_t = o_t ⊙ tanh(c_t)
/// ```
///
/// The four products are one: the gates are column views of z_t = U x_t + W h_{t-1} + b.
///
/// [`torch.nn.LSTM`]: https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html
#[derive(Clone, Debug)]
pub struct Lstm {
    /// U `[4H, input]`, W `[4H, H]` and b `[1, 4H]`, in the order i, f, g, o.
    pub weights: Weights,
}

impl Lstm {
    /// Adds the parameters "name.U", "name.W" and "name.b", drawn from U(-1/√H, 1/√H) as in
    /// PyTorch.
    ///
    /// # Panics
    /// If a name is taken.
    #[track_caller]
    pub fn new<T: Scalar>(
        set: &mut ParameterSet<T>,
        name: &str,
        input: usize,
        hidden: usize,
        rng: &mut (impl Rng + ?Sized),
    ) -> Self {
        Lstm {
            weights: Weights::new(set, name, 4, (input, hidden), rng),
        }
    }

    /// Starts the bias of the forget gate at `bias`. At 1 the cell remembers from the start
    /// (Gers et al. 2000; Jozefowicz et al. 2015), which helps where what matters is far back, and
    /// slows the first epochs of a character model.
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

impl<T: Scalar> Cell<T> for Lstm {
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
        let f = gate(1).sigmoid().named("f");
        let g = gate(2).tanh().named("g");
        let o = gate(3).sigmoid().named("o");
        let c = (i * g + f * before).named("c");
        let h = (o * c.tanh()).named("h");
        State { h, c: Some(c) }
    }
}
