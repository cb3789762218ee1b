//! [`LayerNormLstm`]: an LSTM with layer normalisation.

use autograd::{Scalar, Var};
use rand::Rng;

use crate::weights::dotted;
use crate::{Bound, Cell, LayerNorm, ParameterSet, State, Weights, check};

/// An [`Lstm`](crate::Lstm) with layer normalisation (Ba et al. 2016, supplementary material):
/// both products are normalised before they are added, over all gates together, and the cell on its
/// way out. With LN as in [`LayerNorm`]:
///
/// ```text
/// z_t = LN(U x_t; α_x) + LN(W h_{t-1}; α_h) + b        all gates, i, f, g and o
/// c_t = σ(i_t) ⊙ tanh(g_t) + σ(f_t) ⊙ c_{t-1}
/// h_t = σ(o_t) ⊙ tanh(LN(c_t; α_c, β_c))
/// ```
///
/// The paper adds three biases to z_t, two of them in the norms; b is their sum. What comes to a
/// step as z_x is LN(U x_t; α_x) + b, computed for all steps at once. With one hidden unit, LN(c_t)
/// is β_c whatever the cell holds: such a layer learns nothing.
#[derive(Clone, Debug)]
pub struct LayerNormLstm {
    /// U `[4H, input]`, W `[4H, H]` and b `[1, 4H]`, in the order i, f, g, o.
    pub weights: Weights,
    /// The norm of U x_t, with α_x `[1, 4H]`.
    pub norm_x: LayerNorm,
    /// The norm of W h_{t-1}, with α_h `[1, 4H]`.
    pub norm_h: LayerNorm,
    /// The norm of c_t, with α_c and β_c `[1, H]`.
    pub norm_c: LayerNorm,
}

impl LayerNormLstm {
    /// Adds the parameters "name.U", "name.W" and "name.b", drawn from U(-1/√H, 1/√H), the gains
    /// "name.norm_x.gain", "name.norm_h.gain" and "name.norm_c.gain" of ones and "name.norm_c.bias" of
    /// zeros.
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
        LayerNormLstm {
            weights: Weights::new(set, name, 4, (input, hidden), rng),
            norm_x: LayerNorm::without_bias(set, &dotted(name, "norm_x"), 4 * hidden),
            norm_h: LayerNorm::without_bias(set, &dotted(name, "norm_h"), 4 * hidden),
            norm_c: LayerNorm::new(set, &dotted(name, "norm_c"), hidden),
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

    /// z_x, from U x.
    fn normalised<'t, T: Scalar>(&self, p: &Bound<'t, T>, ux: Var<'t, T>) -> Var<'t, T> {
        (self.norm_x.apply(p, ux) + p.var(self.weights.b)).named("zx")
    }
}

impl<T: Scalar> Cell<T> for LayerNormLstm {
    fn weights(&self) -> &Weights {
        &self.weights
    }

    fn has_cell_state(&self) -> bool {
        true
    }

    #[track_caller]
    fn project<'t>(&self, p: &Bound<'t, T>, x: Var<'t, T>) -> Var<'t, T> {
        check::input(self, p, x);
        let _scope = self.weights.scope(p.tape());
        self.normalised(p, x.matmul_t(p.var(self.weights.u)).named("Ux"))
    }

    #[track_caller]
    fn symbol_table<'t>(&self, p: &Bound<'t, T>) -> Var<'t, T> {
        let Weights { name, u, b, .. } = &self.weights;
        check::parameters(name, "project", p, [*u, *b]);
        let _scope = self.weights.scope(p.tape());
        self.normalised(p, p.var(*u).transpose())
    }

    #[track_caller]
    fn step<'t>(&self, p: &Bound<'t, T>, zx: Var<'t, T>, s: State<'t, T>) -> State<'t, T> {
        check::step(self, p, zx, s);
        let before = s.c.expect("the state of an LSTM has a c");
        let wh = p.recurrent(s.h).matmul_t(p.var(self.weights.w)).named("Wh");
        let z = (zx + self.norm_h.apply(p, wh)).named("z");
        let size = self.weights.hidden;
        let gate = |k| z.cols(k * size..(k + 1) * size);
        let i = gate(0).sigmoid().named("i");
        let f = gate(1).sigmoid().named("f");
        let g = gate(2).tanh().named("g");
        let o = gate(3).sigmoid().named("o");
        let c = (i * g + f * before).named("c");
        let h = (o * self.norm_c.apply(p, c).tanh()).named("h");
        State { h, c: Some(c) }
    }
}
