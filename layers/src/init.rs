//! [`Init`]: what parameters start as.

use std::f64::consts::TAU;

use autograd::{Matrix, Scalar, Shape};
use rand::{Rng, RngExt};

use crate::check::place;
use crate::{ParameterId, ParameterSet};

/// What a parameter starts as. Layers choose for themselves; another start is given to a parameter
/// afterwards, by its name:
///
/// ```
/// use layers::{Activation, Init, Lstm, ParameterSet, SimpleRnn};
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
///
/// let mut rng = ChaCha8Rng::seed_from_u64(1);
/// let mut set = ParameterSet::<f32>::new();
/// let lstm = Lstm::new(&mut set, "lstm1", 3, 8, &mut rng);
/// set.init("lstm1.U", Init::GlorotUniform, &mut rng);
/// set.init("lstm1.W", Init::Orthogonal(1.0), &mut rng); // each of the four gates
/// set.init("lstm1.b", Init::Zeros, &mut rng);
/// let lstm = lstm.with_forget_bias(&mut set, 1.0);
///
/// // An IRNN (Le et al. 2015).
/// let rnn = SimpleRnn::new(&mut set, "rnn1", 8, 8, &mut rng).with_activation(Activation::Relu);
/// set.init("rnn1.W", Init::Identity(1.0), &mut rng);
/// ```
///
/// Or to those that are alike:
///
/// ```
/// # use layers::{Init, Lstm, ParameterSet};
/// # use rand::{SeedableRng, rngs::ChaCha8Rng};
/// # let mut rng = ChaCha8Rng::seed_from_u64(1);
/// # let mut set = ParameterSet::<f32>::new();
/// # Lstm::new(&mut set, "lstm1", 3, 8, &mut rng);
/// for id in set.ids().filter(|&id| set.name(id).ends_with(".W")).collect::<Vec<_>>() {
///     Init::Orthogonal(1.0).apply(&mut set, id, &mut rng);
/// }
/// ```
///
/// Fans are those of a matrix `[outputs, inputs]`, of all gates where they are stacked, as in PyTorch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// All 0.
    Zeros,
    /// All of this value.
    Constant(f64),
    /// U(-a, a) of this bound a.
    Uniform(f64),
    /// N(0, σ²) of this deviation σ.
    Normal(f64),
    /// U(-a, a) with a = √(6 / (inputs + outputs)): for tanh and σ (Glorot and Bengio 2010).
    GlorotUniform,
    /// N(0, σ²) with σ² = 2 / (inputs + outputs): for tanh and σ (Glorot and Bengio 2010).
    GlorotNormal,
    /// U(-a, a) with a = √(6 / inputs): for relu (He et al. 2015).
    HeUniform,
    /// N(0, σ²) with σ² = 2 / inputs: for relu (He et al. 2015).
    HeNormal,
    /// A random matrix with orthonormal rows, or columns if these are fewer, times this scale, for
    /// each gate (Saxe et al. 2014). All such matrices are equally likely.
    Orthogonal(f64),
    /// The identity times this scale, for each gate (Le et al. 2015).
    Identity(f64),
}

impl Init {
    /// What layers choose for themselves, as in PyTorch: U(-1/√n, 1/√n), where n is the number of hidden
    /// units of a recurrent layer, of inputs of a [`Linear`](crate::Linear) one.
    pub fn default_for(n: usize) -> Self {
        Init::Uniform(1.0 / (n as f64).sqrt())
    }

    /// Starts a parameter anew.
    ///
    /// # Panics
    /// If the parameter is of another set, a number is not finite or negative where it is a bound or a
    /// deviation, or the identity would not be square.
    #[track_caller]
    pub fn apply<T: Scalar>(
        self,
        set: &mut ParameterSet<T>,
        id: ParameterId,
        rng: &mut (impl Rng + ?Sized),
    ) {
        let gates = match self {
            Init::Orthogonal(_) | Init::Identity(_) => set.gates(id),
            _ => 1,
        };
        let Shape { rows, cols } = set.get(id).shape();
        let rows = rows / gates;
        if let Some(complaint) = self.complaint(rows, cols) {
            panic!("{}", place(set.name(id), &complaint));
        }
        for gate in 0..gates {
            let value = self.matrix(rows, cols, rng);
            let of_gate = gate * rows..(gate + 1) * rows;
            let parameter = set.get_mut(id).view_mut();
            parameter.rows(of_gate).copy_from(value.view());
        }
    }

