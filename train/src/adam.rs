//! Adam and AdamW.

use autograd::{Matrix, Scalar};
use layers::ParameterSet;
use rayon::prelude::*;

use crate::blocks::{BLOCK, TOGETHER, vectorised};
use crate::optimizer::{check_decay, check_rate, steps_from_tensors, steps_to_tensor};
use crate::per_parameter::PerParameter;
use crate::{Optimizer, ParameterGradients, StateError};

/// Adam, in PyTorch's formulas and with its defaults β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸:
///
/// ```text
/// m ← β₁ m + (1 − β₁) g
/// v ← β₂ v + (1 − β₂) g²
/// θ ← θ − η λ θ                                       (AdamW alone)
/// θ ← θ − η · m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε)
/// ```
///
/// Sources: Kingma, Ba 2015, *Adam: a method for stochastic optimization*, algorithm 1;
/// Loshchilov, Hutter 2019, *Decoupled weight decay regularization*, algorithm 2.
#[derive(Clone, Debug)]
pub struct Adam<T: Scalar = f32> {
    rate: f64,
    betas: (f64, f64),
    epsilon: f64,
    weight_decay: f64,
    steps: u64,
    m: PerParameter<T>,
    v: PerParameter<T>,
}

const STEPS: &str = "adam.step";
const M: &str = "adam.m";
const V: &str = "adam.v";

impl<T: Scalar> Adam<T> {
    /// Adam with learning rate η, often 10⁻³.
    ///
    /// # Panics
    /// If η is negative, NaN or infinite.
    #[track_caller]
    pub fn new(rate: f64) -> Self {
        check_rate(rate);
        Adam {
            rate,
            betas: (0.9, 0.999),
            epsilon: 1e-8,
            weight_decay: 0.0,
            steps: 0,
            m: PerParameter::empty(),
            v: PerParameter::empty(),
        }
    }

    /// AdamW: Adam with decoupled weight decay λ; PyTorch's default is 0.01.
    ///
    /// # Panics
    /// If η or λ is negative, NaN or infinite.
    #[track_caller]
    pub fn decoupled(rate: f64, weight_decay: f64) -> Self {
        assert!(
            weight_decay >= 0.0 && weight_decay.is_finite(),
            "a weight decay of {weight_decay}: it must be finite and not negative"
        );
        Adam {
            weight_decay,
            ..Self::new(rate)
        }
    }

    /// With other decay rates β₁, β₂ of the moments.
    ///
    /// # Panics
    /// If one is not in 0..1.
    #[must_use]
    #[track_caller]
    pub fn betas(self, beta1: f64, beta2: f64) -> Self {
        check_decay("a β₁", beta1);
        check_decay("a β₂", beta2);
        let betas = (beta1, beta2);
        Adam { betas, ..self }
    }

    /// With another ε.
    ///
    /// # Panics
    /// If ε is not positive and finite: where a gradient is 0, it is what is divided by.
    #[must_use]
    #[track_caller]
    pub fn epsilon(self, epsilon: f64) -> Self {
        assert!(
            epsilon > 0.0 && epsilon.is_finite(),
            "an ε of {epsilon}: it must be positive and finite"
        );
        Adam { epsilon, ..self }
    }

    /// The numbers of this step, computed in f64.
    fn coefficients(&self, factor: f64) -> Coefficients<T> {
        let (beta1, beta2) = self.betas;
        let t = i32::try_from(self.steps).unwrap_or(i32::MAX);
        let root = (1.0 - beta2.powi(t)).sqrt();
        let real = T::from_f64;
        Coefficients {
            factor: real(factor),
            beta1: real(beta1),
            beta2: real(beta2),
            one_less_beta1: real(1.0 - beta1),
            one_less_beta2: real(1.0 - beta2),
            keep: real(1.0 - self.rate * self.weight_decay),
            rate: real(self.rate * root / (1.0 - beta1.powi(t))),
            epsilon: real(self.epsilon * root),
        }
    }
}

/// What is the same for all elements in one step.
#[derive(Clone, Copy)]
struct Coefficients<T> {
    /// On the gradients.
    factor: T,
    beta1: T,
    beta2: T,
    one_less_beta1: T,
    one_less_beta2: T,
    /// 1 − η λ
    keep: T,
    /// η √(1 − β₂ᵗ) / (1 − β₁ᵗ)
    rate: T,
    /// ε √(1 − β₂ᵗ)
    epsilon: T,
}

impl<T: Scalar> Coefficients<T> {
    fn update(self, theta: &mut Matrix<T>, m: &mut Matrix<T>, v: &mut Matrix<T>, g: &Matrix<T>) {
        let moments = m
            .data_mut()
            .par_chunks_mut(BLOCK)
            .zip(v.data_mut().par_chunks_mut(BLOCK));
        let blocks = theta
            .data_mut()
            .par_chunks_mut(BLOCK)
            .zip(g.data().par_chunks(BLOCK));
        blocks
            .zip(moments)
            .with_min_len(TOGETHER)
            .for_each(|((theta, g), (m, v))| {
                vectorised(
                    #[inline(always)]
                    || self.update_block(theta, m, v, g),
                );
            });
    }

    #[inline(always)]
    fn update_block(self, theta: &mut [T], m: &mut [T], v: &mut [T], g: &[T]) {
        let elements = theta.iter_mut().zip(m.iter_mut().zip(v)).zip(g);
        for ((theta, (m, v)), &g) in elements {
            let g = self.factor * g;
            *m = self.beta1 * *m + self.one_less_beta1 * g;
            *v = self.beta2 * *v + self.one_less_beta2 * g * g;
            *theta = self.keep * *theta - self.rate * *m / (v.sqrt() + self.epsilon);
        }
    }
}

impl<T: Scalar> Optimizer<T> for Adam<T> {
    #[track_caller]
    fn step(
        &mut self,
        parameters: &mut ParameterSet<T>,
        gradients: &ParameterGradients<T>,
        factor: f64,
    ) {
        self.steps += 1;
        self.m.prepare(parameters);
        self.v.prepare(parameters);
        let coefficients = self.coefficients(factor);
        for id in parameters.ids() {
            let (m, v) = (self.m.get_mut(id), self.v.get_mut(id));
            coefficients.update(parameters.get_mut(id), m, v, gradients.get(id));
        }
    }

    fn state(&self, parameters: &ParameterSet<T>) -> Vec<(String, Matrix<T>)> {
        let mut tensors = vec![steps_to_tensor(STEPS, self.steps)];
        tensors.extend(self.m.state(M, parameters));
        tensors.extend(self.v.state(V, parameters));
        tensors
    }

    fn load_state(
        &mut self,
        parameters: &ParameterSet<T>,
        tensors: &[(String, Matrix<T>)],
    ) -> Result<(), StateError> {
        let steps = steps_from_tensors(STEPS, tensors)?;
        let m = PerParameter::from_state(M, parameters, tensors)?;
        let v = PerParameter::from_state(V, parameters, tensors)?;
        (self.steps, self.m, self.v) = (steps, m, v);
        Ok(())
    }

    fn steps(&self) -> u64 {
        self.steps
    }

    fn learning_rate(&self) -> f64 {
        self.rate
    }

    #[track_caller]
    fn set_learning_rate(&mut self, rate: f64) {
        check_rate(rate);
        self.rate = rate;
    }
}
