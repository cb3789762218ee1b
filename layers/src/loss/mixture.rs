//! [`MixtureDensity`]: where a pen goes next.

use std::f64::consts::{LN_2, TAU};

use autograd::{Scalar, Shape, Var};
use rand::{Rng, RngExt};
use thiserror::Error;

use super::{Reduction, check};
use crate::sample;

const NAME: &str = "mixture_density";

/// The density of a pen's next point (Graves 2013, *Generating sequences with recurrent neural
/// networks*, arXiv:1308.0850, equations 15–25): K Gaussians in two dimensions with correlation for the
/// offset (x₁, x₂), and a probability that the stroke ends there, x₃.
///
/// A network's outputs for a point are `[ê, π̂, μ̂₁, μ̂₂, σ̂₁, σ̂₂, ρ̂]`, ê of one column, all others of K,
/// and stand for
///
/// e = σ(ê), π = softmax(π̂), μ = μ̂, σ = exp(σ̂), ρ = tanh(ρ̂) (18–22; there, e is σ(−ê)).
///
/// The density of a point x is
///
/// Pr(x) = Σ_j π_j N(x | μ_j, σ_j, ρ_j) · (e if x₃ = 1, 1 − e if it is 0) (23),
///
/// N(x | μ, σ, ρ) = exp(−Z / (2 (1 − ρ²))) / (2π σ₁ σ₂ √(1 − ρ²)) (24),
///
/// Z = z₁² + z₂² − 2 ρ z₁ z₂, with z_i = (x_i − μ_i) / σ_i (25),
///
/// and the loss is −ln Pr(x) (26). Everything is computed by logarithms, and 1 − ρ² and Z / (1 − ρ²) from
/// ρ̂, as ρ rounds to 1 long before the density has its limit:
///
/// ln(1 − ρ²) = 2 ln 2 − softplus(2ρ̂) − softplus(−2ρ̂),
///
/// Z / (1 − ρ²) = ¼ ((z₁ − z₂)² (1 + e^2ρ̂) + (z₁ + z₂)² (1 + e^−2ρ̂)).
///
/// ```
/// use autograd::{Matrix, Tape};
/// use layers::loss::MixtureDensity;
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
///
/// let mixture = MixtureDensity::new(2);
/// let tape = Tape::<f64>::new();
/// let outputs = tape.var(Matrix::zeros(1, mixture.width())); // of a network
/// let next = tape.constant(Matrix::from([[0.5, -0.5, 0.0]]));
/// let e = mixture.loss(outputs, next);
/// // Both are the standard normal distribution: N = exp(−¼) / 2π, and the stroke ends by chance.
/// assert!((e.item() - (0.25 + std::f64::consts::TAU.ln() + 2f64.ln())).abs() < 1e-12);
/// let mut rng = ChaCha8Rng::seed_from_u64(1);
/// let [_x1, _x2, end] = mixture.sample(outputs.value().row(0), 0.5, &mut rng)?;
/// assert!(end == 0.0 || end == 1.0);
/// # Ok::<(), layers::loss::MixtureError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a loss does nothing until it is applied"]
pub struct MixtureDensity {
    components: usize,
    reduction: Reduction,
}

/// Why no point can be drawn.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum MixtureError {
    /// The bias is not a finite number from 0 on.
    #[error("a bias of {0}: it must be finite and not below 0")]
    Bias(f64),
    /// An output of the network is NaN or infinite.
    #[error("the output in column {column} is {value}")]
    NotFinite {
        /// Its column.
        column: usize,
        /// Its value.
        value: f64,
    },
}

