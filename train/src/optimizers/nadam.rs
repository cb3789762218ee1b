//! NAdam.

use autograd::Scalar;

use super::average::Average;
use super::descent::{Descent, Step, UpdateRule};
use super::elements::Elements;
use crate::optimizer::{check_betas, check_epsilon, check_not_negative};

/// NAdam: Adam with Nesterov's momentum, which is warmed up. With PyTorch's defaults β₁ = 0.9,
/// β₂ = 0.999, ε = 10⁻⁸, ψ = 0.004; its η is 0.002:
///
/// ```text
/// μₜ = β₁ (1 − 0.96^(t ψ) / 2)
/// m ← β₁ m + (1 − β₁) g
/// v ← β₂ v + (1 − β₂) g²
/// m̂ = μₜ₊₁ m / (1 − Π_{i ≤ t+1} μᵢ) + (1 − μₜ) g / (1 − Π_{i ≤ t} μᵢ)
/// θ ← θ − η m̂ / (√(v / (1 − β₂ᵗ)) + ε)
/// ```
///
/// Source: Dozat 2016, *Incorporating Nesterov momentum into Adam*, algorithm 2. There m is averaged
/// with μₜ; PyTorch does it with β₁.
pub type NAdam<T = f32> = Descent<NAdamRule, T>;

/// The rule of [`NAdam`].
#[derive(Clone, Debug)]
pub struct NAdamRule {
    betas: (f64, f64),
    epsilon: f64,
    momentum_decay: f64,
}

impl Default for NAdamRule {
    fn default() -> Self {
        NAdamRule {
            betas: (0.9, 0.999),
            epsilon: 1e-8,
            momentum_decay: 0.004,
        }
    }
}

impl<T: Scalar> NAdam<T> {
    /// With other decay rates β₁, β₂ of the moments.
    ///
    /// # Panics
    /// If one is not in 0..1.
    #[must_use]
    #[track_caller]
    pub fn betas(mut self, beta1: f64, beta2: f64) -> Self {
        self.rule.betas = check_betas(beta1, beta2);
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

    /// With another ψ: how fast the momentum goes from β₁ / 2 to β₁.
    ///
    /// # Panics
    /// If ψ is negative, NaN or infinite.
    #[must_use]
    #[track_caller]
    pub fn momentum_decay(mut self, momentum_decay: f64) -> Self {
        check_not_negative("a momentum decay", momentum_decay);
        self.rule.momentum_decay = momentum_decay;
        self
    }
}

impl NAdamRule {
    /// μₜ
    fn momentum(&self, t: u64) -> f64 {
        self.betas.0 * (1.0 - 0.5 * 0.96_f64.powf(t as f64 * self.momentum_decay))
    }

    /// Π_{i ≤ t} μᵢ, computed anew rather than remembered: after some dozens of factors, most often,
    /// nothing that 1 would lose is left of it.
    fn product(&self, t: u64) -> f64 {
        let mut product = 1.0;
        for i in 1..=t {
            product *= self.momentum(i);
            if 1.0 - product == 1.0 {
                break;
            }
        }
        product
    }
}

impl UpdateRule for NAdamRule {
    const NAME: &'static str = "nadam";

    fn memory(&self) -> &'static [&'static str] {
        &["m", "v"]
    }

    fn update<T: Scalar>(&self, step: Step, elements: Elements<'_, T>) {
        let (beta1, beta2) = self.betas;
        let (first, second) = (Average::new(beta1), Average::new(beta2));
        let (mu, next) = (self.momentum(step.t), self.momentum(step.t + 1));
        let product = self.product(step.t);
        // √(1 − β₂ᵗ) times what is divided and what divides.
        let root = step.bias_correction(beta2).sqrt();
        let of_m = T::from_f64(step.rate * root * next / (1.0 - product * next));
        let of_g = T::from_f64(step.rate * root * (1.0 - mu) / (1.0 - product));
        let epsilon = T::from_f64(self.epsilon * root);
        elements.each(move |theta, g, [m, v]| {
            first.add(m, g);
            second.add_square(v, g);
            *theta -= (of_m * *m + of_g * g) / (v.sqrt() + epsilon);
        });
    }
}
