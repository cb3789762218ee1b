//! The learning rate of a run with a schedule or a plateau.

use autograd::Scalar;

use super::Fit;
use crate::{Plateau, Trainer};

/// What the learning rate was set to.
#[derive(Clone, Copy)]
pub(super) struct Rate {
    /// That the schedule is a factor of.
    base: f64,
    /// What it was set to last: if it is another now, somebody has set a new base.
    last: f64,
}

impl<T: Scalar> Fit<'_, T> {
    /// The learning rate of a step, if there is a schedule.
    pub(super) fn set_rate(&mut self, trainer: &mut Trainer<T>, steps: u64) {
        let schedule = self
            .schedule
            .as_ref()
            .map(|schedule| schedule.factor(steps));
        let plateau = self.plateau.as_ref().map(Plateau::factor);
        if schedule.is_none() && plateau.is_none() {
            return;
        }
        let found = trainer.optimizer().learning_rate();
        let base = match self.rate {
            Some(rate) if rate.last == found => rate.base,
            _ => found,
        };
        let last = base * schedule.unwrap_or(1.0) * plateau.unwrap_or(1.0);
        trainer.set_learning_rate(last);
        self.rate = Some(Rate { base, last });
    }
}
