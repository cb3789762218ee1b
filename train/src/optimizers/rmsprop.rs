//! RMSprop.

use autograd::Scalar;

use super::average::Average;
use super::descent::{Descent, Step, UpdateRule};
use super::elements::Elements;
use crate::optimizer::{check_decay, check_epsilon};

/// RMSprop, in PyTorch's formulas and with its defaults α = 0.99, ε = 10⁻⁸, μ = 0; its η is 0.01:
///
/// ```text
/// v ← α v + (1 − α) g²
/// s = √v + ε           or centred   m ← α m + (1 − α) g,   s = √(v − m²) + ε
/// θ ← θ − η g / s      or with momentum   b ← μ b + g / s,   θ ← θ − η b
/// ```
///
/// Sources: Tieleman, Hinton 2012, *Neural networks for machine learning*, lecture 6.5; centred and
/// with momentum, Graves 2013, *Generating sequences with recurrent neural networks*, equations 38 to
/// 41, which have ε under the root; PyTorch has it outside.
pub type RmsProp<T = f32> = Descent<RmsPropRule, T>;

/// The rule of [`RmsProp`].
#[derive(Clone, Debug)]
pub struct RmsPropRule {
    alpha: f64,
    epsilon: f64,
    momentum: f64,
    centered: bool,
}

impl Default for RmsPropRule {
    fn default() -> Self {
        RmsPropRule {
            alpha: 0.99,
            epsilon: 1e-8,
            momentum: 0.0,
            centered: false,
        }
    }
}

impl<T: Scalar> RmsProp<T> {
    /// With another decay rate α of the averages; the lecture's is 0.9, Graves' 0.95.
    ///
    /// # Panics
    /// If α is not in 0..1.
    #[must_use]
    #[track_caller]
    pub fn alpha(mut self, alpha: f64) -> Self {
        check_decay("an α", alpha);
        self.rule.alpha = alpha;
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

    /// With momentum μ.
    ///
    /// # Panics
    /// If μ is not in 0..1.
    #[must_use]
    #[track_caller]
    pub fn momentum(mut self, momentum: f64) -> Self {
        check_decay("a momentum", momentum);
        self.rule.momentum = momentum;
        self
    }

    /// Divides by the gradient's standard deviation, and not by its root mean square.
    #[must_use]
    pub fn centered(mut self) -> Self {
        self.rule.centered = true;
        self
    }
}

impl UpdateRule for RmsPropRule {
    const NAME: &'static str = "rmsprop";

    fn memory(&self) -> &'static [&'static str] {
        match (self.centered, self.momentum > 0.0) {
            (false, false) => &["v"],
            (false, true) => &["v", "b"],
            (true, false) => &["v", "m"],
            (true, true) => &["v", "m", "b"],
        }
    }

    fn update<T: Scalar>(&self, step: Step, elements: Elements<'_, T>) {
        let average = Average::new(self.alpha);
        let [rate, mu, epsilon] = [step.rate, self.momentum, self.epsilon].map(T::from_f64);
        // g / s
        let scaled = move |g: T, v: &mut T| {
            average.add_square(v, g);
            g / (v.sqrt() + epsilon)
        };
        let centered = move |g: T, v: &mut T, m: &mut T| {
            average.add_square(v, g);
            average.add(m, g);
            let variance = *v - *m * *m;
            // Rounding can make it negative where gradients hardly change.
            let variance = if variance > T::ZERO {
                variance
            } else {
                T::ZERO
            };
            g / (variance.sqrt() + epsilon)
        };
        let roll = move |theta: &mut T, b: &mut T, x: T| {
            *b = mu * *b + x;
            *theta -= rate * *b;
        };
        match (self.centered, self.momentum > 0.0) {
            (false, false) => elements.each(move |theta, g, [v]| *theta -= rate * scaled(g, v)),
            (false, true) => elements.each(move |theta, g, [v, b]| roll(theta, b, scaled(g, v))),
            (true, false) => {
                elements.each(move |theta, g, [v, m]| *theta -= rate * centered(g, v, m))
            }
            (true, true) => {
                elements.each(move |theta, g, [v, m, b]| roll(theta, b, centered(g, v, m)))
            }
        }
    }
}
