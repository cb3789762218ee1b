//! What a run saves, and how it goes on from there.

use std::path::PathBuf;

use autograd::{Matrix, Scalar};
use layers::ParameterSet;
use serde::Deserialize;
use serde_json::Value;

use super::{Done, Fit, FitError};
use crate::ema;
use crate::optimizer::find;
use crate::tensors::{dtype, from_bytes, to_bytes};
use crate::{Checkpoint, Ema, Plateau, Ranks, Replace, Source, StateError, Trainer, escaped};

/// How far the run has come, in the metadata of a checkpoint.
const KEY: &str = "fit";
/// Before the names of the parameters after the best epoch.
const BEST: &str = "best";

impl<T: Scalar> Fit<'_, T> {
    /// Saves everything that it takes to go on, after every epoch and where a run ends before its time.
    #[must_use]
    pub fn save(mut self, path: impl Into<PathBuf>) -> Self {
        self.save = Some(path.into());
        self
    }

    /// Saves after every so many steps too.
    ///
    /// # Panics
    /// If it is 0, or there is no path to [save](Fit::save) at.
    #[must_use]
    #[track_caller]
    pub fn save_every(mut self, steps: u64) -> Self {
        assert!(steps > 0, "a checkpoint after every 0 steps");
        assert!(
            self.save.is_some(),
            "a checkpoint after every {steps} steps: tell save(path) first"
        );
        self.save_every = Some(steps);
        self
    }

    /// Saves the same whenever an epoch is the best so far.
    #[must_use]
    pub fn save_best(mut self, path: impl Into<PathBuf>) -> Self {
        self.save_best = Some(path.into());
        self
    }

    /// Which files may be replaced: only checkpoints, unless told.
    #[must_use]
    pub fn replacing(mut self, replaced: Replace) -> Self {
        self.replaced = replaced;
        self
    }

    /// Whether everything can be saved, before the first epoch.
    pub(super) fn check_paths(&self, ranks: &Ranks) -> Result<(), FitError> {
        let mut paths = [&self.save, &self.save_best].into_iter().flatten();
        let checked = match ranks.is_first() {
            true => paths.try_for_each(|path| self.replaced.check(path)),
            false => Ok(()), // it writes nothing
        };
        ranks.agree(checked.map_err(FitError::from)).map(drop)
    }

    /// Saves that too, under this name: the sizes of the model, its vocabulary.
    ///
    /// # Panics
    /// If the name is "fit", under which the run itself is saved.
    #[must_use]
    #[track_caller]
    pub fn metadata(mut self, name: &str, value: Value) -> Self {
        assert!(name != KEY, "{KEY:?} is where the run itself is saved");
        self.metadata.insert(name.into(), value);
        self
    }

    /// Goes on from a checkpoint that a run has saved: of a model with the same parameters, on the same data.
    ///
    /// # Errors
    /// If something is missing in it, or of another shape; the run and the trainer are then what they were.
    pub fn restore<S: Source<T>>(
        &mut self,
        checkpoint: &Checkpoint<T>,
        trainer: &mut Trainer<T>,
        training: &mut S,
    ) -> Result<(), StateError> {
        let done = done(checkpoint)?;
        let mut plateau = self.plateau.clone();
        if let (Some(plateau), Some(state)) = (&mut plateau, &done.plateau) {
            plateau.load_state(state)?;
        }
        let mut ema = self
            .decay
            .map(|decay| Ema::new(trainer.parameters(), decay));
        if let Some(ema) = &mut ema {
            ema.load_state(&checkpoint.tensors)?;
        }
        let best = match self.keeps_best && done.best.is_some() {
            true => {
                let mut best = trainer.parameters().clone();
                checkpoint.restore_best(&mut best)?;
                Some(best)
            }
            false => None,
        };
        if done.batches > 0 {
            let batches = training.begin(done.epoch());
            if done.batches > batches {
                let reason = format!(
                    "{} mini-batches of an epoch of {batches} are done",
                    done.batches
                );
                return Err(StateError::Run { reason });
            }
            training.load_state(&checkpoint.tensors)?;
        }
        trainer.restore(checkpoint)?;
        (self.done, self.best, self.plateau, self.ema) = (done, best, plateau, ema);
        if self.done.batches > 0 {
            // That of the last step: there may be none before the epoch is reported.
            self.set_rate(trainer, trainer.optimizer().steps().saturating_sub(1));
        }
        Ok(())
    }

    /// All that it takes to go on.
    fn checkpoint(
        &self,
        trainer: &Trainer<T>,
        carried: Tensors<T>,
    ) -> Result<Checkpoint<T>, FitError> {
        let done = Done {
            plateau: self.plateau.as_ref().map(Plateau::state),
            ..self.done.clone()
        };
        let done = serde_json::to_value(done).map_err(std::io::Error::from)?;
        let mut metadata = self.metadata.clone();
        metadata.insert(KEY.into(), done);
        let mut checkpoint = trainer.checkpoint(Value::Object(metadata));
        checkpoint.tensors.extend(carried);
        if let Some(ema) = &self.ema {
            checkpoint.tensors.extend(ema.state());
        }
        if let Some(best) = self.best.as_ref().filter(|_| !self.done.is_best()) {
            let tensor = |id| (format!("{BEST}.{}", best.name(id)), best.get(id).clone());
            checkpoint.tensors.extend(best.ids().map(tensor));
        }
        Ok(checkpoint)
    }

    /// Saves the same in all of these places.
    pub(super) fn save_to<'p, S: Source<T>>(
        &self,
        trainer: &Trainer<T>,
        training: &S,
        places: impl IntoIterator<Item = &'p Option<PathBuf>>,
    ) -> Result<(), FitError> {
        let paths: Vec<_> = places.into_iter().flatten().collect();
        let outcome = match paths.is_empty() {
            true => Ok(()), // nothing has to be copied
            false => self.write(trainer, training, &paths),
        };
        trainer.ranks().agree(outcome).map(drop)
    }

    fn write<S: Source<T>>(
        &self,
        trainer: &Trainer<T>,
        training: &S,
        paths: &[&PathBuf],
    ) -> Result<(), FitError> {
        let carried = match self.done.batches {
            0 => Vec::new(),
            _ => carried(trainer.ranks(), training),
        };
        if !trainer.ranks().is_first() {
            return Ok(());
        }
        let checkpoint = self.checkpoint(trainer, carried)?;
        for path in paths {
            checkpoint.save_with(path, self.replaced)?;
        }
        Ok(())
    }
}

