//! [`Descent`]: what all optimizers have in common, and [`UpdateRule`]: what they have not.

use std::fmt::Debug;
use std::ops::Range;

use autograd::{Matrix, Scalar};
use layers::ParameterSet;

use super::elements::{Decay, Elements};
use super::groups::{Group, Groups};
use crate::memory::Memory;
use crate::optimizer::{check_not_negative, check_rate, steps_from_tensors, steps_to_tensor};
use crate::{Optimizer, ParameterGradients, StateError};

/// How one element of a parameter θ follows from its gradient g and from what is remembered of it:
/// all that tells one optimizer from another.
///
/// An optimizer of one's own is a rule; [`Descent`] does the rest. Lion (Chen et al. 2023, *Symbolic
/// discovery of optimization algorithms*, algorithm 2):
///
/// ```
/// use train::prelude::*;
/// use train::{Descent, Elements, Step, UpdateRule};
///
/// #[derive(Clone, Debug)]
/// struct Lion;
///
/// impl UpdateRule for Lion {
///     const NAME: &'static str = "lion";
///
///     fn memory(&self) -> &'static [&'static str] {
///         &["m"]
///     }
///
///     fn update<T: Scalar>(&self, step: Step, elements: Elements<'_, T>) {
///         let [rate, nine, rest, slow, little] = [step.rate, 0.9, 0.1, 0.99, 0.01].map(T::from_f64);
///         elements.each(move |theta, g, [m]| {
///             let c = nine * *m + rest * g;
///             *theta -= if c > T::ZERO { rate } else { -rate };
///             *m = slow * *m + little * g;
///         });
///     }
/// }
///
/// let mut set = ParameterSet::<f32>::new();
/// let w = set.add("line.W", Matrix::from([[1.0, -1.0]]));
/// let lion = Descent::with_rule(Lion, 0.25).decoupled_weight_decay(0.1);
/// let mut trainer = Trainer::new(set, lion);
/// trainer.step(|p| p.var(w).square().sum())?;
/// assert_eq!(*trainer.parameters().get(w), Matrix::from([[0.725, -0.725]]));
/// # Ok::<(), train::TrainError>(())
/// ```
pub trait UpdateRule: Clone + Debug + Send {
    /// What the names of its tensors begin with: "adam".
    const NAME: &'static str;

    /// What it remembers of each parameter, by name: matrices of the parameter's shape, at first 0.
    fn memory(&self) -> &'static [&'static str];

    /// Changes one parameter, by a call of [`Elements::each`].
    fn update<T: Scalar>(&self, step: Step, elements: Elements<'_, T>);
}

/// What is the same for all elements of a parameter in a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The number of the step, from 1.
    pub t: u64,
    /// The learning rate η of the parameter.
    pub rate: f64,
}

impl Step {
    /// 1 − βᵗ: how much of its weight an average over t steps that began with 0 has given to values.
    pub fn bias_correction(self, beta: f64) -> f64 {
        1.0 - beta.powi(self.exponent())
    }

    /// t, as a power takes it.
    pub(super) fn exponent(self) -> i32 {
        i32::try_from(self.t).unwrap_or(i32::MAX)
    }
}

/// An optimizer: a rule, with a learning rate, weight decay, groups of parameters and a memory.
///
/// [`Adam`](crate::Adam), [`Sgd`](crate::Sgd) and the others are this with a rule of their own, and
/// have its methods. Elements are spread over threads, and the result does not depend on how. Of a parameter that is
/// [sparse](ParameterSet::set_sparse), only the rows change that have a gradient, and what is remembered of them.
///
/// ```
/// use train::{Adam, Group, Optimizer};
/// let adam = Adam::<f32>::decoupled(1e-3, 0.01)
///     .group("*.b", Group::new().weight_decay(0.0))
///     .group("embedding.*", Group::new().rate(0.1));
/// assert_eq!(adam.learning_rate(), 1e-3);
/// ```
#[derive(Clone, Debug)]
pub struct Descent<R, T: Scalar = f32> {
    pub(super) rule: R,
    rate: f64,
    weight_decay: f64,
    decoupled: bool,
    groups: Groups,
    steps: u64,
    memory: Memory<T>,
}

impl<R: UpdateRule + Default, T: Scalar> Descent<R, T> {
    /// With learning rate η, and the rule's settings as PyTorch has them if nothing is said.
    ///
    /// # Panics
    /// If η is negative, NaN or infinite.
    #[track_caller]
    pub fn new(rate: f64) -> Self {
        Self::with_rule(R::default(), rate)
    }
}

impl<R: UpdateRule, T: Scalar> Descent<R, T> {
    /// With learning rate η, by any rule.
    ///
    /// # Panics
    /// If η is negative, NaN or infinite.
    #[track_caller]
    pub fn with_rule(rule: R, rate: f64) -> Self {
        check_rate(rate);
        Descent {
            rule,
            rate,
            weight_decay: 0.0,
            decoupled: false,
            groups: Groups::default(),
            steps: 0,
            memory: Memory::empty(),
        }
    }

