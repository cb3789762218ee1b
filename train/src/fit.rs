//! [`Fit`]: the loop over epochs and mini-batches.

mod history;
mod progress;
mod saving;

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use autograd::{Scalar, Var};
use indicatif::ProgressBar;
use layers::{Bound, ParameterSet};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{CheckpointError, DataError, Measures, Schedule, Source, TrainError, Trainer};
pub use history::{EpochReport, History, Scores};
use progress::{Progress, describe};

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
    schedule: Schedule,
    patience: Option<u64>,
    stop: Option<&'a AtomicBool>,
    on_epoch: Option<Box<OnEpoch<'a, T>>>,
    progress: Progress,
    save: Option<PathBuf>,
    save_every: Option<u64>,
    save_best: Option<PathBuf>,
    metadata: serde_json::Map<String, serde_json::Value>,
    done: Done,
    rate: Option<Rate>,
    keeps_best: bool,
    /// The parameters after the best epoch.
    best: Option<ParameterSet<T>>,
}

type OnEpoch<'a, T> = dyn FnMut(&EpochReport, &Trainer<T>) -> bool + 'a;

/// The learning rate of a run with a schedule.
#[derive(Clone, Copy)]
struct Rate {
    /// That the schedule is a factor of.
    base: f64,
    /// What it was set to last: if it is another now, somebody has set a new base.
    last: f64,
}

/// How far a run has come: what it takes to go on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Done {
    /// Mini-batches of the epoch after the last one in the history.
    batches: usize,
    /// What these add up to.
    running: Running,
    history: History,
    best: Option<Best>,
}

/// The best epoch, by its loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Best {
    epoch: u64,
    loss: f64,
}

/// A pass over data, as far as it has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Running {
    loss: f64,
    weight: f64,
    seconds: f64,
    measures: Measures,
}

impl Running {
    fn add<'m>(&mut self, loss: f64, weight: f64, measures: impl Iterator<Item = &'m Measures>) {
        self.loss += loss * weight;
        self.weight += weight;
        measures.for_each(|measures| self.measures.merge(measures));
    }

    fn scores(self) -> Scores {
        Scores {
            loss: self.loss / self.weight,
            measures: self.measures,
        }
    }
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All epochs are done.
    Epochs,
    /// The loss has not become less for some epochs; the parameters are those of the best one, if it was told
    /// to stop early.
    Early {
        /// The best epoch.
        best: u64,
    },
    /// The time is up. The next run goes on where this one has ended.
    Time,
    /// The flag of [`Fit::stop_when`] was set. The next run goes on where this one has ended.
    Stopped,
    /// The function of [`Fit::on_epoch`] said so.
    Told,
}

