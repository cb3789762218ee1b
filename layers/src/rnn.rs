//! [`SimpleRnn`]: the network of the lecture.

use autograd::{Scalar, Var};
use rand::Rng;

use crate::{Bound, Cell, ParameterSet, State, Weights, check};

/// The function φ of a [`SimpleRnn`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Activation {
    /// The hyperbolic tangent.
    #[default]
    Tanh,
    /// The positive part. It keeps a positive state and its gradient as they are where W is the
    /// identity, which is how such a network starts (IRNN, Le et al. 2015; see
    /// [`Init::Identity`](crate::Init::Identity)).
    Relu,
}

impl Activation {
    /// φ(z), element by element.
    #[track_caller]
    pub fn apply<'t, T: Scalar>(self, z: Var<'t, T>) -> Var<'t, T> {
        match self {
            Activation::Tanh => z.tanh(),
            Activation::Relu => z.relu(),
        }
    }
}

/// The simple recurrent network (Elman 1990), as [`torch.nn.RNN`]:
///
/// h_t = φ(U x_t + W h_{t-1} + b), where φ is tanh unless told otherwise
///
/// [`torch.nn.RNN`]: https://pytorch.org/docs/stable/generated/torch.nn.RNN.html
#[derive(Clone, Debug)]
pub struct SimpleRnn {
    /// U `[H, input]`, W `[H, H]` and b `[1, H]`.
    pub weights: Weights,
    /// φ.
    pub activation: Activation,
}

impl SimpleRnn {
    /// Adds the parameters "name.U", "name.W" and "name.b", drawn from U(-1/√H, 1/√H).
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
        SimpleRnn {
            weights: Weights::new(set, name, 1, (input, hidden), rng),
            activation: Activation::Tanh,
        }
    }

    /// Takes another function than tanh.
    pub fn with_activation(self, activation: Activation) -> Self {
        SimpleRnn { activation, ..self }
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
}

impl<T: Scalar> Cell<T> for SimpleRnn {
    fn weights(&self) -> &Weights {
        &self.weights
    }

    #[track_caller]
    fn step<'t>(&self, p: &Bound<'t, T>, zx: Var<'t, T>, s: State<'t, T>) -> State<'t, T> {
        check::step(self, p, zx, s);
        let seen = p.recurrent(s.h);
        let z = zx.add_matmul_t(seen, p.var(self.weights.w)).named("z");
        let h = self.activation.apply(z).named("h");
        State { h, c: None }
    }
}
