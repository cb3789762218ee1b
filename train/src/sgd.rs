//! Stochastic gradient descent.

use autograd::{Matrix, Scalar};
use layers::ParameterSet;
use rayon::prelude::*;

use crate::blocks::{BLOCK, TOGETHER, vectorised};
use crate::optimizer::{check_decay, check_rate, steps_from_tensors, steps_to_tensor};
use crate::per_parameter::PerParameter;
use crate::{Optimizer, ParameterGradients, StateError};

/// Stochastic gradient descent, with momentum μ as PyTorch defines it:
///
/// ```text
/// v ← μ v + g
/// θ ← θ − η v            or with Nesterov's momentum   θ ← θ − η (g + μ v)
/// ```
///
/// Source: Sutskever, Martens, Dahl, Hinton 2013, *On the importance of initialization and
/// momentum in deep learning*; PyTorch multiplies η outside of v.
#[derive(Clone, Debug)]
pub struct Sgd<T: Scalar = f32> {
    rate: f64,
    momentum: f64,
    nesterov: bool,
    steps: u64,
    velocity: PerParameter<T>,
}

const STEPS: &str = "sgd.step";
const VELOCITY: &str = "sgd.v";

impl<T: Scalar> Sgd<T> {
    /// θ ← θ − η g.
    ///
    /// # Panics
    /// If the learning rate η is negative, NaN or infinite.
    #[track_caller]
    pub fn new(rate: f64) -> Self {
        check_rate(rate);
        Sgd {
            rate,
            momentum: 0.0,
            nesterov: false,
            steps: 0,
            velocity: PerParameter::empty(),
        }
    }

    /// With momentum μ, often 0.9.
    ///
    /// # Panics
    /// If μ is not in 0..1.
    #[must_use]
    #[track_caller]
    pub fn momentum(self, momentum: f64) -> Self {
        check_decay("a momentum", momentum);
        Sgd { momentum, ..self }
    }

    /// With Nesterov's momentum μ.
    ///
    /// # Panics
    /// If μ is not in 0..1.
    #[must_use]
    #[track_caller]
    pub fn nesterov(self, momentum: f64) -> Self {
        check_decay("a momentum", momentum);
        Sgd {
            momentum,
            nesterov: true,
            ..self
        }
    }

    fn has_velocity(&self) -> bool {
        self.momentum != 0.0
    }
}

/// What is the same for all elements in one step.
#[derive(Clone, Copy)]
struct Coefficients<T> {
    /// On the gradients.
    factor: T,
    rate: T,
    momentum: T,
    nesterov: bool,
}

impl<T: Scalar> Coefficients<T> {
    #[inline(always)]
    fn descend(self, theta: &mut [T], g: &[T]) {
        for (theta, &g) in theta.iter_mut().zip(g) {
            *theta -= self.rate * (self.factor * g);
        }
    }

    #[inline(always)]
    fn roll(self, theta: &mut [T], v: &mut [T], g: &[T]) {
        let mu = self.momentum;
        for ((theta, v), &g) in theta.iter_mut().zip(v).zip(g) {
            let g = self.factor * g;
            *v = mu * *v + g;
            *theta -= self.rate * if self.nesterov { g + mu * *v } else { *v };
        }
    }
}

impl<T: Scalar> Optimizer<T> for Sgd<T> {
    #[track_caller]
    fn step(
        &mut self,
        parameters: &mut ParameterSet<T>,
        gradients: &ParameterGradients<T>,
        factor: f64,
    ) {
        self.steps += 1;
        let c = Coefficients {
            factor: T::from_f64(factor),
            rate: T::from_f64(self.rate),
            momentum: T::from_f64(self.momentum),
            nesterov: self.nesterov,
        };
        if self.has_velocity() {
            self.velocity.prepare(parameters);
        }
        for id in parameters.ids() {
            let theta = parameters.get_mut(id).data_mut().par_chunks_mut(BLOCK);
            let blocks = theta.zip(gradients.get(id).data().par_chunks(BLOCK));
            if self.has_velocity() {
                let velocity = self.velocity.get_mut(id).data_mut().par_chunks_mut(BLOCK);
                let roll = |((theta, g), v): ((&mut [T], &[T]), &mut [T])| {
                    vectorised(
                        #[inline(always)]
                        || c.roll(theta, v, g),
                    );
                };
                blocks.zip(velocity).with_min_len(TOGETHER).for_each(roll);
            } else {
                blocks.with_min_len(TOGETHER).for_each(|(theta, g)| {
                    vectorised(
                        #[inline(always)]
                        || c.descend(theta, g),
                    );
                });
            }
        }
    }

    fn state(&self, parameters: &ParameterSet<T>) -> Vec<(String, Matrix<T>)> {
        let mut tensors = vec![steps_to_tensor(STEPS, self.steps)];
        if self.has_velocity() {
            tensors.extend(self.velocity.state(VELOCITY, parameters));
        }
        tensors
    }

    fn load_state(
        &mut self,
        parameters: &ParameterSet<T>,
        tensors: &[(String, Matrix<T>)],
    ) -> Result<(), StateError> {
        let steps = steps_from_tensors(STEPS, tensors)?;
        if self.has_velocity() {
            self.velocity = PerParameter::from_state(VELOCITY, parameters, tensors)?;
        }
        self.steps = steps;
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
