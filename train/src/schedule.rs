//! [`Schedule`]: how the learning rate changes over a run.

use std::f64::consts::PI;
use std::ops::Mul;

use crate::optimizer::check_not_negative;

/// A factor on the learning rate, by step. It remembers nothing: to resume it takes the number of the
/// step.
///
/// Schedules follow on one another, and a product of two is one:
///
/// ```
/// use train::{Adam, Optimizer, Schedule};
/// let schedule = Schedule::warm_up(10).then(Schedule::cosine(100, 0.1));
/// let mut adam = Adam::<f32>::new(1e-3);
/// adam.set_learning_rate(1e-3 * schedule.factor(60));
/// assert!((adam.learning_rate() - 0.55e-3).abs() < 1e-12);
///
/// let schedule = Schedule::warm_up(10) * Schedule::steps(30, 0.5);
/// assert_eq!(schedule.factor(100), 0.125);
/// ```
///
/// What depends on the loss is a [`Plateau`](crate::Plateau).
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule(Kind);

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Constant(f64),
    Linear { steps: u64, from: f64, to: f64 },
    Cosine { steps: u64, floor: f64 },
    Steps { every: u64, gamma: f64 },
    Milestones { milestones: Vec<u64>, gamma: f64 },
    Exponential { gamma: f64 },
    OneCycle { steps: u64, shape: OneCycle },
    Then(u64, Box<[Schedule; 2]>),
    Product(Box<[Schedule; 2]>),
}

/// The shape of [`Schedule::one_cycle`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneCycle {
    /// The share of the steps in which the rate rises.
    pub rise: f64,
    /// The factor at the first step.
    pub start: f64,
    /// The factor at the last step.
    pub end: f64,
}

impl Default for OneCycle {
    /// PyTorch's: it rises for 0.3 of the steps, from 1/25 to 1, and falls to 1/250 000.
    fn default() -> Self {
        OneCycle {
            rise: 0.3,
            start: 1.0 / 25.0,
            end: 1.0 / 25.0 / 1e4,
        }
    }
}

impl Schedule {
    /// Always this factor.
    ///
    /// # Panics
    /// If it is negative, NaN or infinite.
    #[track_caller]
    pub fn constant(factor: f64) -> Self {
        check_not_negative("a factor on the learning rate", factor);
        Schedule(Kind::Constant(factor))
    }

    /// 1 − (1 − floor) s / steps: from 1 down to `floor` on a straight line, and then `floor`.
    ///
    /// # Panics
    /// If `floor` is negative, NaN or infinite.
    #[track_caller]
    pub fn linear(steps: u64, floor: f64) -> Self {
        check_not_negative("a floor of the learning rate", floor);
        let (from, to) = (1.0, floor);
        Schedule(Kind::Linear { steps, from, to })
    }

    /// (s + 1) / (steps + 1), and then 1: up on a straight line, and not from 0, at which the first
    /// step would stand still. PyTorch's `LinearLR` from 1 / (steps + 1).
    ///
    /// Source: Goyal et al. 2017, *Accurate, large minibatch SGD: training ImageNet in 1 hour*,
    /// section 2.2, gradual warmup.
    pub fn warm_up(steps: u64) -> Self {
        let (from, to) = (1.0 / (steps as f64 + 1.0), 1.0);
        Schedule(Kind::Linear { steps, from, to })
    }

    /// floor + (1 − floor) (1 + cos(π s / steps)) / 2, and then `floor`.
    ///
    /// Source: Loshchilov, Hutter 2017, *SGDR: stochastic gradient descent with warm restarts*,
    /// equation 5, without the restarts.
    ///
    /// # Panics
    /// If `floor` is negative, NaN or infinite.
    #[track_caller]
    pub fn cosine(steps: u64, floor: f64) -> Self {
        check_not_negative("a floor of the learning rate", floor);
        Schedule(Kind::Cosine { steps, floor })
    }

    /// γ^⌊s / every⌋: times γ after so many steps, again and again. PyTorch's `StepLR`.
    ///
    /// # Panics
    /// If `every` is 0, or γ is negative, NaN or infinite.
    #[track_caller]
    pub fn steps(every: u64, gamma: f64) -> Self {
        assert!(every > 0, "a factor on the learning rate every 0 steps");
        check_gamma(gamma);
        Schedule(Kind::Steps { every, gamma })
    }

    /// Times γ at each of these steps. PyTorch's `MultiStepLR`.
    ///
    /// # Panics
    /// If γ is negative, NaN or infinite.
    #[track_caller]
    pub fn milestones(milestones: impl Into<Vec<u64>>, gamma: f64) -> Self {
        check_gamma(gamma);
        let milestones = milestones.into();
        Schedule(Kind::Milestones { milestones, gamma })
    }

    /// γˢ: times γ at each step.
    ///
    /// # Panics
    /// If γ is negative, NaN or infinite.
    #[track_caller]
    pub fn exponential(gamma: f64) -> Self {
        check_gamma(gamma);
        Schedule(Kind::Exponential { gamma })
    }

    /// Up to 1 and down to nearly nothing, each on half a cosine: the optimizer's learning rate is
    /// the greatest of the run, and may be a large one. After so many steps it stays at the end.
    ///
    /// Source: Smith, Topin 2018, *Super-convergence: very fast training of neural networks using
    /// large learning rates*, section 3, in the two phases of PyTorch's `OneCycleLR`; the momentum
    /// stays what it is.
    ///
    /// # Panics
    /// If the share that rises is not in 0..=1, or another factor is negative, NaN or infinite.
    #[track_caller]
    pub fn one_cycle(steps: u64, shape: OneCycle) -> Self {
        let OneCycle { rise, start, end } = shape;
        assert!(
            (0.0..=1.0).contains(&rise),
            "a share of {rise} of the steps to rise in, which is not in 0..=1"
        );
        check_not_negative("a factor at the start", start);
        check_not_negative("a factor at the end", end);
        Schedule(Kind::OneCycle { steps, shape })
    }

