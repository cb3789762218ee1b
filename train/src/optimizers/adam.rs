//! Adam, AdamW and AMSGrad.

use autograd::Scalar;

use super::average::Average;
use super::descent::{Descent, Step, UpdateRule};
use super::elements::Elements;
use crate::optimizer::{check_betas, check_epsilon};

/// Adam, in PyTorch's formulas and with its defaults β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸; η is often
/// 10⁻³:
///
/// ```text
/// m ← β₁ m + (1 − β₁) g
/// v ← β₂ v + (1 − β₂) g²
/// v̂ ← v                             or with AMSGrad    v̂ ← max(v̂, v)
/// θ ← θ − η · m / (1 − β₁ᵗ) / (√(v̂ / (1 − β₂ᵗ)) + ε)
/// ```
///
/// Sources: Kingma, Ba 2015, *Adam: a method for stochastic optimization*, algorithm 1; Reddi, Kale,
/// Kumar 2018, *On the convergence of Adam and beyond*, algorithm 2, which does not divide by
/// 1 − βᵗ: PyTorch does.
pub type Adam<T = f32> = Descent<AdamRule, T>;

/// The rule of [`Adam`].
#[derive(Clone, Debug)]
pub struct AdamRule {
    betas: (f64, f64),
    epsilon: f64,
    amsgrad: bool,
}

impl Default for AdamRule {
    fn default() -> Self {
        AdamRule {
            betas: (0.9, 0.999),
            epsilon: 1e-8,
            amsgrad: false,
        }
    }
}

impl<T: Scalar> Adam<T> {
    /// AdamW: Adam with [decoupled weight decay](Descent::decoupled_weight_decay) λ; PyTorch's
    /// default is 0.01.
    ///
    /// # Panics
    /// If η or λ is negative, NaN or infinite.
    #[track_caller]
    pub fn decoupled(rate: f64, weight_decay: f64) -> Self {
        Self::new(rate).decoupled_weight_decay(weight_decay)
    }

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

    /// AMSGrad: a step never grows because large gradients are forgotten.
    #[must_use]
    pub fn amsgrad(mut self) -> Self {
        self.rule.amsgrad = true;
        self
    }
}

impl UpdateRule for AdamRule {
    const NAME: &'static str = "adam";

    fn memory(&self) -> &'static [&'static str] {
        match self.amsgrad {
            true => &["m", "v", "v_max"],
            false => &["m", "v"],
        }
    }

    fn update<T: Scalar>(&self, step: Step, elements: Elements<'_, T>) {
        let (beta1, beta2) = self.betas;
        let (first, second) = (Average::new(beta1), Average::new(beta2));
        // √(1 − β₂ᵗ) times what is divided and what divides.
        let root = step.bias_correction(beta2).sqrt();
        let rate = T::from_f64(step.rate * root / step.bias_correction(beta1));
        let epsilon = T::from_f64(self.epsilon * root);
        if self.amsgrad {
            elements.each(move |theta, g, [m, v, v_max]| {
                first.add(m, g);
                second.add_square(v, g);
                *v_max = if *v > *v_max { *v } else { *v_max };
                *theta -= rate * *m / (v_max.sqrt() + epsilon);
            });
        } else {
            elements.each(move |theta, g, [m, v]| {
                first.add(m, g);
                second.add_square(v, g);
                *theta -= rate * *m / (v.sqrt() + epsilon);
            });
        }
    }
}
