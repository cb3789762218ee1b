//! [`Fit`]: the loop over epochs and mini-batches.

mod ended;
mod history;
mod pass;
mod progress;
mod rate;
mod saving;
mod settings;

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use autograd::{Scalar, Var};
use indicatif::ProgressBar;
use layers::{Bound, ParameterSet};
use serde::{Deserialize, Serialize};

use crate::{Ema, Measures, Plateau, Ranks, Replace, Schedule, Source, Trainer};
pub use ended::{Ended, FitError};
pub use history::{EpochReport, History, Scores};
pub use pass::evaluate;
use pass::{Running, begin, jobs, measures, noise_seed};
use progress::{Progress, describe};
use rate::Rate;

/// Trains a model epoch by epoch: shows how it goes, validates, stops when it no longer gets better, saves.
///
/// The model is a function that records the mean loss of a part of a mini-batch, and may measure something
/// beside it. Where it is trained, the parameters are bound for [`training`](Bound::training); where it is
/// validated, they are not.
///
/// ```
/// use train::prelude::*;
///
/// // Which of 3 numbers is the largest?
/// let draw = |rng: &mut ChaCha8Rng| Matrix::from_fn(1, 3, |_, _| rng.random::<f32>());
/// let mut rng = ChaCha8Rng::seed_from_u64(1);
/// let data: Vec<_> = (0..200).map(|_| draw(&mut rng)).map(|x| (x.row_argmax()[0], x)).collect();
/// let (training, validation) = split_at_random(data, 0.2, 1);
///
/// let mut set = ParameterSet::<f32>::new();
/// let output = Linear::new(&mut set, "output", 3, 3, &mut rng);
/// let mut trainer = Trainer::new(set, Sgd::new(1.0));
/// let mut fit = Fit::new(20).silent().early_stopping(5);
/// fit.run_and_validate(
///     &mut trainer,
///     &mut Samples::new(training, 16).shuffled(1),
///     &mut Samples::new(validation, 16),
///     |p, batch, measures| {
///         let (classes, rows): (Vec<_>, Vec<_>) = batch.iter().map(|(c, x)| (*c, x.row(0))).unzip();
///         let x = p.tape().constant(Matrix::from_fn(rows.len(), 3, |r, c| rows[r][c]));
///         let logits = output.apply(p, x);
///         measures.classes(logits, &classes);
///         logits.cross_entropy(&classes)
///     },
/// )?;
/// assert!(fit.history().epochs.last().unwrap().scores().measures.get("accuracy") > Some(0.8));
/// # Ok::<(), FitError>(())
/// ```
pub struct Fit<'a, T: Scalar = f32> {
    epochs: u64,
    time: Option<Duration>,
    seed: u64,
    schedule: Option<Schedule>,
    plateau: Option<Plateau>,
    decay: Option<f64>,
    /// Made when the parameters are first seen.
    ema: Option<Ema<T>>,
    patience: Option<u64>,
    stop: Option<&'a AtomicBool>,
    on_epoch: Option<Box<OnEpoch<'a, T>>>,
    progress: Progress,
    save: Option<PathBuf>,
    save_every: Option<u64>,
    save_best: Option<PathBuf>,
    replaced: Replace,
    describe: Option<Box<Describe<'a>>>,
    metadata: serde_json::Map<String, serde_json::Value>,
    done: Done,
    rate: Option<Rate>,
    keeps_best: bool,
    /// The parameters after the best epoch.
    best: Option<ParameterSet<T>>,
}

type OnEpoch<'a, T> = dyn FnMut(&EpochReport, &Trainer<T>) -> bool + 'a;

type Describe<'a> = dyn Fn(&EpochReport) -> String + 'a;

/// How far a run has come: what it takes to go on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Done {
    /// Mini-batches of the epoch after the last one in the history.
    batches: usize,
    /// What these add up to.
    running: Running,
    history: History,
    best: Option<Best>,
    /// The memory of the plateau, in a file.
    plateau: Option<serde_json::Value>,
}

impl Done {
    /// The number of the epoch that is not done yet.
    fn epoch(&self) -> u64 {
        self.history.epochs.len() as u64 + 1
    }

    /// Whether the last thing that was done is the best epoch.
    fn is_best(&self) -> bool {
        self.batches == 0 && self.best.is_some_and(|best| best.epoch + 1 == self.epoch())
    }
}

/// The best epoch, by its loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Best {
    epoch: u64,
    loss: f64,
}