/// A run that cannot go on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FitError {
    /// A step that must not change the parameters.
    #[error("epoch {epoch}, mini-batch {batch}{}: {source}", of_sample(*sample))]
    Step {
        /// The epoch, from 1.
        epoch: u64,
        /// The mini-batch of the epoch, from 0.
        batch: usize,
        /// The index of a sample that alone has a loss that is not finite, if there is one.
        sample: Option<usize>,
        /// What is wrong, and where on the tape.
        source: TrainError,
    },
    /// Data that the model cannot read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A validation loss that is NaN or infinite.
    #[error("epoch {epoch}: the validation loss is {loss}")]
    Validation {
        /// The epoch, from 1.
        epoch: u64,
        /// The loss.
        loss: f64,
    },
    /// A checkpoint that cannot be written.
    #[error(transparent)]
    Save(#[from] CheckpointError),
    /// A report that cannot be written. What was to be saved is saved.
    #[error("cannot write to the standard output: {0}")]
    Report(#[from] std::io::Error),
}

fn of_sample(sample: Option<usize>) -> String {
    sample.map_or_else(String::new, |sample| format!(", sample {sample}"))
}

impl<'a, T: Scalar> Fit<'a, T> {
    /// Up to that epoch.
    pub fn new(epochs: u64) -> Self {
        Fit {
            epochs,
            time: None,
            seed: 0,
            schedule: Schedule::Constant,
            patience: None,
            stop: None,
            on_epoch: None,
            progress: Progress { is_shown: true },
            save: None,
            save_every: None,
            save_best: None,
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
        Fit { schedule, ..self }
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

    /// Shows nothing. Unless told, a run shows a bar where the standard error is a terminal, and a line for
    /// every epoch on the standard output.
    #[must_use]
    pub fn silent(self) -> Self {
        let progress = Progress { is_shown: false };
        Fit { progress, ..self }
    }

    /// The epochs that are done.
    pub fn history(&self) -> &History {
        &self.done.history
    }

    /// The number of the best epoch so far, by the loss of validation if there is one.
    pub fn best_epoch(&self) -> Option<u64> {
        self.done.best.map(|best| best.epoch)
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

    #[track_caller]
    fn run_with<S, F>(
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
        let end = self.time.map(|time| Instant::now() + time);
        let first = self.done.history.epochs.len() as u64 + 1;
        for epoch in first..=self.epochs {
            if self.is_exhausted() {
                break;
            }
            if let Some(ended) = self.train(trainer, training, (epoch, end), loss)? {
                self.save_now(trainer, training)?;
                return Ok(ended);
            }
            let validation = match &mut validation {
                None => None,
                Some(data) => Some(self.validate(trainer, *data, loss)?),
            };
            let report = self.finish_epoch(trainer, training, validation);
            self.save_after_epoch(trainer, training)?;
            self.progress.line(&describe(&report, self.epochs))?;
            if self.on_epoch.as_mut().is_some_and(|f| !f(&report, trainer)) {
                return Ok(Ended::Told);
            }
        }
        self.save_if_missing(trainer, training)?;
        if let Some(best) = self.best.take() {
            *trainer.parameters_mut() = best;
        }
        Ok(match self.done.best {
            Some(best) if self.is_exhausted() => Ended::Early { best: best.epoch },
            _ => Ended::Epochs,
        })
    }

    /// Whether the loss has not become less for long.
    fn is_exhausted(&self) -> bool {
        let epochs = self.done.history.epochs.len() as u64;
        let waited = self.done.best.map_or(0, |best| epochs - best.epoch);
        self.patience.is_some_and(|patience| waited >= patience.max(1))
    }

    /// The rest of an epoch, unless it has to end before.
    #[track_caller]
    fn train<S, F>(
        &mut self,
        trainer: &mut Trainer<T>,
        training: &mut S,
        (epoch, end): (u64, Option<Instant>),
        loss: &F,
    ) -> Result<Option<Ended>, FitError>
    where
        S: Source<T>,
        F: for<'t> Fn(&Bound<'t, T>, &mut S::Part, &mut Measures) -> Var<'t, T> + Sync,
    {
        let batches = begin(training, epoch, self.done.batches);
        let bar = self.progress.bar(epoch, self.epochs, batches, self.done.batches);
        while self.done.batches < batches {
            let start = Instant::now();
            self.step(trainer, training, epoch, loss)?;
            self.done.running.seconds += start.elapsed().as_secs_f64();
            self.done.batches += 1;
            self.show(&bar);
            let steps = trainer.optimizer().steps();
            if self.save_every.is_some_and(|every| steps.is_multiple_of(every)) {
                self.save_now(trainer, training)?;
            }
            if self.stop.is_some_and(|flag| flag.load(Relaxed)) {
                return Ok(Some(Ended::Stopped));
            }
            if end.is_some_and(|end| Instant::now() >= end) {
                return Ok(Some(Ended::Time));
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
        epoch: u64,
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
                let measures = jobs.iter().map(|job| &job.measures);
                self.done.running.add(report.loss, weight, measures);
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
                    epoch,
                    batch,
                    sample,
                    source,
                })
            }
        }
    }

    /// The learning rate of a step, if there is a schedule.
    fn set_rate(&mut self, trainer: &mut Trainer<T>, steps: u64) {
        if self.schedule == Schedule::Constant {
            return;
        }
        let found = trainer.optimizer().learning_rate();
        let base = match self.rate {
            Some(rate) if rate.last == found => rate.base,
            _ => found,
        };
        let last = base * self.schedule.factor(steps);
        trainer.set_learning_rate(last);
        self.rate = Some(Rate { base, last });
    }

    fn show(&self, bar: &ProgressBar) {
        let running = &self.done.running;
        bar.set_message(format!("loss {:.4}", running.loss / running.weight));
        bar.set_position(self.done.batches as u64);
    }

    /// A pass over the validation data.
    #[track_caller]
    fn validate<S, F>(
        &self,
        trainer: &mut Trainer<T>,
        data: &mut S,
        loss: &F,
    ) -> Result<Scores, FitError>
    where
        S: Source<T>,
        F: for<'t> Fn(&Bound<'t, T>, &mut S::Part, &mut Measures) -> Var<'t, T> + Sync,
    {
        let scores = evaluate(trainer, data, loss);
        match scores.loss.is_finite() {
            true => Ok(scores),
            false => Err(FitError::Validation {
                epoch: self.done.history.epochs.len() as u64 + 1,
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
        let epoch = self.done.history.epochs.len() as u64 + 1;
        let report = EpochReport {
            epoch,
            seconds: running.seconds,
            training: running.scores(),
            validation,
            learning_rate: trainer.optimizer().learning_rate(),
            rows: training.rows(),
        };
        let loss = report.scores().loss;
        if self.done.best.is_none_or(|best| loss < best.loss) {
            self.done.best = Some(Best { epoch, loss });
            self.best = self.keeps_best.then(|| trainer.parameters().clone());
        }
        self.done.history.epochs.push(report.clone());
        report
    }
}

/// The mean loss over data and what is measured beside it, without training.
///
/// # Panics
/// If the loss is not of shape [1, 1], or on another tape.
#[track_caller]
pub fn evaluate<T, S, F>(trainer: &mut Trainer<T>, data: &mut S, loss: F) -> Scores
where
    T: Scalar,
    S: Source<T>,
    F: for<'t> Fn(&Bound<'t, T>, &mut S::Part, &mut Measures) -> Var<'t, T> + Sync,
{
    let mut running = Running::default();
    for batch in 0..data.begin(1) {
        let (mut jobs, weight) = jobs::<T, S>(data.parts(batch));
        let value = trainer.evaluate_in_parts(&mut jobs, |p, job| job.loss(p, &loss));
        running.add(value, weight, jobs.iter().map(|job| &job.measures));
    }
    running.scores()
}

/// Begins an epoch, or goes on in the middle of one, with what was carried there.
fn begin<T: Scalar, S: Source<T>>(source: &mut S, epoch: u64, batches: usize) -> usize {
    if batches == 0 {
        return source.begin(epoch);
    }
    let state = source.state();
    let count = source.begin(epoch);
    source.load_state(&state).expect("its own state");
    count
}

/// A part of a mini-batch, with what is measured of it.
struct Job<'p, P> {
    part: &'p mut P,
    number: u64,
    /// Its share of the elements of the mini-batch.
    share: f64,
    measures: Measures,
}

/// The parts of a mini-batch, and the weight of all.
fn jobs<T: Scalar, S: Source<T>>(parts: &mut [S::Part]) -> (Vec<Job<'_, S::Part>>, f64) {
    let weight: f64 = parts.iter().map(S::weight).sum();
    let job = |(number, part): (usize, _)| Job {
        share: S::weight(part) / weight,
        part,
        number: number as u64,
        measures: Measures::default(),
    };
    (parts.iter_mut().enumerate().map(job).collect(), weight)
}

impl<P> Job<'_, P> {
    /// The part's share of the loss.
    #[track_caller]
    fn loss<'t, T, F>(&mut self, p: &Bound<'t, T>, loss: &F) -> Var<'t, T>
    where
        T: Scalar,
        F: for<'u> Fn(&Bound<'u, T>, &mut P, &mut Measures) -> Var<'u, T>,
    {
        let mean = loss(p, self.part, &mut self.measures);
        match self.share {
            1.0 => mean,
            share => mean * T::from_f64(share),
        }
    }
}

/// A seed for each part of each step, so that a resumed run draws what an unbroken one would have drawn.
fn noise_seed(seed: u64, step: u64, part: u64) -> u64 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream((part << 48) + step + 1);
    rng.random()
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
