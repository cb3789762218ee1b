//! Adadelta.

use autograd::Scalar;

use super::average::Average;
use super::descent::{Descent, Step, UpdateRule};
use super::elements::Elements;
use crate::optimizer::{check_decay, check_epsilon};

/// Adadelta, with PyTorch's defaults ρ = 0.9, ε = 10⁻⁶; η is 1:
///
/// ```text
/// v ← ρ v + (1 − ρ) g²
/// Δ = √(u + ε) / √(v + ε) · g
/// u ← ρ u + (1 − ρ) Δ²
/// θ ← θ − η Δ
/// ```
///
/// Source: Zeiler 2012, *ADADELTA: an adaptive learning rate method*, algorithm 1, which has no η.
pub type Adadelta<T = f32> = Descent<AdadeltaRule, T>;

/// The rule of [`Adadelta`].
#[derive(Clone, Debug)]
pub struct AdadeltaRule {
    rho: f64,
    epsilon: f64,
}

impl Default for AdadeltaRule {
    fn default() -> Self {
        AdadeltaRule {
            rho: 0.9,
            epsilon: 1e-6,
        }
    }
}

impl<T: Scalar> Adadelta<T> {
    /// With another decay rate ρ of the averages; the paper's is 0.95.
    ///
    /// # Panics
    /// If ρ is not in 0..1.
    #[must_use]
    #[track_caller]
    pub fn rho(mut self, rho: f64) -> Self {
        check_decay("a ρ", rho);
        self.rule.rho = rho;
        self
    }

    /// With another ε, which is what the first steps are as long as.
    ///
    /// # Panics
    /// If ε is not positive and finite: where a gradient is 0, it is what is divided by.
    #[must_use]
    #[track_caller]
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.rule.epsilon = check_epsilon(epsilon);
        self
    }
}

impl UpdateRule for AdadeltaRule {
    const NAME: &'static str = "adadelta";

    fn memory(&self) -> &'static [&'static str] {
        &["v", "u"]
    }

    fn update<T: Scalar>(&self, step: Step, elements: Elements<'_, T>) {
        let average = Average::new(self.rho);
        let [rate, epsilon] = [step.rate, self.epsilon].map(T::from_f64);
        elements.each(move |theta, g, [v, u]| {
            average.add_square(v, g);
            let delta = (*u + epsilon).sqrt() / (*v + epsilon).sqrt() * g;
            average.add_square(u, delta);
            *theta -= rate * delta;
        });
    }
}
