//! [`Linear`]: a dense layer.

use autograd::{Scalar, Var};
use rand::Rng;

use crate::weights::{dotted, sizes};
use crate::{Bound, Init, Layer, ParameterId, ParameterSet, Sequence, States, check};

/// A dense layer, y = V x + d: the lecture's way from the hidden state to the logits.
#[derive(Clone, Debug)]
pub struct Linear {
    /// What the parameters' names begin with.
    pub name: String,
    /// V: `[outputs, inputs]`.
    pub v: ParameterId,
    /// d: `[1, outputs]`.
    pub d: ParameterId,
    inputs: usize,
    outputs: usize,
}

impl Linear {
    /// Adds the parameters "name.V" and "name.d", drawn from U(-1/√inputs, 1/√inputs).
    ///
    /// # Panics
    /// If a name is taken, or a size is 0.
    #[track_caller]
    pub fn new<T: Scalar>(
        set: &mut ParameterSet<T>,
        name: &str,
        inputs: usize,
        outputs: usize,
        rng: &mut (impl Rng + ?Sized),
    ) -> Self {
        sizes(name, &[(inputs, "inputs"), (outputs, "outputs")]);
        let mut draw = |r, c| Init::default_for(inputs).matrix(r, c, rng);
        Linear {
            name: name.into(),
            v: set.add(dotted(name, "V"), draw(outputs, inputs)),
            d: set.add(dotted(name, "d"), draw(1, outputs)),
            inputs,
            outputs,
        }
    }

    /// The number of inputs.
    pub fn input_size(&self) -> usize {
        self.inputs
    }

    /// The number of outputs.
    pub fn output_size(&self) -> usize {
        self.outputs
    }

    /// x Vᵀ + d: `[rows, inputs]` to `[rows, outputs]`.
    ///
    /// # Panics
    /// If `x` has another number of columns than V, is of another tape, or the parameters are of
    /// another set.
    #[track_caller]
    pub fn apply<'t, T: Scalar>(&self, p: &Bound<'t, T>, x: Var<'t, T>) -> Var<'t, T> {
        let place = (self.name.as_str(), "apply");
        check::parameters(place.0, place.1, p, [self.v, self.d]);
        let v = p.var(self.v);
        check::operand(place, x, v, v.col_count(), |_| {
            format!("the layer has {} inputs", v.col_count())
        });
        p.var(self.d).add_matmul_t(x, v)
    }
}

/// Over all steps at once.
impl<T: Scalar> Layer<T> for Linear {
    #[track_caller]
    fn pass<'t>(
        &self,
        p: &Bound<'t, T>,
        x: Sequence<'t, T>,
        _: &mut States<'t, T>,
    ) -> Sequence<'t, T> {
        x.map(|x| self.apply(p, x))
    }

    fn output_size(&self, features: Option<usize>) -> Result<Option<usize>, String> {
        check::features(&self.name, self.inputs, features)?;
        Ok(Some(self.outputs))
    }

    fn description(&self) -> String {
        let sizes = format!("{} -> {}", self.inputs, self.outputs);
        check::place(&self.name, &sizes)
    }
}