impl<T: Scalar> Fit<'_, T> {
    /// The epochs that are done.
    pub fn history(&self) -> &History {
        &self.done.history
    }

    /// The number of the best epoch so far, by the loss of validation if there is one.
    pub fn best_epoch(&self) -> Option<u64> {
        self.done.best.map(|best| best.epoch)
    }

    /// The averages of the parameters over the steps, if it was told to [average](Fit::average) them and has
    /// begun.
    pub fn averages(&self) -> Option<&ParameterSet<T>> {
        self.ema.as_ref().map(Ema::average)
    }

    /// Trains, from where the last run has ended.
    ///
    /// # Errors
    /// If a loss or gradient is not finite, or something cannot be saved or shown.
    ///
    /// # Panics
    /// If the loss is not of shape [1, 1], or on another tape.
    #[track_caller]
    pub fn run<S, F>(
        &mut self,
        trainer: &mut Trainer<T>,
        training: &mut S,
        loss: F,
    ) -> Result<Ended, FitError>
    where
        S: Source<T>,
        F: for<'t> Fn(&Bound<'t, T>, &mut S::Part, &mut Measures) -> Var<'t, T> + Sync,
    {
        self.run_with(trainer, training, None, &loss)
    }

    /// [`Fit::run`], with a validation after every epoch.
    ///
    /// # Errors
    /// As [`Fit::run`].
    ///
    /// # Panics
    /// As [`Fit::run`].
    #[track_caller]
    pub fn run_and_validate<S, F>(
        &mut self,
        trainer: &mut Trainer<T>,
        training: &mut S,
        validation: &mut S,
        loss: F,
    ) -> Result<Ended, FitError>
    where
        S: Source<T>,
        F: for<'t> Fn(&Bound<'t, T>, &mut S::Part, &mut Measures) -> Var<'t, T> + Sync,
    {
        self.run_with(trainer, training, Some(validation), &loss)
    }

    /// [`Fit::run`], with a validation if there is something to validate with.
    #[track_caller]
    pub(crate) fn run_with<S, F>(
        &mut self,
        trainer: &mut Trainer<T>,
        training: &mut S,
        mut validation: Option<&mut S>,
        loss: &F,
    ) -> Result<Ended, FitError>
    where
        S: Source<T>,
        F: for<'t> Fn(&Bound<'t, T>, &mut S::Part, &mut Measures) -> Var<'t, T> + Sync,
    {
        let ranks = trainer.ranks().clone();
        self.check_paths(&ranks)?;
        let end = self.time.and_then(|time| Instant::now().checked_add(time));
        if let Some(decay) = self.decay.filter(|_| self.ema.is_none()) {
            self.ema = Some(Ema::new(trainer.parameters(), decay));
        }
        while self.done.epoch() <= self.epochs && !self.is_exhausted() {
            if let Some(ended) = self.train(trainer, training, end, loss)? {
                self.save_to(trainer, training, [&self.save])?;
                return Ok(ended);
            }
            let validation = match &mut validation {
                None => None,
                Some(data) => Some(self.validate(trainer, *data, loss)?),
            };
            let report = self.finish_epoch(trainer, training, validation);
            let best = self.save_best.clone().filter(|_| self.done.is_best());
            // Last what a run goes on from: if it ends in between, the epoch comes again, and is the best again.
            self.save_to(trainer, training, [&best, &self.save])?;
            ranks.agree(self.tell(&report, &ranks))?;
            let told = self.on_epoch.as_mut().is_some_and(|f| !f(&report, trainer));
            if let [true] = ranks.any([told]) {
                return Ok(Ended::Told);
            }
        }
        // Where there was nothing left to do, a file that was asked for is written all the same.
        let is_missing = |path: &PathBuf| ranks.any([ranks.is_first() && !path.exists()]) == [true];
        let missing = [&self.save, &self.save_best].map(|path| path.clone().filter(is_missing));
        self.save_to(trainer, training, &missing)?;
        if let Some(best) = self.best.take() {
            *trainer.parameters_mut() = best;
        }
        Ok(match self.done.best {
            Some(best) if self.is_exhausted() => Ended::Early { best: best.epoch },
            _ => Ended::Epochs,
        })
    }

    /// Shows an epoch.
    fn tell(&self, report: &EpochReport, ranks: &Ranks) -> Result<(), FitError> {
        if ranks.is_first() {
            self.progress.line(&match &self.describe {
                Some(describe) => describe(report),
                None => describe(report, self.epochs),
            })?;
        }
        Ok(())
    }

    /// Whether the loss has not become less for long.
    fn is_exhausted(&self) -> bool {
        let best = self.done.best;
        let waited = best.map_or(0, |best| self.done.epoch() - 1 - best.epoch);
        self.patience
            .is_some_and(|patience| waited >= patience.max(1))
    }

    /// The rest of an epoch, unless it has to end before.
    #[track_caller]
    fn train<S, F>(
        &mut self,
        trainer: &mut Trainer<T>,
        training: &mut S,
        end: Option<Instant>,
        loss: &F,
    ) -> Result<Option<Ended>, FitError>
    where
        S: Source<T>,
        F: for<'t> Fn(&Bound<'t, T>, &mut S::Part, &mut Measures) -> Var<'t, T> + Sync,
    {
        let epoch = self.done.epoch();
        let batches = begin(training, epoch, self.done.batches);
        let bar = match trainer.ranks().is_first() {
            true => self
                .progress
                .bar(epoch, self.epochs, batches, self.done.batches),
            false => ProgressBar::hidden(),
        };
        while self.done.batches < batches {
            let start = Instant::now();
            self.step(trainer, training, loss)?;
            self.done.running.seconds += start.elapsed().as_secs_f64();
            self.done.batches += 1;
            self.show(&bar);
            let steps = trainer.optimizer().steps();
            if self
                .save_every
                .is_some_and(|every| steps.is_multiple_of(every))
            {
                self.save_to(trainer, training, [&self.save])?;
            }
            let stopped = self.stop.is_some_and(|flag| flag.load(Relaxed));
            let late = end.is_some_and(|end| Instant::now() >= end);
            match trainer.ranks().any([stopped, late]) {
                [true, _] => return Ok(Some(Ended::Stopped)),
                [_, true] => return Ok(Some(Ended::Time)),
                _ => {}
            }
        }
        bar.finish_and_clear();
        Ok(None)
    }

    /// One mini-batch.
    #[track_caller]
    fn step<S, F>(
        &mut self,
        trainer: &mut Trainer<T>,
        training: &mut S,
        loss: &F,
    ) -> Result<(), FitError>
    where
        S: Source<T>,
        F: for<'t> Fn(&Bound<'t, T>, &mut S::Part, &mut Measures) -> Var<'t, T> + Sync,
    {
        let (batch, steps) = (self.done.batches, trainer.optimizer().steps());
        self.set_rate(trainer, steps);
        let noise = |part| noise_seed(self.seed, steps, part);
        let (mut jobs, weight) = jobs::<T, S>(training.parts(batch));
        let outcome = trainer.step_in_parts(&mut jobs, |p, job| {
            job.loss(&p.training(noise(job.number)), loss)
        });
        match outcome {
            Ok(report) => {
                if let Some(ema) = &mut self.ema {
                    ema.update(trainer.parameters());
                }
                let measures = measures(jobs, trainer.ranks());
                self.done.running.add(report.loss, weight, &measures);
                Ok(())
            }
            Err(source) => {
                let mut measures = Measures::default();
                let mut is_to_blame = |part: &mut S::Part| {
                    let noise = noise(0);
                    let value = trainer.evaluate(|p| loss(&p.training(noise), part, &mut measures));
                    !value.is_finite()
                };
                let mut alone = training.alone(batch).into_iter();
                let sample = alone.find_map(|(i, mut part)| is_to_blame(&mut part).then_some(i));
                Err(FitError::Step {
                    epoch: self.done.epoch(),
                    batch,
                    sample,
                    source,
                })
            }
        }
    }

    fn show(&self, bar: &ProgressBar) {
        let running = &self.done.running;
        bar.set_message(format!("loss {:.4}", running.loss / running.weight));
        bar.set_position(self.done.batches as u64);
    }

    /// A pass over the validation data.
    #[track_caller]
    fn validate<S, F>(
        &mut self,
        trainer: &mut Trainer<T>,
        data: &mut S,
        loss: &F,
    ) -> Result<Scores, FitError>
    where
        S: Source<T>,
        F: for<'t> Fn(&Bound<'t, T>, &mut S::Part, &mut Measures) -> Var<'t, T> + Sync,
    {
        let mut with_average = |trainer: &mut Trainer<T>| {
            if let Some(ema) = &mut self.ema {
                ema.swap(trainer.parameters_mut());
            }
        };
        with_average(trainer);
        let scores = evaluate(trainer, data, loss);
        with_average(trainer); // and back
        match scores.loss.is_finite() {
            true => Ok(scores),
            false => Err(FitError::Validation {
                epoch: self.done.epoch(),
                loss: scores.loss,
            }),
        }
    }

    /// Puts an epoch down in the history.
    fn finish_epoch<S: Source<T>>(
        &mut self,
        trainer: &Trainer<T>,
        training: &S,
        validation: Option<Scores>,
    ) -> EpochReport {
        let running = std::mem::take(&mut self.done.running);
        self.done.batches = 0;
        let epoch = self.done.epoch();
        let report = EpochReport {
            epoch,
            seconds: running.seconds,
            elements: running.weight,
            training: running.scores(),
            validation,
            learning_rate: trainer.optimizer().learning_rate(),
            rows: training.rows(),
        };
        let loss = report.scores().loss;
        if let Some(plateau) = &mut self.plateau {
            plateau.observe(loss);
        }
        if self.done.best.is_none_or(|best| loss < best.loss) {
            self.done.best = Some(Best { epoch, loss });
            let average = self.ema.as_ref().map(Ema::average);
            let best = || average.unwrap_or(trainer.parameters()).clone();
            self.best = self.keeps_best.then(best);
        }
        self.done.history.epochs.push(report.clone());
        report
    }
}

impl<T: Scalar> fmt::Debug for Fit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fit")
            .field("epochs", &self.epochs)
            .field("done", &self.done.history.epochs.len())
            .field("best", &self.done.best)
            .finish_non_exhaustive()
    }
}
