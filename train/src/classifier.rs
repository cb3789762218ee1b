//! [`Classifier`]: layers that give the logits of classes, with what it takes to train them.

use std::fmt;

use autograd::{Matrix, Scalar, Tape, Var};
use layers::{Bound, Layer, Sequence, SequenceError, Stack};

use crate::data::{check_target, stacked};
use crate::fit::evaluate;
use crate::{
    Batch, DataError, Ended, Fit, FitError, History, Input, Measures, Samples, Scores, Target,
    Trainer,
};

/// A model that gives each sequence a class, or each of its steps: made by
/// [`Sequential::classifier`](crate::Sequential::classifier).
///
/// Data are pairs of a sequence, a matrix `[T, F]` or symbols, and its class or the classes of its steps.
pub struct Classifier<T: Scalar = f32> {
    network: Network<T>,
    trainer: Trainer<T>,
}

/// What the data of a classifier go through.
pub(crate) struct Network<T: Scalar> {
    pub layers: Stack<T>,
    /// The features, or symbols, that it takes.
    pub input: usize,
    pub classes: usize,
    /// Whether a sample has one class.
    pub is_pooled: bool,
    pub summary: String,
}

/// Samples of a mini-batch, unless told.
const BATCH: usize = 32;
/// Mini-batches that are sorted by length together.
const WINDOW: usize = 50;

impl<T: Scalar> Classifier<T> {
    pub(crate) fn new(network: Network<T>, trainer: Trainer<T>) -> Self {
        Classifier { network, trainer }
    }

    /// Trains for so many epochs, in shuffled mini-batches of 32 whose samples are about as long.
    ///
    /// # Errors
    /// If a sample is none for this model, or a loss is not finite.
    #[inline(never)]
    #[track_caller]
    pub fn fit<X: Input<T>, Y: Target>(
        &mut self,
        data: &[(X, Y)],
        epochs: u64,
    ) -> Result<History, FitError> {
        let mut fit = Fit::new(epochs);
        self.fit_with(&mut fit, BATCH, data, &[])?;
        Ok(fit.history().clone())
    }

    /// Trains as `fit` says, in mini-batches of `size` samples, and validates after every epoch unless there is
    /// nothing to validate with.
    ///
    /// # Errors
    /// If a sample is none for this model, a loss is not finite, or something cannot be saved.
    #[inline(never)]
    #[track_caller]
    pub fn fit_with<X: Input<T>, Y: Target>(
        &mut self,
        fit: &mut Fit<'_, T>,
        size: usize,
        training: &[(X, Y)],
        validation: &[(X, Y)],
    ) -> Result<Ended, FitError> {
        let Classifier { network, trainer } = self;
        let mut training = network.samples(training, size)?.shuffled(0);
        let mut validation = match validation.is_empty() {
            true => None,
            false => Some(network.samples(validation, size)?),
        };
        fit.run_with(
            trainer,
            &mut training,
            validation.as_mut(),
            &|p, batch, measures| network.loss(p, batch, measures),
        )
    }

    /// The loss, the accuracy, and which classes are taken for which.
    ///
    /// # Errors
    /// If a sample is none for this model.
    #[inline(never)]
    #[track_caller]
    pub fn evaluate<X: Input<T>, Y: Target>(
        &mut self,
        data: &[(X, Y)],
    ) -> Result<Scores, DataError> {
        let Classifier { network, trainer } = self;
        let mut data = network.samples(data, BATCH)?;
        Ok(evaluate(trainer, &mut data, |p, batch, measures| {
            network.loss(p, batch, measures)
        }))
    }

    /// The probabilities of the classes: for each sample a row, or one for each of its steps.
    ///
    /// # Errors
    /// If a sample is none for this model.
    #[inline(never)]
    pub fn probabilities<X: Input<T>>(&self, samples: &[X]) -> Result<Vec<Matrix<T>>, DataError> {
        let (tape, network) = (Tape::new(), &self.network);
        for (i, x) in samples.iter().enumerate() {
            x.check(i, network.input)?;
        }
        let samples: Vec<_> = samples.iter().collect();
        let p = self.trainer.parameters().bind(&tape);
        let logits = network.logits(&p, &samples)?;
        let of_sample = |x: Var<'_, T>| x.softmax().value().to_matrix();
        Ok(logits.samples().into_iter().map(of_sample).collect())
    }

    /// The most probable class of each sample, or of each of its steps.
    ///
    /// # Errors
    /// If a sample is none for this model.
    #[inline(never)]
    pub fn predict<X: Input<T>>(&self, samples: &[X]) -> Result<Vec<Vec<usize>>, DataError> {
        let probabilities = self.probabilities(samples)?;
        Ok(probabilities
            .iter()
            .map(|m| m.view().row_argmax())
            .collect())
    }

    /// The layers with what each gives, for B samples of T steps, and how many parameters it has.
    pub fn summary(&self) -> &str {
        &self.network.summary
    }

    /// The layers.
    pub fn layers(&self) -> &Stack<T> {
        &self.network.layers
    }

    /// The parameters, the optimizer, and what else there is of training.
    pub fn trainer(&mut self) -> &mut Trainer<T> {
        &mut self.trainer
    }
}

impl<T: Scalar> Network<T> {
    /// Data that have been checked, in mini-batches.
    #[track_caller]
    fn samples<'d, X: Input<T>, Y: Target>(
        &self,
        data: &'d [(X, Y)],
        size: usize,
    ) -> Result<Samples<&'d [(X, Y)]>, DataError> {
        if data.is_empty() {
            return Err(SequenceError::NoSamples.into());
        }
        for (i, (x, y)) in data.iter().enumerate() {
            if x.steps() == 0 {
                return Err(SequenceError::NoSteps { sample: i }.into());
            }
            x.check(i, self.input)?;
            let outputs = if self.is_pooled { 1 } else { x.steps() };
            check_target(y, i, outputs, self.classes)?;
        }
        let samples = Samples::new(data, size).sorted_by_length(WINDOW, |(x, _)| x.steps());
        Ok(match self.is_pooled {
            true => samples,
            false => samples.weighed_by(|(x, _)| x.steps()),
        })
    }

    /// The logits of all samples, a row for each or for each of their steps.
    fn logits<'t, X: Input<T>>(
        &self,
        p: &Bound<'t, T>,
        samples: &[&X],
    ) -> Result<Sequence<'t, T>, SequenceError> {
        Ok(self.layers.run(p, X::sequence(p.tape(), samples)?))
    }

    /// The mean cross-entropy of samples that have been checked.
    #[track_caller]
    fn loss<'t, X: Input<T>, Y: Target>(
        &self,
        p: &Bound<'t, T>,
        batch: &Batch<&(X, Y)>,
        measures: &mut Measures,
    ) -> Var<'t, T> {
        let samples: Vec<_> = batch.iter().map(|(x, _)| x).collect();
        let logits = self
            .logits(p, &samples)
            .expect("samples that have been checked");
        let targets = stacked(logits.lengths(), batch.iter().map(|(_, y)| y.classes()));
        measures.classes(logits.stacked(), &targets);
        logits.stacked().cross_entropy(&targets)
    }
}

impl<T: Scalar> fmt::Debug for Classifier<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Classifier")
            .field("layers", &self.network.layers)
            .field("trainer", &self.trainer)
            .finish()
    }
}
