//! [`Linear`]: a dense layer.

use autograd::{Scalar, Var};
use rand::Rng;

use crate::weights::dotted;
use crate::{Bound, ParameterId, ParameterSet, uniform};

/// A dense layer, y = V x + d: the lecture's way from the hidden state to the logits.
#[derive(Clone, Copy, Debug)]
pub struct Linear {
    /// V: `[outputs, inputs]`.
    pub v: ParameterId,
    /// d: `[1, outputs]`.
    pub d: ParameterId,
}

impl Linear {
    /// Adds the parameters "name.V" and "name.d", drawn from U(-1/√inputs, 1/√inputs).
    ///
    /// # Panics
    /// If a name is taken.
    #[track_caller]
    pub fn new<T: Scalar>(
        set: &mut ParameterSet<T>,
        name: &str,
        inputs: usize,
        outputs: usize,
        rng: &mut (impl Rng + ?Sized),
    ) -> Self {
        let bound = 1.0 / (inputs as f64).sqrt();
        Linear {
            v: set.add(dotted(name, "V"), uniform(outputs, inputs, bound, rng)),
            d: set.add(dotted(name, "d"), uniform(1, outputs, bound, rng)),
        }
    }

    /// x Vᵀ + d: `[rows, inputs]` to `[rows, outputs]`.
    ///
    /// # Panics
    /// If `x` has another number of columns than V.
    #[track_caller]
    pub fn apply<'t, T: Scalar>(&self, p: &Bound<'t, T>, x: Var<'t, T>) -> Var<'t, T> {
        p.var(self.d).add_matmul_t(x, p.var(self.v))
    }
}
