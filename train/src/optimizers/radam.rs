//! RAdam.

use autograd::Scalar;

use super::average::Average;
use super::descent::{Descent, Step, UpdateRule};
use super::elements::Elements;
use crate::optimizer::{check_betas, check_epsilon};

/// RAdam: Adam that does not divide by √v before v is the average of enough steps. With PyTorch's
/// defaults β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸; η is often 10⁻³:
///
/// ```text
/// m ← β₁ m + (1 − β₁) g
/// v ← β₂ v + (1 − β₂) g²
/// ρ∞ = 2 / (1 − β₂) − 1,   ρₜ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ)
/// r  = √((ρₜ − 4) (ρₜ − 2) ρ∞ / ((ρ∞ − 4) (ρ∞ − 2) ρₜ))
/// θ ← θ − η · m / (1 − β₁ᵗ) · r √(1 − β₂ᵗ) / (√v + ε)          if ρₜ > 5
/// θ ← θ − η · m / (1 − β₁ᵗ)                                    otherwise
/// ```
///
/// Source: Liu, Jiang, He, Chen, Liu, Gao, Han 2020, *On the variance of the adaptive learning rate
/// and beyond*, algorithm 2, with ρₜ > 4; PyTorch, as the authors' program, takes 5, and has an ε.
pub type RAdam<T = f32> = Descent<RAdamRule, T>;

/// The rule of [`RAdam`].
#[derive(Clone, Debug)]
pub struct RAdamRule {
    betas: (f64, f64),
    epsilon: f64,
}

impl Default for RAdamRule {
    fn default() -> Self {
        RAdamRule {
            betas: (0.9, 0.999),
            epsilon: 1e-8,
        }
    }
}

impl<T: Scalar> RAdam<T> {
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
}

impl RAdamRule {
    /// The rectification r, where v is the average of enough steps: ρₜ > 5.
    fn rectification(&self, step: Step) -> Option<f64> {
        let beta2 = self.betas.1;
        let most = 2.0 / (1.0 - beta2) - 1.0;
        let lost = 2.0 * step.t as f64 * beta2.powi(step.exponent()) / step.bias_correction(beta2);
        let rho = most - lost;
        let squared = || (rho - 4.0) * (rho - 2.0) * most / ((most - 4.0) * (most - 2.0) * rho);
        (rho > 5.0).then(|| squared().sqrt())
    }
}

impl UpdateRule for RAdamRule {
    const NAME: &'static str = "radam";

    fn memory(&self) -> &'static [&'static str] {
        &["m", "v"]
    }

    fn update<T: Scalar>(&self, step: Step, elements: Elements<'_, T>) {
        let (beta1, beta2) = self.betas;
        let (first, second) = (Average::new(beta1), Average::new(beta2));
        let rate = step.rate / step.bias_correction(beta1);
        if let Some(r) = self.rectification(step) {
            let rate = T::from_f64(rate * r * step.bias_correction(beta2).sqrt());
            let epsilon = T::from_f64(self.epsilon);
            elements.each(move |theta, g, [m, v]| {
                first.add(m, g);
                second.add_square(v, g);
                *theta -= rate * *m / (v.sqrt() + epsilon);
            });
        } else {
            let rate = T::from_f64(rate);
            elements.each(move |theta, g, [m, v]| {
                first.add(m, g);
                second.add_square(v, g);
                *theta -= rate * *m;
            });
        }
    }
}
