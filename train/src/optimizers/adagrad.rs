//! Adagrad.

use autograd::Scalar;

use super::descent::{Descent, Step, UpdateRule};
use super::elements::Elements;
use crate::optimizer::{check_epsilon, check_not_negative};

/// Adagrad, in PyTorch's formulas and with its defaults κ = 0, s₀ = 0, ε = 10⁻¹⁰; its η is 0.01:
///
/// ```text
/// s ← s + g²                                   from s = s₀
/// θ ← θ − η / (1 + (t − 1) κ) · g / (√s + ε)
/// ```
///
/// Source: Duchi, Hazan, Singer 2011, *Adaptive subgradient methods for online learning and
/// stochastic optimization*, section 1.1, with a diagonal; κ and s₀ are PyTorch's `lr_decay` and
/// `initial_accumulator_value`.
pub type Adagrad<T = f32> = Descent<AdagradRule, T>;

/// The rule of [`Adagrad`].
#[derive(Clone, Debug)]
pub struct AdagradRule {
    rate_decay: f64,
    initial: f64,
    epsilon: f64,
}

impl Default for AdagradRule {
    fn default() -> Self {
        AdagradRule {
            rate_decay: 0.0,
            initial: 0.0,
            epsilon: 1e-10,
        }
    }
}

impl<T: Scalar> Adagrad<T> {
    /// With a learning rate that falls as 1 / (1 + (t − 1) κ).
    ///
    /// # Panics
    /// If κ is negative, NaN or infinite.
    #[must_use]
    #[track_caller]
    pub fn rate_decay(mut self, rate_decay: f64) -> Self {
        check_not_negative("a decay of the learning rate", rate_decay);
        self.rule.rate_decay = rate_decay;
        self
    }

    /// With another s₀: the sum before the first step, so that this is not as long as any gradient
    /// is large.
    ///
    /// # Panics
    /// If s₀ is negative, NaN or infinite.
    #[must_use]
    #[track_caller]
    pub fn initial_sum(mut self, initial: f64) -> Self {
        check_not_negative("an initial sum", initial);
        self.rule.initial = initial;
        self
    }

    /// With another ε.
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

impl UpdateRule for AdagradRule {
    const NAME: &'static str = "adagrad";

    /// s − s₀
    fn memory(&self) -> &'static [&'static str] {
        &["s"]
    }

    fn update<T: Scalar>(&self, step: Step, elements: Elements<'_, T>) {
        let rate = T::from_f64(step.rate / (1.0 + (step.t - 1) as f64 * self.rate_decay));
        let [initial, epsilon] = [self.initial, self.epsilon].map(T::from_f64);
        elements.each(move |theta, g, [s]| {
            *s += g * g;
            *theta -= rate * g / ((initial + *s).sqrt() + epsilon);
        });
    }
}
