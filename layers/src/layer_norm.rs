//! [`LayerNorm`]: rows of mean 0 and variance 1.

use autograd::{Matrix, Scalar, Var};

use crate::weights::{dotted, sizes};
use crate::{Bound, Layer, ParameterId, ParameterSet, Sequence, States, check};

/// Layer normalisation (Ba et al. 2016), as [`torch.nn.LayerNorm`]: each row by itself is shifted and
/// scaled to mean 0 and variance 1, then by a gain α and a bias β that are learned.
///
/// ```text
/// μ = 1/F Σ_k x_k
/// σ² = 1/F Σ_k (x_k − μ)²
/// y = α ⊙ (x − μ) / √(σ² + ε) + β
/// ```
///
/// Composed of elementary operations, so that a tape shows them. A row of equal elements gives β;
/// near to one the derivative is large, up to 1/√ε.
///
/// ```
/// use autograd::{Matrix, Tape};
/// use layers::{LayerNorm, ParameterSet};
///
/// let mut set = ParameterSet::<f64>::new();
/// let norm = LayerNorm::new(&mut set, "norm", 2);
/// let tape = Tape::new();
/// let y = norm.apply(&set.bind(&tape), tape.constant(Matrix::from([[1.0, 3.0], [-50.0, 50.0]])));
/// let expected = Matrix::from([[-1.0, 1.0], [-1.0, 1.0]]);
/// assert!(y.value().to_matrix().max_abs_diff(&expected) < 1e-5);
/// ```
///
/// [`torch.nn.LayerNorm`]: https://pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
#[derive(Clone, Debug)]
pub struct LayerNorm {
    /// What the parameters' names begin with; behind its last dot, the scope of the nodes.
    pub name: String,
    /// The gain α: `[1, F]`.
    pub gain: ParameterId,
    /// The bias β, if there is one: `[1, F]`.
    pub bias: Option<ParameterId>,
    /// What is added to the variance, ε: 1e-5 unless set, as in PyTorch.
    pub epsilon: f64,
    size: usize,
}

impl LayerNorm {
    /// Adds the parameters "name.gain" of ones and "name.bias" of zeros, for rows of F = `size`
    /// features.
    ///
    /// # Panics
    /// If a name is taken, or the size is 0.
    #[track_caller]
    pub fn new<T: Scalar>(set: &mut ParameterSet<T>, name: &str, size: usize) -> Self {
        let mut norm = Self::without_bias(set, name, size);
        norm.bias = Some(set.add(dotted(name, "bias"), Matrix::zeros(1, size)));
        norm
    }

    /// One without β, for where a bias is added anyway. Adds "name.gain" of ones.
    ///
    /// # Panics
    /// If the name is taken, or the size is 0.
    #[track_caller]
    pub fn without_bias<T: Scalar>(set: &mut ParameterSet<T>, name: &str, size: usize) -> Self {
        sizes(name, &[(size, "features")]);
        LayerNorm {
            name: name.into(),
            gain: set.add(dotted(name, "gain"), Matrix::filled(1, size, T::ONE)),
            bias: None,
            epsilon: 1e-5,
            size,
        }
    }

    /// The number F of features.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Each row of `x` normalised: `[rows, F]` to `[rows, F]`.
    ///
    /// # Panics
    /// If `x` has another number of columns than F, is of another tape, or the parameters are of
    /// another set.
    #[track_caller]
    pub fn apply<'t, T: Scalar>(&self, p: &Bound<'t, T>, x: Var<'t, T>) -> Var<'t, T> {
        let place = (self.name.as_str(), "apply");
        check::parameters(
            place.0,
            place.1,
            p,
            [self.gain].into_iter().chain(self.bias),
        );
        let gain = p.var(self.gain);
        check::operand(place, x, gain, self.size, |_| {
            format!("the layer has {} features", self.size)
        });
        let scope = self.name.rsplit('.').next().filter(|name| !name.is_empty());
        let _scope = scope.map(|name| p.tape().scope(name));
        let of_size = T::from_f64(1.0 / self.size as f64);
        let mean = (x.sum_cols() * of_size).named("μ");
        let centred = x - mean;
        let variance = (centred.square().sum_cols() * of_size).named("σ²");
        let deviation = (variance + T::from_f64(self.epsilon)).sqrt().named("σ");
        let y = centred / deviation * gain;
        self.bias.map_or(y, |bias| y + p.var(bias)).named("y")
    }
}

/// Over all steps at once.
impl<T: Scalar> Layer<T> for LayerNorm {
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
        check::features(&self.name, self.size, features)?;
        Ok(Some(self.size))
    }

    fn description(&self) -> String {
        check::place(&self.name, &format!("norm of {}", self.size))
    }
}