    /// A matrix that a parameter may start as, `[outputs, inputs]`.
    ///
    /// # Panics
    /// If the matrix would have no elements, a number is not finite or negative where it is a bound or
    /// a deviation, or the identity would not be square.
    #[track_caller]
    pub fn matrix<T: Scalar>(
        self,
        outputs: usize,
        inputs: usize,
        rng: &mut (impl Rng + ?Sized),
    ) -> Matrix<T> {
        if let Some(complaint) = self.complaint(outputs, inputs) {
            panic!("{complaint}");
        }
        let each = |draw: &mut dyn FnMut() -> f64| {
            Matrix::from_fn(outputs, inputs, |_, _| T::from_f64(draw()))
        };
        let mut uniform = |bound| each(&mut || bound * (2.0 * rng.random::<f64>() - 1.0));
        let fan_in = inputs as f64;
        let fans = fan_in + outputs as f64;
        match self {
            Init::Zeros => Matrix::zeros(outputs, inputs),
            Init::Constant(x) => Matrix::filled(outputs, inputs, T::from_f64(x)),
            Init::Uniform(bound) => uniform(bound),
            Init::GlorotUniform => uniform((6.0 / fans).sqrt()),
            Init::HeUniform => uniform((6.0 / fan_in).sqrt()),
            Init::Normal(deviation) => each(&mut || deviation * normal(rng)),
            Init::GlorotNormal => each(&mut || (2.0 / fans).sqrt() * normal(rng)),
            Init::HeNormal => each(&mut || (2.0 / fan_in).sqrt() * normal(rng)),
            Init::Orthogonal(scale) => {
                let q = orthogonal(outputs, inputs, rng);
                q.map(|x| T::from_f64(scale * x))
            }
            Init::Identity(scale) => Matrix::identity(outputs) * T::from_f64(scale),
        }
    }

    /// What is wrong with this, for a matrix of this shape.
    fn complaint(self, rows: usize, cols: usize) -> Option<String> {
        let size = 0.0..f64::INFINITY;
        match self {
            Init::Uniform(bound) if !size.contains(&bound) => {
                Some(format!("parameters drawn from U(-{bound}, {bound})"))
            }
            Init::Normal(deviation) if !size.contains(&deviation) => {
                Some(format!("parameters drawn from N(0, {deviation}²)"))
            }
            Init::Constant(x) | Init::Orthogonal(x) | Init::Identity(x) if !x.is_finite() => {
                Some(format!("parameters that start as {self:?}"))
            }
            Init::Identity(_) if rows != cols => {
                let shape = Shape::new(rows, cols);
                Some(format!("the identity of {shape}, which is not square"))
            }
            _ => None,
        }
    }
}

impl<T: Scalar> ParameterSet<T> {
    /// Starts a parameter anew: see [`Init`].
    ///
    /// # Panics
    /// If there is no parameter of this name, and as [`Init::apply`].
    #[track_caller]
    pub fn init(&mut self, name: &str, init: Init, rng: &mut (impl Rng + ?Sized)) {
        init.apply(self, self.named(name), rng);
    }
}

/// A matrix of independent draws from U(-bound, bound).
///
/// # Panics
/// If the bound is negative, NaN or infinite, or the matrix would have no elements.
#[track_caller]
pub fn uniform<T: Scalar>(
    rows: usize,
    cols: usize,
    bound: f64,
    rng: &mut (impl Rng + ?Sized),
) -> Matrix<T> {
    Init::Uniform(bound).matrix(rows, cols, rng)
}

/// A draw from N(0, 1) (Box and Muller 1958).
fn normal(rng: &mut (impl Rng + ?Sized)) -> f64 {
    let (u, v) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
    (-2.0 * u.ln()).sqrt() * (TAU * v).cos()
}

/// A matrix with orthonormal rows, or columns if these are fewer: Q of the QR decomposition of a matrix of
/// normal draws. With a positive diagonal of R, as here, no such Q is likelier than another
/// (Mezzadri 2007).
fn orthogonal(rows: usize, cols: usize, rng: &mut (impl Rng + ?Sized)) -> Matrix<f64> {
    let (count, length) = (rows.min(cols), rows.max(cols));
    let mut q: Vec<Vec<f64>> = Vec::with_capacity(count);
    for _ in 0..count {
        let mut x: Vec<f64> = (0..length).map(|_| normal(rng)).collect();
        // Gram and Schmidt's way; twice, as the first time leaves what was rounded.
        for along in q.iter().chain(&q) {
            let share = dot(along, &x);
            for (x, a) in x.iter_mut().zip(along) {
                *x -= share * a;
            }
        }
        let norm = dot(&x, &x).sqrt();
        q.push(x.into_iter().map(|x| x / norm).collect());
    }
    match rows <= cols {
        true => Matrix::from_fn(rows, cols, |r, c| q[r][c]),
        false => Matrix::from_fn(rows, cols, |r, c| q[c][r]),
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
