//! [`LayerNormGru`]: a GRU with layer normalisation.

use std::ops::Range;

use autograd::{Scalar, Var};
use rand::Rng;

use crate::weights::dotted;
use crate::{Bound, Cell, LayerNorm, ParameterSet, State, Weights, check};

/// A [`Gru`](crate::Gru) with layer normalisation (Ba et al. 2016, supplementary material), which
/// resets after the product: the products of x_t and of h_{t-1} are normalised apart, those of
/// both gates together and those of the candidate by themselves. With LN as in [`LayerNorm`]:
///
/// ```text
/// (r_t, z_t) = σ(LN(U_rz x_t; α) + LN(W_rz h_{t-1}; α') + b_rz)             gates: reset, update
/// n_t = tanh(LN(U_n x_t; α'') + b_n + r_t ⊙ LN(W_n h_{t-1}; α''', β'''))    candidate
/// h_t = (1 - z_t) ⊙ n_t + z_t ⊙ h_{t-1}
///     = n_t + z_t ⊙ (h_{t-1} - n_t)                                         as it is computed
/// ```
///
/// Where the paper adds the biases of two norms, b is their sum. Its update gate lets through, ours
/// keeps, as in [`Gru`](crate::Gru). What comes to a step as z_x is normalised already, for all steps
/// at once.
#[derive(Clone, Debug)]
pub struct LayerNormGru {
    /// U `[3H, input]`, W `[3H, H]` and b `[1, 3H]`, in the order r, z, n.
    pub weights: Weights,
    /// The norm of U_rz x_t, with a gain `[1, 2H]`.
    pub norm_x_rz: LayerNorm,
    /// The norm of U_n x_t, with a gain `[1, H]`.
    pub norm_x_n: LayerNorm,
    /// The norm of W_rz h_{t-1}, with a gain `[1, 2H]`.
    pub norm_h_rz: LayerNorm,
    /// The norm of W_n h_{t-1}, with gain and bias `[1, H]`.
    pub norm_h_n: LayerNorm,
}

impl LayerNormGru {
    /// Adds the parameters "name.U", "name.W" and "name.b", drawn from U(-1/√H, 1/√H), the gains
    /// "name.norm_x_rz.gain", "name.norm_x_n.gain", "name.norm_h_rz.gain" and "name.norm_h_n.gain" of
    /// ones and "name.norm_h_n.bias" of zeros.
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
        LayerNormGru {
            weights: Weights::new(set, name, 3, (input, hidden), rng),
            norm_x_rz: LayerNorm::without_bias(set, &dotted(name, "norm_x_rz"), 2 * hidden),
            norm_x_n: LayerNorm::without_bias(set, &dotted(name, "norm_x_n"), hidden),
            norm_h_rz: LayerNorm::without_bias(set, &dotted(name, "norm_h_rz"), 2 * hidden),
            norm_h_n: LayerNorm::new(set, &dotted(name, "norm_h_n"), hidden),
        }
    }

    /// Makes the initial state a parameter "name.h0", which starts at zero.
    ///
    /// # Panics
    /// If the name is taken.
    #[track_caller]
    pub fn with_learned_state<T: Scalar>(mut self, set: &mut ParameterSet<T>) -> Self {
        self.weights.learn_hidden_state(set);
        self
    }

    /// The columns of both gates, and those of the candidate.
    fn parts(&self) -> [Range<usize>; 2] {
        let size = self.weights.hidden;
        [0..2 * size, 2 * size..3 * size]
    }

    /// z_x, from U x.
    fn normalised<'t, T: Scalar>(&self, p: &Bound<'t, T>, ux: Var<'t, T>) -> Var<'t, T> {
        let [rz, n] = self.parts().map(|part| ux.cols(part));
        let parts = [self.norm_x_rz.apply(p, rz), self.norm_x_n.apply(p, n)];
        (Var::concat_cols(&parts) + p.var(self.weights.b)).named("zx")
    }
}

impl<T: Scalar> Cell<T> for LayerNormGru {
    fn weights(&self) -> &Weights {
        &self.weights
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
        let (h, size) = (s.h, self.weights.hidden);
        let wh = p.recurrent(h).matmul_t(p.var(self.weights.w)).named("Wh");
        let [zx_rz, zx_n] = self.parts().map(|part| zx.cols(part));
        let [wh_rz, wh_n] = self.parts().map(|part| wh.cols(part));
        let rz = (zx_rz + self.norm_h_rz.apply(p, wh_rz))
            .sigmoid()
            .named("rz");
        let r = rz.cols(0..size).named("r");
        let z = rz.cols(size..2 * size).named("z");
        let n = (zx_n + r * self.norm_h_n.apply(p, wh_n)).tanh().named("n");
        let h = (n + z * (h - n)).named("h");
        State { h, c: None }
    }
}
