//! [`Gru`]: the gated recurrent unit, in both published forms.

use autograd::{Scalar, Var};
use rand::Rng;

use crate::weights::dotted;
use crate::{Bound, Cell, Init, ParameterId, ParameterSet, State, Weights, check};

/// On which side of the recurrent product a [`Gru`] resets its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reset {
    /// n = tanh(U_n x + W_n (r ⊙ h) + b_n): the lecture and Cho et al. (2014).
    Before,
    /// n = tanh(U_n x + b_n + r ⊙ (W_n h + c)): cuDNN and PyTorch. All products of a step are of h:
    /// none waits for r.
    After,
}

/// The gated recurrent unit (Cho et al. 2014), with [`Reset::After`] as [`torch.nn.GRU`]:
///
/// ```text
/// r_t = σ(U_r x_t + W_r h_{t-1} + b_r)                     reset gate
/// z_t = σ(U_z x_t + W_z h_{t-1} + b_z)                     update gate
/// n_t = tanh(U_n x_t + W_n (r_t ⊙ h_{t-1}) + b_n)          candidate, Reset::Before
/// n_t = tanh(U_n x_t + b_n + r_t ⊙ (W_n h_{t-1} + c))      candidate, Reset::After
/// h_t = (1 - z_t) ⊙ n_t + z_t ⊙ h_{t-1}
///     = n_t + z_t ⊙ (h_{t-1} - n_t)                        as it is computed
/// ```
///
/// The update gate keeps, as PyTorch's does; the lecture's lets through, and is this one with the
/// rows of z negated.
///
/// [`torch.nn.GRU`]: https://pytorch.org/docs/stable/generated/torch.nn.GRU.html
#[derive(Clone, Debug)]
pub struct Gru {
    /// U `[3H, input]`, W `[3H, H]` and b `[1, 3H]`, in the order r, z, n.
    pub weights: Weights,
    /// The recurrent bias c of n, `[1, H]`, with [`Reset::After`] only.
    pub c: Option<ParameterId>,
}

impl Gru {
    /// Adds the parameters "name.U", "name.W", "name.b" and, with [`Reset::After`], "name.c", all
    /// drawn from U(-1/√H, 1/√H).
    ///
    /// # Panics
    /// If a name is taken.
    #[track_caller]
    pub fn new<T: Scalar>(
        set: &mut ParameterSet<T>,
        name: &str,
        input: usize,
        hidden: usize,
        reset: Reset,
        rng: &mut (impl Rng + ?Sized),
    ) -> Self {
        let weights = Weights::new(set, name, 3, (input, hidden), rng);
        let c = (reset == Reset::After).then(|| {
            let bias = Init::default_for(hidden).matrix(1, hidden, rng);
            set.add(dotted(name, "c"), bias)
        });
        Gru { weights, c }
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

    /// On which side of the product the state is reset.
    pub fn reset(&self) -> Reset {
        match self.c {
            Some(_) => Reset::After,
            None => Reset::Before,
        }
    }
}

impl<T: Scalar> Cell<T> for Gru {
    fn weights(&self) -> &Weights {
        &self.weights
    }

    #[track_caller]
    fn step<'t>(&self, p: &Bound<'t, T>, zx: Var<'t, T>, s: State<'t, T>) -> State<'t, T> {
        check::step(self, p, zx, s);
        let (h, w, size) = (s.h, p.var(self.weights.w), self.weights.hidden);
        let seen = p.recurrent(h);
        let (gates, candidate) = (0..2 * size, 2 * size..3 * size);
        let (w_rz, w_n) = (w.rows(gates.clone()), w.rows(candidate.clone()));
        let (zx_rz, zx_n) = (zx.cols(gates), zx.cols(candidate));
        let rz = zx_rz.add_matmul_t(seen, w_rz).sigmoid().named("rz");
        let r = rz.cols(0..size).named("r");
        let z = rz.cols(size..2 * size).named("z");
        let z_n = match self.c {
            None => zx_n.add_matmul_t(r * seen, w_n),
            Some(c) => zx_n + r * p.var(c).add_matmul_t(seen, w_n),
        };
        let n = z_n.tanh().named("n");
        let h = (n + z * (h - n)).named("h");
        State { h, c: None }
    }
}
