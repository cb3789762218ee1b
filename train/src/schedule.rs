//! [`Schedule`]: how the learning rate changes over a run.

use std::f64::consts::PI;

/// A factor on the learning rate, by step.
///
/// ```
/// use train::{Adam, Optimizer, Schedule};
/// let schedule = Schedule::Cosine { steps: 100, floor: 0.1 };
/// let mut adam = Adam::<f32>::new(1e-3);
/// adam.set_learning_rate(1e-3 * schedule.factor(50));
/// assert!((adam.learning_rate() - 0.55e-3).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Schedule {
    /// Always 1.
    #[default]
    Constant,
    /// 1 − (1 − floor) s / steps, from 1 down to `floor` on a straight line.
    Linear {
        /// The steps to the floor.
        steps: u64,
        /// The factor from then on.
        floor: f64,
    },
    /// floor + (1 − floor) (1 + cos(π s / steps)) / 2.
    ///
    /// Source: Loshchilov, Hutter 2017, *SGDR: stochastic gradient descent with warm restarts*,
    /// equation 5, without the restarts.
    Cosine {
        /// The steps to the floor.
        steps: u64,
        /// The factor from then on.
        floor: f64,
    },
}

impl Schedule {
    /// The factor at a step, counted from 0.
    pub fn factor(self, step: u64) -> f64 {
        match self {
            Schedule::Constant => 1.0,
            Schedule::Linear { steps, floor } => 1.0 - (1.0 - floor) * done(step, steps),
            Schedule::Cosine { steps, floor } => {
                floor + (1.0 - floor) * (1.0 + (PI * done(step, steps)).cos()) / 2.0
            }
        }
    }
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
            Schedule::Linear { steps, floor },
            Schedule::Cosine { steps, floor },
        ] {
            assert_eq!(schedule.factor(0), 1.0);
            assert!((schedule.factor(5) - 0.6).abs() < 1e-12);
            assert!((schedule.factor(10) - floor).abs() < 1e-12);
            assert_eq!(schedule.factor(10), schedule.factor(1000));
        }
        assert_eq!(Schedule::Constant.factor(7), 1.0);
        assert_eq!(Schedule::Cosine { steps: 0, floor }.factor(0), floor);
    }
}