/// The columns of outputs by their letters, each of N rows.
struct Columns<'t, T> {
    end: Var<'t, T>,
    pi: Var<'t, T>,
    mu: [Var<'t, T>; 2],
    sigma: [Var<'t, T>; 2],
    rho: Var<'t, T>,
}

impl MixtureDensity {
    /// A mixture of so many Gaussians; the mean over all points.
    ///
    /// # Panics
    /// If there are none.
    #[track_caller]
    pub fn new(components: usize) -> Self {
        assert!(components > 0, "{NAME}: a mixture of no Gaussians");
        MixtureDensity {
            components,
            reduction: Reduction::default(),
        }
    }

    /// Mean or sum.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// How many outputs a network has to have for it: 6 K + 1.
    pub fn width(&self) -> usize {
        6 * self.components + 1
    }

    /// The loss of outputs `[N, 6K + 1]`, for points `[N, 3]`: offsets in both directions, and 1 where
    /// a stroke ends, 0 elsewhere.
    ///
    /// # Panics
    /// If a shape is another, an offset is not finite, or a third column is neither 0 nor 1.
    #[track_caller]
    pub fn loss<'t, T: Scalar>(&self, outputs: Var<'t, T>, points: Var<'t, T>) -> Var<'t, T> {
        self.reduction.of(self.losses(outputs, points))
    }

    /// −ln Pr(x) of each row: `[N, 1]`.
    ///
    /// # Panics
    /// As [`MixtureDensity::loss`].
    #[track_caller]
    pub fn losses<'t, T: Scalar>(&self, outputs: Var<'t, T>, points: Var<'t, T>) -> Var<'t, T> {
        self.check(outputs, points);
        let _scope = outputs.tape().scope("mixture");
        let columns = self.columns(outputs);
        let [x1, x2, x3] = [0, 1, 2].map(|c| points.cols(c..c + 1));
        let log_pi = columns.pi.log_softmax().named("log_pi");
        let log_n = columns.log_normal([x1, x2]).named("log_N");
        let log_density = (log_pi + log_n).log_sum_exp().named("log_density");
        // −ln e where the stroke ends, −ln(1 − e) where it goes on.
        let end = columns.end.softplus() - columns.end * x3;
        end - log_density
    }

    fn columns<'t, T: Scalar>(&self, outputs: Var<'t, T>) -> Columns<'t, T> {
        let k = self.components;
        let block = |i: usize| outputs.cols(1 + i * k..1 + (i + 1) * k);
        Columns {
            end: outputs.cols(0..1).named("end"),
            pi: block(0).named("pi"),
            mu: [block(1).named("mu1"), block(2).named("mu2")],
            sigma: [block(3).named("sigma1"), block(4).named("sigma2")],
            rho: block(5).named("rho"),
        }
    }

    #[track_caller]
    fn check<T: Scalar>(&self, outputs: Var<'_, T>, points: Var<'_, T>) {
        let (k, width) = (self.components, self.width());
        assert!(
            outputs.col_count() == width,
            "{NAME}: {} has {} columns: {k} Gaussians have 6·{k} + 1 = {width}",
            check::describe(outputs),
            outputs.col_count()
        );
        let expected = Shape::new(outputs.row_count(), 3);
        assert!(
            points.shape() == expected,
            "{NAME}: the points {} would have to be {expected}: two offsets and the end of a stroke for \
             each row of {}",
            check::describe(points),
            check::describe(outputs)
        );
        for (r, row) in points.value().row_iter().enumerate() {
            let [x1, x2, x3] = [0, 1, 2].map(|c| row[c].to_f64());
            assert!(
                x1.is_finite() && x2.is_finite(),
                "{NAME}: the offsets of row {r}, {x1} and {x2}, must be finite"
            );
            assert!(
                x3 == 0.0 || x3 == 1.0,
                "{NAME}: the end of a stroke in row {r} is {x3}, neither 0 nor 1"
            );
        }
    }
}

impl<'t, T: Scalar> Columns<'t, T> {
    /// ln N of each component: `[N, K]`.
    #[track_caller]
    fn log_normal(&self, x: [Var<'t, T>; 2]) -> Var<'t, T> {
        let number = T::from_f64;
        let z = |i: usize| (x[i] - self.mu[i]) * (-self.sigma[i]).exp();
        let (z1, z2) = (z(0).named("z1"), z(1).named("z2"));
        let twice = self.rho * number(2.0);
        let apart = (z1 - z2).square() * (twice.exp() + T::ONE);
        let along = (z1 + z2).square() * ((-twice).exp() + T::ONE);
        let z = ((apart + along) * number(0.25)).named("Z"); // over 1 − ρ²
        let spread = (twice.softplus() + (-twice).softplus()) * number(0.5); // −½ ln(1 − ρ²) + ln 2
        let constant = number(-TAU.ln() - LN_2);
        spread - self.sigma[0] - self.sigma[1] - z * number(0.5) + constant
    }
}

/// Drawing points.
impl MixtureDensity {
    /// Draws a point `[x₁, x₂, x₃]` from one row of outputs, with a bias b ≥ 0 towards what is likely:
    /// σ = exp(σ̂ − b) and π = softmax((1 + b) π̂) (equations 61 and 62). With 0 the point is drawn from
    /// the density itself; the larger the bias, the neater the writing.
    ///
    /// # Errors
    /// If the bias is below 0 or not finite, or an output is not finite.
    ///
    /// # Panics
    /// If there are not 6 K + 1 outputs.
    #[track_caller]
    pub fn sample<T: Scalar>(
        &self,
        outputs: &[T],
        bias: f64,
        rng: &mut (impl Rng + ?Sized),
    ) -> Result<[f64; 3], MixtureError> {
        let (k, width, found) = (self.components, self.width(), outputs.len());
        assert!(
            found == width,
            "{NAME}: {found} outputs: {k} Gaussians have 6·{k} + 1 = {width}"
        );
        if !(bias >= 0.0 && bias.is_finite()) {
            return Err(MixtureError::Bias(bias));
        }
        let outputs: Vec<f64> = outputs.iter().map(|x| x.to_f64()).collect();
        if let Some(column) = outputs.iter().position(|x| !x.is_finite()) {
            let value = outputs[column];
            return Err(MixtureError::NotFinite { column, value });
        }
        let temperature = 1.0 / (1.0 + bias);
        let j = sample(&outputs[1..=k], temperature, None, rng).expect("finite outputs");
        let of = |block: usize| outputs[1 + block * k + j];
        let [n1, n2] = normal_pair(rng);
        let rho = of(5).tanh();
        let x1 = of(1) + (of(3) - bias).exp() * n1;
        let x2 = of(2) + (of(4) - bias).exp() * (rho * n1 + n2 / of(5).cosh());
        let end = rng.random::<f64>() < Scalar::sigmoid(outputs[0]);
        Ok([x1, x2, f64::from(u8::from(end))])
    }
}

/// Two independent draws from the standard normal distribution (Box & Muller 1958).
fn normal_pair(rng: &mut (impl Rng + ?Sized)) -> [f64; 2] {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    let (sin, cos) = (TAU * rng.random::<f64>()).sin_cos();
    [radius * cos, radius * sin]
}