type Tensors<T> = Vec<(String, Matrix<T>)>;

/// What all parts carry from one mini-batch to the next: each is known on the rank that computes it.
fn carried<T: Scalar, S: Source<T>>(ranks: &Ranks, training: &S) -> Tensors<T> {
    let mut parts = training.state();
    if !ranks.is_alone() {
        let own = parts[ranks.share(parts.len())].iter().flatten();
        let own = own.flat_map(|(_, matrix)| matrix.data().iter().copied());
        let all = ranks
            .gather_bytes(&to_bytes(&own.collect::<Vec<T>>()))
            .concat();
        let mut all = from_bytes(dtype::<T>(), &all).into_iter();
        for (_, matrix) in parts.iter_mut().flatten() {
            let elements = matrix.data_mut().iter_mut().zip(all.by_ref());
            elements.for_each(|(to, from)| *to = from);
        }
    }
    parts.concat()
}

/// How far the run of a checkpoint has come. What a file says may be anything.
fn done<T: Scalar>(checkpoint: &Checkpoint<T>) -> Result<Done, StateError> {
    let run = |reason: String| StateError::Run { reason };
    let found = checkpoint.metadata.get(KEY);
    let found = found.ok_or_else(|| run(format!("its metadata have no {KEY:?}")))?;
    let done = Done::deserialize(found).map_err(|e| run(escaped(e.to_string())))?;
    let epochs = done.history.epochs.iter().map(|report| report.epoch);
    let is_numbered = epochs.eq(1..done.epoch());
    let best = done.best.map_or(0, |best| best.epoch);
    let is_best = done.best.is_none() == done.history.epochs.is_empty();
    let is_begun = (done.batches > 0) == (done.running.weight > 0.0);
    let holds = is_numbered && is_best && is_begun && best < done.epoch();
    match holds {
        true => Ok(done),
        false => Err(run("its epochs contradict each other".into())),
    }
}

impl<T: Scalar> Checkpoint<T> {
    /// [`Checkpoint::restore`] with the values after the best epoch, if a run has saved this that
    /// [keeps](Fit::keep_best) it. They are averages where it [averages](Fit::average).
    ///
    /// # Errors
    /// As [`Checkpoint::restore`].
    pub fn restore_best(&self, set: &mut ParameterSet<T>) -> Result<(), StateError> {
        // A file that was saved just after the best epoch has no others.
        let prefixes = [
            format!("{BEST}."),
            format!("{}.", ema::PREFIX),
            String::new(),
        ];
        let mut prefixes = prefixes.iter();
        let is_here = |name: String| self.tensors.iter().any(|(found, _)| *found == name);
        let has = |prefix: &&String| {
            set.ids()
                .any(|id| is_here(format!("{prefix}{}", set.name(id))))
        };
        let prefix = prefixes.find(has).map_or("", String::as_str);
        let saved = |id| {
            let name = format!("{prefix}{}", set.name(id));
            find(&self.tensors, &name, set.get(id).shape())
        };
        let saved = set.ids().map(saved).collect::<Result<Vec<_>, _>>()?;
        for (id, tensor) in set.ids().zip(saved) {
            set.get_mut(id).clone_from(tensor);
        }
        Ok(())
    }
}
