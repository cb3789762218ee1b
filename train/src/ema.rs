//! [`Ema`]: an average of the weights over the steps.

use std::fmt;
use std::mem;

use autograd::{Matrix, Scalar};
use layers::ParameterSet;

use crate::StateError;
use crate::blocks::zip_elements;
use crate::optimizer::{check_decay, find};

/// An exponential moving average θ̄ ← d θ̄ + (1 − d) θ of all parameters, which is often the better
/// model: it is not shaken by the last mini-batches.
///
/// Source: Polyak, Juditsky 1992, *Acceleration of stochastic approximation by averaging*, with
/// weights that fall exponentially, as PyTorch's `get_ema_multi_avg_fn`.
///
/// ```
/// use train::prelude::*;
/// let mut set = ParameterSet::<f64>::new();
/// let w = set.add("line.W", Matrix::from([[2.0]]));
/// let mut trainer = Trainer::new(set, Sgd::new(0.25));
/// let mut ema = Ema::new(trainer.parameters(), 0.75);
/// trainer.step(|p| p.var(w).square().sum())?; // W is 1 now
/// ema.update(trainer.parameters());
/// assert_eq!(ema.average().get(w)[(0, 0)], 1.75);
///
/// ema.swap(trainer.parameters_mut());
/// assert_eq!(trainer.evaluate(|p| p.var(w).sum()), 1.75);
/// ema.swap(trainer.parameters_mut()); // and on with the training
/// # Ok::<(), train::TrainError>(())
/// ```
#[derive(Clone)]
pub struct Ema<T: Scalar = f32> {
    decay: f64,
    average: ParameterSet<T>,
}

/// What the names of the tensors begin with.
pub(crate) const PREFIX: &str = "ema";

impl<T: Scalar> Ema<T> {
    /// An average that begins with the parameters as they are; d is often 0.99 to 0.9999, whose
    /// averages are over some 100 to 10 000 steps.
    ///
    /// # Panics
    /// If d is not in 0..1.
    #[track_caller]
    pub fn new(parameters: &ParameterSet<T>, decay: f64) -> Self {
        check_decay("a decay of an average", decay);
        Ema {
            decay,
            average: parameters.clone(),
        }
    }

    /// θ̄ ← d θ̄ + (1 − d) θ: after each step.
    ///
    /// # Panics
    /// If the parameters are of another set.
    #[track_caller]
    pub fn update(&mut self, parameters: &ParameterSet<T>) {
        self.check(parameters);
        let [old, new] = [self.decay, 1.0 - self.decay].map(T::from_f64);
        for id in parameters.ids() {
            let average = self.average.get_mut(id).data_mut();
            let add =
                move |average: &mut T, x, []: [&mut T; 0]| *average = old * *average + new * x;
            zip_elements(average, parameters.get(id).data(), [], add);
        }
    }

    /// The averages: a clone of the set, to be bound to a tape, or saved as a model by itself.
    pub fn average(&self) -> &ParameterSet<T> {
        &self.average
    }

    /// Puts the averages in the place of the parameters, and the parameters here: to evaluate. Once
    /// more, and all is as before.
    ///
    /// # Panics
    /// If the parameters are of another set.
    #[track_caller]
    pub fn swap(&mut self, parameters: &mut ParameterSet<T>) {
        self.check(parameters);
        mem::swap(&mut self.average, parameters);
    }

    #[track_caller]
    fn check(&self, parameters: &ParameterSet<T>) {
        assert!(
            parameters.ids().eq(self.average.ids()),
            "the average is of another set than this one, or of fewer parameters"
        );
    }

    /// The averages as named tensors, "ema.lstm1.U", to be added to those of a checkpoint.
    pub fn state(&self) -> Vec<(String, Matrix<T>)> {
        let tensor = |id| {
            let name = format!("{PREFIX}.{}", self.average.name(id));
            (name, self.average.get(id).clone())
        };
        self.average.ids().map(tensor).collect()
    }

    /// Takes over what [`Ema::state`] gave; other tensors are ignored.
    ///
    /// # Errors
    /// If a tensor is missing or of another shape; the averages are then what they were.
    pub fn load_state(&mut self, tensors: &[(String, Matrix<T>)]) -> Result<(), StateError> {
        let saved = |id| {
            let name = format!("{PREFIX}.{}", self.average.name(id));
            find(tensors, &name, self.average.get(id).shape())
        };
        let saved = self
            .average
            .ids()
            .map(saved)
            .collect::<Result<Vec<_>, _>>()?;
        for (id, tensor) in self.average.ids().zip(saved) {
            self.average.get_mut(id).clone_from(tensor);
        }
        Ok(())
    }
}

impl<T: Scalar> fmt::Debug for Ema<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ema")
            .field("decay", &self.decay)
            .field("average", &self.average)
            .finish()
    }
}
