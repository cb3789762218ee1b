//! [`Trainer`]: the training step.

mod error;

use std::fmt;

use autograd::{Scalar, Tape, Var};
use layers::{Bound, ParameterId, ParameterSet};
use rayon::prelude::*;

use crate::clip::check_threshold;
use crate::optimizer::check_rate;
use crate::shard::{Differentiated, Failure, Shard};
use crate::tensors::{dtype, from_bytes, to_bytes};
use crate::{Checkpoint, Optimizer, ParameterGradients, Ranks, StateError, clipping_factor};

pub use error::TrainError;

/// What happened in a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// The loss, before the parameters changed.
    pub loss: f64,
    /// The global norm of the gradients, before clipping.
    pub gradient_norm: f64,
}

/// Parameters, with all that it takes to train them: tapes, gradients and an optimizer.
///
/// After the first step, a step of the same shapes allocates no buffers.
pub struct Trainer<T: Scalar = f32> {
    /// At least one; the gradients of all are summed in the first.
    shards: Vec<Shard<T>>,
    parameters: ParameterSet<T>,
    optimizer: Box<dyn Optimizer<T>>,
    clip: Option<f64>,
    at_once: usize,
    ranks: Ranks,
}

impl<T: Scalar> fmt::Debug for Trainer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trainer")
            .field("parameters", &self.parameters)
            .field("learning_rate", &self.optimizer.learning_rate())
            .field("steps", &self.optimizer.steps())
            .field("clip", &self.clip)
            .finish_non_exhaustive()
    }
}

impl<T: Scalar> Trainer<T> {
    /// A trainer that does not clip.
    ///
    /// # Panics
    /// If the optimizer has a group that no parameter is in.
    #[track_caller]
    pub fn new(parameters: ParameterSet<T>, optimizer: impl Optimizer<T> + 'static) -> Self {
        Self::with_optimizer(parameters, Box::new(optimizer))
    }

    /// A trainer with an optimizer chosen at run time.
    ///
    /// # Panics
    /// If the optimizer has a group that no parameter is in.
    #[track_caller]
    pub fn with_optimizer(parameters: ParameterSet<T>, optimizer: Box<dyn Optimizer<T>>) -> Self {
        if let Some(mistake) = optimizer.mistake(&parameters) {
            panic!("{mistake}");
        }
        Trainer {
            shards: vec![Shard::new(&parameters)],
            parameters,
            optimizer,
            clip: None,
            at_once: usize::MAX,
            ranks: Ranks::alone(),
        }
    }

    /// Clips the global norm of the gradients: see [`clip_by_global_norm`](crate::clip_by_global_norm).
    ///
    /// # Panics
    /// If the threshold is not positive.
    #[must_use]
    #[track_caller]
    pub fn clip(mut self, threshold: f64) -> Self {
        self.set_clip(Some(threshold));
        self
    }

    /// Sets or removes the clipping threshold.
    ///
    /// # Panics
    /// If the threshold is not positive.
    #[track_caller]
    pub fn set_clip(&mut self, threshold: Option<f64>) {
        if let Some(threshold) = threshold {
            check_threshold(threshold);
        }
        self.clip = threshold;
    }

    /// Computes so many parts of a mini-batch at once, and adds up the gradients of those that come after
    /// ("gradient accumulation"): a mini-batch of eight parts, two at once, takes the memory of two. The result
    /// is the same.
    ///
    /// # Panics
    /// If it is 0.
    #[must_use]
    #[track_caller]
    pub fn at_once(mut self, parts: usize) -> Self {
        assert!(parts > 0, "no parts of a mini-batch at once");
        self.at_once = parts;
        self
    }

    /// Shares the parts of each mini-batch with other processes, see [`Ranks`]; they all begin with the parameters of
    /// the first. A step that is [not in parts](Trainer::step) each of them does for itself.
    ///
    /// # Panics
    /// If the first rank has parameters of other shapes.
    #[must_use]
    #[track_caller]
    pub fn over(mut self, ranks: &Ranks) -> Self {
        self.ranks = ranks.clone();
        if !ranks.is_alone() {
            for id in self.parameters.ids().collect::<Vec<_>>() {
                self.begin_with_first(id);
            }
        }
        self
    }

