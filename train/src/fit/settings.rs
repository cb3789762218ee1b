//! What a run is told before it begins.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use autograd::Scalar;

use super::progress::Progress;
use super::{Describe, Done, EpochReport, Fit, OnEpoch};
use crate::optimizer::check_decay;
use crate::{Plateau, Replace, Schedule, Trainer};

impl<'a, T: Scalar> Fit<'a, T> {
    /// Up to that epoch.
    pub fn new(epochs: u64) -> Self {
        Fit {
            epochs,
            time: None,
            seed: 0,
            schedule: None,
            plateau: None,
            decay: None,
            ema: None,
            patience: None,
            stop: None,
            on_epoch: None,
            progress: Progress { is_shown: true },
            save: None,
            save_every: None,
            save_best: None,
            replaced: Replace::Checkpoint,
            describe: None,
            metadata: serde_json::Map::new(),
            done: Done::default(),
            rate: None,
            keeps_best: false,
            best: None,
        }
    }

    /// Up to that epoch: a run that has ended may go on to a later one.
    pub fn set_epochs(&mut self, epochs: u64) {
        self.epochs = epochs;
    }

    /// Ends a run when that time has passed, in the middle of an epoch if need be; the next one goes on there.
    #[must_use]
    pub fn for_time(self, time: Duration) -> Self {
        let time = Some(time);
        Fit { time, ..self }
    }

    /// The seed of the noise of training, such as dropout: 0 unless told.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Fit { seed, ..self }
    }

    /// Multiplies the optimizer's learning rate by that factor at every step.
    #[must_use]
    pub fn schedule(self, schedule: Schedule) -> Self {
        let schedule = Some(schedule);
        Fit { schedule, ..self }
    }

    /// Multiplies the optimizer's learning rate by the factor that the plateau has of the losses so far (of
    /// validation, if there is one); beside a schedule, by both.
    #[must_use]
    pub fn plateau(self, plateau: Plateau) -> Self {
        let plateau = Some(plateau);
        Fit { plateau, ..self }
    }

    /// Averages the parameters over the steps with that decay, see [`Ema`](crate::Ema), and validates with the
    /// averages. The best epoch is that of the averages, and what is [kept](Fit::keep_best) are they.
    ///
    /// # Panics
    /// If the decay is not in 0..1.
    #[must_use]
    #[track_caller]
    pub fn average(self, decay: f64) -> Self {
        check_decay("a decay of an average", decay);
        let decay = Some(decay);
        Fit { decay, ..self }
    }

    /// When the run has ended with its epochs, gives the parameters the values that they had after the best
    /// one, which is that with the least loss (of validation, if there is one).
    #[must_use]
    pub fn keep_best(self) -> Self {
        Fit {
            keeps_best: true,
            ..self
        }
    }

    /// Ends the run when the loss has not become less for so many epochs, and [keeps](Fit::keep_best) the best
    /// one.
    #[must_use]
    pub fn early_stopping(self, epochs: u64) -> Self {
        Fit {
            patience: Some(epochs),
            keeps_best: true,
            ..self
        }
    }

    /// Ends the run after the mini-batch in which the flag is set, such as by a handler of Ctrl-C, which is the
    /// program's; what is to be saved is saved.
    #[must_use]
    pub fn stop_when(self, flag: &'a AtomicBool) -> Self {
        let stop = Some(flag);
        Fit { stop, ..self }
    }

    /// Calls a function after every epoch, when all is saved and shown. If it gives false, the run ends.
    #[must_use]
    pub fn on_epoch(self, f: impl FnMut(&EpochReport, &Trainer<T>) -> bool + 'a) -> Self {
        let on_epoch: Option<Box<OnEpoch<'a, T>>> = Some(Box::new(f));
        Fit { on_epoch, ..self }
    }

    /// Shows this text of an epoch, and not all that was measured.
    #[must_use]
    pub fn describe(self, describe: impl Fn(&EpochReport) -> String + 'a) -> Self {
        let describe: Option<Box<Describe<'a>>> = Some(Box::new(describe));
        Fit { describe, ..self }
    }

    /// Shows nothing. Unless told, a run shows a bar where the standard error is a terminal, and a line for
    /// every epoch on the standard output.
    #[must_use]
    pub fn silent(self) -> Self {
        let progress = Progress { is_shown: false };
        Fit { progress, ..self }
    }
}