    /// With weight decay λ as a part of the gradient, g ← g + λ θ (after clipping): the loss then
    /// has λ ‖θ‖² / 2 more. PyTorch's `weight_decay`, but for AdamW.
    ///
    /// # Panics
    /// If λ is negative, NaN or infinite.
    #[must_use]
    #[track_caller]
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        check_not_negative("a weight decay", weight_decay);
        Descent {
            weight_decay,
            decoupled: false,
            ..self
        }
    }

    /// With decoupled weight decay λ, which the rule does not see: θ ← θ − η λ θ before its update.
    ///
    /// Source: Loshchilov, Hutter 2019, *Decoupled weight decay regularization*, algorithms 1 and 2,
    /// with η as PyTorch has it.
    ///
    /// # Panics
    /// If λ is negative, NaN or infinite.
    #[must_use]
    #[track_caller]
    pub fn decoupled_weight_decay(self, weight_decay: f64) -> Self {
        check_not_negative("a weight decay", weight_decay);
        Descent {
            weight_decay,
            decoupled: true,
            ..self
        }
    }

    /// With settings of their own for the parameters whose names fit a pattern, in which `*` stands
    /// for any characters: "*.b", "lstm1.*". Of several groups a parameter is in the first that fits.
    ///
    /// A pattern that is left with no parameter is a mistake, which [`Trainer::new`], or the first
    /// step without a trainer, tells by a panic.
    ///
    /// [`Trainer::new`]: crate::Trainer::new
    #[must_use]
    pub fn group(mut self, pattern: impl Into<String>, group: Group) -> Self {
        self.groups.add(pattern.into(), group);
        self
    }

    /// The names of the tensors but for the parameter's, and the count of steps: "adam.m".
    fn prefixes(&self) -> impl Iterator<Item = String> {
        let names = self.rule.memory().iter();
        names.map(|name| format!("{}.{name}", R::NAME))
    }

    fn step_name() -> String {
        format!("{}.step", R::NAME)
    }

    fn decay<S: Scalar>(&self, group: Group, rate: f64) -> Decay<S> {
        let lambda = group.weight_decay_or(self.weight_decay);
        match self.decoupled {
            true => Decay::Decoupled(S::from_f64(1.0 - rate * lambda)),
            false if lambda == 0.0 => Decay::Decoupled(S::ONE),
            false => Decay::InGradient(S::from_f64(lambda)),
        }
    }
}

impl<R: UpdateRule, T: Scalar> Optimizer<T> for Descent<R, T> {
    #[track_caller]
    fn step(
        &mut self,
        parameters: &mut ParameterSet<T>,
        gradients: &ParameterGradients<T>,
        factor: f64,
    ) {
        if self.memory.is_empty()
            && let Some(mistake) = self.mistake(parameters)
        {
            panic!("{mistake}");
        }
        self.memory.prepare(self.rule.memory().len(), parameters);
        self.steps += 1;
        for id in parameters.ids() {
            let group = self.groups.of(parameters.name(id));
            let step = Step {
                t: self.steps,
                rate: group.scale(self.rate),
            };
            let decay = self.decay(group, step.rate);
            let theta = parameters.get_mut(id);
            let (cols, theta) = (theta.col_count(), theta.data_mut());
            let mut update = |range: Range<usize>, g| {
                let elements = Elements {
                    theta: &mut theta[range.clone()],
                    g,
                    memory: &mut self.memory,
                    id,
                    range,
                    factor: T::from_f64(factor),
                    decay,
                };
                self.rule.update(step, elements);
            };
            match gradients.rows(id) {
                Some(rows) => rows.for_each(|(r, g)| update(r * cols..(r + 1) * cols, g)),
                None => {
                    let g = gradients.get(id).data();
                    update(0..g.len(), g);
                }
            }
        }
    }

    fn state(&self, parameters: &ParameterSet<T>) -> Vec<(String, Matrix<T>)> {
        let mut tensors = vec![steps_to_tensor(&Self::step_name(), self.steps)];
        for (kind, prefix) in self.prefixes().enumerate() {
            tensors.extend(self.memory.state(kind, &prefix, parameters));
        }
        tensors
    }

    fn load_state(
        &mut self,
        parameters: &ParameterSet<T>,
        tensors: &[(String, Matrix<T>)],
    ) -> Result<(), StateError> {
        let steps = steps_from_tensors(&Self::step_name(), tensors)?;
        self.memory = Memory::from_state(self.prefixes(), parameters, tensors)?;
        self.steps = steps;
        Ok(())
    }

    fn mistake(&self, parameters: &ParameterSet<T>) -> Option<String> {
        let names: Vec<_> = parameters.ids().map(|id| parameters.name(id)).collect();
        self.groups.mistake(&names)
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