    #[track_caller]
    fn begin_with_first(&mut self, id: ParameterId) {
        let (first, name) = (self.ranks.is_first(), self.parameters.name(id).to_string());
        let value = self.parameters.get_mut(id);
        let message = if first {
            to_bytes(value.data())
        } else {
            Vec::new()
        };
        let message = self.ranks.broadcast(0, message);
        let values: Vec<T> = from_bytes(dtype::<T>(), &message);
        let (found, expected) = (values.len(), value.shape());
        assert!(
            found == expected.len(),
            "parameter {name} has {found} elements on the first rank, and is of shape {expected} here"
        );
        value.data_mut().copy_from_slice(&values);
    }

    /// The processes that each have a share of the parts.
    pub fn ranks(&self) -> &Ranks {
        &self.ranks
    }

    /// Sets the learning rate of the next steps.
    ///
    /// # Panics
    /// If it is negative, NaN or infinite.
    #[track_caller]
    pub fn set_learning_rate(&mut self, rate: f64) {
        check_rate(rate); // here, as Rust knows no caller of a boxed optimizer's method
        self.optimizer.set_learning_rate(rate);
    }

    /// One step: `loss` records a loss [1, 1] on the tape, the sweep gives its gradients, they are
    /// clipped, and the optimizer changes the parameters.
    ///
    /// # Errors
    /// If the loss or the norm of the gradients is NaN or infinite, or the loss depends on no
    /// parameter. The parameters and the optimizer are then what they were, and the tape has the
    /// recording until the next step.
    ///
    /// # Panics
    /// If the loss is not of shape [1, 1], or on another tape.
    #[track_caller]
    pub fn step<F>(&mut self, loss: F) -> Result<StepReport, TrainError>
    where
        F: for<'t> FnOnce(&Bound<'t, T>) -> Var<'t, T>,
    {
        let outcome = self.shards[0].differentiate(&self.parameters, loss);
        match outcome {
            Ok(loss) => self.update(1, loss),
            Err(failure) => Err(failure.or_panic()),
        }
    }

    /// One step on a mini-batch in parts, side by side on the threads there are: `loss` records the
    /// loss of each part on a tape of its own, and the loss of the step is their **sum**. So where
    /// it is to be a mean, each part takes its share: `cross_entropy(…) * share`.
    ///
    /// The result depends on how the batch is cut, not on the number of threads.
    ///
    /// # Errors
    /// As [`Trainer::step`]; of several parts that fail, the first is named.
    ///
    /// # Panics
    /// As [`Trainer::step`], and if there are no parts.
    #[track_caller]
    pub fn step_in_parts<P, F>(
        &mut self,
        parts: &mut [P],
        loss: F,
    ) -> Result<StepReport, TrainError>
    where
        P: Send,
        F: for<'t> Fn(&Bound<'t, T>, &mut P) -> Var<'t, T> + Sync,
    {
        assert!(!parts.is_empty(), "a step on a mini-batch in no parts");
        if let ([part], true) = (&mut *parts, self.ranks.is_alone()) {
            return self.step(|p| loss(p, part)); // no other thread need wake
        }
        let own = self.ranks.share(parts.len());
        let own = &mut parts[own];
        let (mut shards, at_once) = (own.len(), self.at_once);
        let (mut losses, mut kept) = (Vec::with_capacity(shards), Vec::new());
        let outcome = own.chunks_mut(at_once).try_for_each(|round| {
            self.differentiate(round, &loss, &mut losses)?;
            if shards > at_once {
                self.keep(round.len(), &mut kept);
            }
            Ok(())
        });
        let losses = match outcome {
            Ok(()) => Ok(losses),
            Err(failure) => Err(Failure::or_panic(failure)),
        };
        let sum = Differentiated::sum(&self.ranks, losses)?;
        if !kept.is_empty() {
            shards = kept.len();
            self.prepare(shards);
            let each = self.shards.iter_mut().zip(kept);
            each.for_each(|(shard, gradients)| shard.gradients = gradients);
        }
        self.update(shards, sum)
    }

    /// Takes the gradients of so many shards out of the way of the next round.
    fn keep(&self, shards: usize, kept: &mut Vec<ParameterGradients<T>>) {
        let shards = self.shards[..shards].iter();
        kept.extend(shards.map(|s| s.gradients.clone()));
        if self.ranks.is_first() {
            // Other ranks have to add theirs to what comes from the one before.
            let (sum, others) = kept.split_at_mut(1);
            sum[0].add_all(&others.iter().collect::<Vec<_>>());
            kept.truncate(1);
        }
    }

    /// Appends the losses of some parts, each computed on a shard of its own, which has its gradients.
    fn differentiate<P, F>(
        &mut self,
        parts: &mut [P],
        loss: &F,
        losses: &mut Vec<Differentiated>,
    ) -> Result<(), Failure>
    where
        P: Send,
        F: for<'t> Fn(&Bound<'t, T>, &mut P) -> Var<'t, T> + Sync,
    {
        self.prepare(parts.len());
        let Trainer {
            shards, parameters, ..
        } = self;
        let mut outcomes = Vec::with_capacity(parts.len());
        let work = shards.par_iter_mut().zip(parts);
        work.map(|(shard, part)| shard.differentiate(parameters, |p| loss(p, part)))
            .collect_into_vec(&mut outcomes);
        if let Some(failed) = outcomes.iter().position(Result::is_err) {
            self.shards.swap(0, failed); // its tape is the one to be looked at
        }
        for outcome in outcomes {
            losses.push(outcome?);
        }
        Ok(())
    }

    /// A shard for each of so many parts.
    fn prepare(&mut self, parts: usize) {
        while self.shards.len() < parts {
            self.shards.push(Shard::new(&self.parameters));
        }
    }

    /// Adds up the gradients of so many shards and changes the parameters by them.
    #[track_caller]
    fn update(&mut self, shards: usize, sum: Differentiated) -> Result<StepReport, TrainError> {
        let Differentiated { loss, independent } = sum;
        if let Some(error) = independent {
            return Err(error);
        }
        let gradient_norm = self.sum_gradients(shards);
        if !gradient_norm.is_finite() {
            return Err(self.not_finite(gradient_norm));
        }
        for shard in &mut self.shards {
            shard.tape.clear(); // it shares the parameters: they would be copied
        }
        let factor = self
            .clip
            .map_or(1.0, |threshold| clipping_factor(gradient_norm, threshold));
        self.optimizer
            .step(&mut self.parameters, &self.shards[0].gradients, factor);
        Ok(StepReport {
            loss,
            gradient_norm,
        })
    }

    /// Into the first shard, from so many and from all ranks; the norm of the sum.
    fn sum_gradients(&mut self, shards: usize) -> f64 {
        if self.ranks.is_alone() {
            let (first, others) = self.shards[..shards].split_at_mut(1);
            let others: Vec<_> = others.iter().map(|s| &s.gradients).collect();
            return first[0].gradients.add_all(&others);
        }
        let parts: Vec<_> = self.shards[..shards].iter().map(|s| &s.gradients).collect();
        let (sum, norm) = ParameterGradients::over(&self.ranks, &self.parameters, &parts);
        let Shard { tape, gradients } = &mut self.shards[0];
        gradients.give_back(tape);
        *gradients = sum;
        norm
    }

    fn not_finite(&self, norm: f64) -> TrainError {
        let parameter = self.gradients().first_non_finite();
        let parameter = parameter.map(|id| self.parameters.name(id).to_string());
        TrainError::NonFiniteGradient { norm, parameter }
    }

    /// The value of a loss, without a sweep.
    ///
    /// # Panics
    /// If the loss is not of shape [1, 1], or on another tape.
    #[track_caller]
    pub fn evaluate<F>(&mut self, loss: F) -> f64
    where
        F: for<'t> FnOnce(&Bound<'t, T>) -> Var<'t, T>,
    {
        match self.shards[0].evaluate(&self.parameters, loss) {
            Ok(value) => value,
            Err(failure) => panic!("{}", failure.or_panic()),
        }
    }

    /// The sum of the losses of the parts of a mini-batch, without a sweep, side by side on the threads there
    /// are.
    ///
    /// # Panics
    /// As [`Trainer::evaluate`], and if there are no parts.
    #[track_caller]
    pub fn evaluate_in_parts<P, F>(&mut self, parts: &mut [P], loss: F) -> f64
    where
        P: Send,
        F: for<'t> Fn(&Bound<'t, T>, &mut P) -> Var<'t, T> + Sync,
    {
        assert!(!parts.is_empty(), "the loss of a mini-batch in no parts");
        let count = parts.len();
        let own = self.ranks.share(count);
        let mut losses = vec![0; count]; // their bits: they may be infinite
        let mut own_losses = losses[own.clone()].iter_mut();
        for round in parts[own].chunks_mut(self.at_once) {
            self.prepare(round.len());
            let Trainer {
                shards, parameters, ..
            } = self;
            let work = shards.par_iter_mut().zip(round);
            let mut values = Vec::new();
            work.map(|(shard, part)| shard.evaluate(parameters, |p| loss(p, part)))
                .collect_into_vec(&mut values);
            for (value, loss) in values.into_iter().zip(own_losses.by_ref()) {
                let value = value.unwrap_or_else(|failure| panic!("{}", failure.or_panic()));
                *loss = value.to_bits();
            }
        }
        self.ranks.complete(&mut losses);
        losses.into_iter().map(f64::from_bits).sum()
    }

    /// The parameters and the state of the optimizer, to be saved.
    pub fn checkpoint(&self, metadata: serde_json::Value) -> Checkpoint<T> {
        let mut checkpoint = Checkpoint::of(&self.parameters, metadata);
        let state = self.optimizer.state(&self.parameters);
        checkpoint.tensors.extend(state);
        checkpoint
    }

    /// Goes on from a checkpoint that [`Trainer::checkpoint`] made.
    ///
    /// # Errors
    /// If a tensor is missing or of another shape; nothing is then changed.
    pub fn restore(&mut self, checkpoint: &Checkpoint<T>) -> Result<(), StateError> {
        self.shards.iter_mut().for_each(|s| s.tape.clear());
        checkpoint.check(&self.parameters)?;
        self.optimizer
            .load_state(&self.parameters, &checkpoint.tensors)?;
        checkpoint.restore(&mut self.parameters)
    }

    /// The parameters.
    pub fn parameters(&self) -> &ParameterSet<T> {
        &self.parameters
    }

    /// The parameters, to be changed in value.
    pub fn parameters_mut(&mut self) -> &mut ParameterSet<T> {
        &mut self.parameters
    }

    /// The parameters, without the rest.
    pub fn into_parameters(self) -> ParameterSet<T> {
        self.parameters
    }

    /// The gradients of the last step, before clipping; zeros after a step whose loss was not finite.
    pub fn gradients(&self) -> &ParameterGradients<T> {
        &self.shards[0].gradients
    }

    /// The optimizer.
    pub fn optimizer(&self) -> &dyn Optimizer<T> {
        &*self.optimizer
    }

    /// The optimizer, to set its learning rate.
    pub fn optimizer_mut(&mut self) -> &mut dyn Optimizer<T> {
        &mut *self.optimizer
    }

    /// The tape: empty but for the recording of a step that failed.
    pub fn tape(&self) -> &Tape<T> {
        &self.shards[0].tape
    }
}
