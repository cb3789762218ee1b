//! Stochastic gradient descent.

use autograd::Scalar;

use super::descent::{Descent, Step, UpdateRule};
use super::elements::Elements;
use crate::optimizer::check_decay;

/// Stochastic gradient descent, with momentum μ as PyTorch defines it:
///
/// ```text
/// v ← μ v + g
/// θ ← θ − η v            or with Nesterov's momentum   θ ← θ − η (g + μ v)
/// ```
///
/// Source: Sutskever, Martens, Dahl, Hinton 2013, *On the importance of initialization and
/// momentum in deep learning*; PyTorch multiplies η outside of v.
pub type Sgd<T = f32> = Descent<SgdRule, T>;

/// The rule of [`Sgd`].
#[derive(Clone, Debug, Default)]
pub struct SgdRule {
    momentum: f64,
    nesterov: bool,
}

impl<T: Scalar> Sgd<T> {
    /// With momentum μ, often 0.9.
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

    /// With Nesterov's momentum μ.
    ///
    /// # Panics
    /// If μ is not in 0..1.
    #[must_use]
    #[track_caller]
    pub fn nesterov(mut self, momentum: f64) -> Self {
        check_decay("a momentum", momentum);
        self.rule = SgdRule {
            momentum,
            nesterov: true,
        };
        self
    }
}

impl UpdateRule for SgdRule {
    const NAME: &'static str = "sgd";

    fn memory(&self) -> &'static [&'static str] {
        if self.momentum == 0.0 { &[] } else { &["v"] }
    }

    fn update<T: Scalar>(&self, step: Step, elements: Elements<'_, T>) {
        let [rate, mu] = [step.rate, self.momentum].map(T::from_f64);
        if self.momentum == 0.0 {
            elements.each(move |theta, g, []| *theta -= rate * g);
        } else if self.nesterov {
            elements.each(move |theta, g, [v]| {
                *v = mu * *v + g;
                *theta -= rate * (g + mu * *v);
            });
        } else {
            elements.each(move |theta, g, [v]| {
                *v = mu * *v + g;
                *theta -= rate * *v;
            });
        }
    }
}