    /// This schedule to its end, and then another, which counts its steps from there.
    ///
    /// # Panics
    /// If this has no end, as a constant: see [`Schedule::then_after`].
    #[must_use]
    #[track_caller]
    pub fn then(self, next: Schedule) -> Self {
        let Some(steps) = self.len() else {
            panic!("a schedule without an end: say with then_after(steps, …) where the next begins")
        };
        self.then_after(steps, next)
    }

    /// This schedule for so many steps, and then another, which counts its steps from there.
    /// PyTorch's `SequentialLR`.
    #[must_use]
    pub fn then_after(self, steps: u64, next: Schedule) -> Self {
        Schedule(Kind::Then(steps, Box::new([self, next])))
    }

    /// After how many steps it does not change any more, if it was told.
    fn len(&self) -> Option<u64> {
        match &self.0 {
            Kind::Linear { steps, .. }
            | Kind::Cosine { steps, .. }
            | Kind::OneCycle { steps, .. } => Some(*steps),
            Kind::Then(steps, parts) => Some(steps.saturating_add(parts[1].len()?)),
            Kind::Product(factors) => Some(factors[0].len()?.max(factors[1].len()?)),
            _ => None,
        }
    }

    /// The factor at a step, counted from 0.
    pub fn factor(&self, step: u64) -> f64 {
        match &self.0 {
            Kind::Constant(factor) => *factor,
            Kind::Linear { steps, from, to } => from - (from - to) * done(step, *steps),
            Kind::Cosine { steps, floor } => half_cosine(1.0, *floor, done(step, *steps)),
            Kind::Steps { every, gamma } => gamma.powf((step / every) as f64),
            Kind::Milestones { milestones, gamma } => {
                let passed = milestones.iter().filter(|&&m| m <= step).count();
                gamma.powf(passed as f64)
            }
            Kind::Exponential { gamma } => gamma.powf(step as f64),
            Kind::OneCycle { steps, shape } => shape.factor(step as f64, *steps as f64),
            Kind::Then(steps, parts) => match step.checked_sub(*steps) {
                None => parts[0].factor(step),
                Some(step) => parts[1].factor(step),
            },
            Kind::Product(factors) => factors[0].factor(step) * factors[1].factor(step),
        }
    }
}

impl OneCycle {
    fn factor(self, step: f64, steps: f64) -> f64 {
        let (top, last) = (self.rise * steps - 1.0, steps - 1.0);
        if step < top {
            half_cosine(self.start, 1.0, step / top)
        } else if step < last {
            half_cosine(1.0, self.end, (step - top) / (last - top))
        } else {
            self.end
        }
    }
}

impl Default for Schedule {
    /// Always 1.
    fn default() -> Self {
        Schedule(Kind::Constant(1.0))
    }
}

impl Mul for Schedule {
    type Output = Schedule;

    /// The product of the factors at each step.
    fn mul(self, other: Schedule) -> Schedule {
        Schedule(Kind::Product(Box::new([self, other])))
    }
}

#[track_caller]
fn check_gamma(gamma: f64) {
    check_not_negative("a γ", gamma);
}

/// From one factor to another on half a cosine, as a share of the way is done.
fn half_cosine(from: f64, to: f64, done: f64) -> f64 {
    to + (from - to) * (1.0 + (PI * done).cos()) / 2.0
}

/// How much of the way is done, from 0 to 1.
fn done(step: u64, steps: u64) -> f64 {
    if step < steps {
        step as f64 / steps as f64
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_go_from_one_to_their_floor_and_stay_there() {
        let (steps, floor) = (10, 0.2);
        for schedule in [
            Schedule::linear(steps, floor),
            Schedule::cosine(steps, floor),
        ] {
            assert_eq!(schedule.factor(0), 1.0);
            assert!((schedule.factor(5) - 0.6).abs() < 1e-12);
            assert!((schedule.factor(10) - floor).abs() < 1e-12);
            assert_eq!(schedule.factor(10), schedule.factor(u64::MAX));
        }
        assert_eq!(Schedule::default().factor(7), 1.0);
        assert_eq!(Schedule::cosine(0, floor).factor(0), floor);
        assert_eq!(Schedule::warm_up(0).factor(0), 1.0);
    }

    #[test]
    fn one_cycle_of_any_length_is_within_its_factors_and_ends_at_the_last() {
        for steps in 0..30 {
            for rise in [0.0, 0.3, 0.5, 1.0] {
                let shape = OneCycle {
                    rise,
                    ..OneCycle::default()
                };
                let schedule = Schedule::one_cycle(steps, shape);
                for step in 0..steps + 3 {
                    let factor = schedule.factor(step);
                    assert!((shape.end..=1.0).contains(&factor), "{schedule:?} {step}");
                }
                assert_eq!(schedule.factor(steps), shape.end);
            }
        }
    }

    #[test]
    fn what_follows_begins_where_the_first_ends() {
        let down = || Schedule::cosine(4, 0.5);
        let both = Schedule::warm_up(3).then(down()).then(down());
        for s in 0..4 {
            assert_eq!(both.factor(s + 3), down().factor(s));
            assert_eq!(both.factor(s + 7), down().factor(s));
        }
        assert_eq!(both.factor(0), 0.25);
        assert_eq!(both.factor(11), 0.5);
        let longest = (Schedule::linear(5, 0.5) * down()).then(Schedule::constant(3.0));
        assert_eq!((longest.factor(4), longest.factor(5)), (0.6 * 0.5, 3.0));
    }
}
