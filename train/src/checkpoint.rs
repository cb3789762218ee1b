//! [`Checkpoint`]: everything that a run needs to go on, in one safetensors file.

mod error;
mod format;
mod target;

use std::fmt;
use std::path::Path;

use autograd::{Matrix, Scalar, Shape};
use layers::ParameterSet;

use crate::StateError;
use crate::files::{read, unwritable};
use crate::optimizer::find;

pub use error::CheckpointError;
pub use target::Replace;

/// What messages call it.
const WHAT: &str = "checkpoint";

/// Named tensors and what else is to be remembered.
///
/// The file is a [safetensors](https://github.com/huggingface/safetensors) one that other tools
/// read too: the tensors in their own type, and the metadata as JSON text under the key
/// "bptt-checkpoint", `{"crc32":"89abcdef","metadata":…}`. The checksum is over the whole file: what other
/// tools have changed is refused, as is any file of which a bit has flipped. Files of before there was
/// a checksum, with the metadata under the key "bptt", are read too, and checked in everything but that.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("line.safetensors");
/// use serde_json::json;
/// use train::prelude::*;
/// let mut parameters = ParameterSet::<f32>::new();
/// let w = parameters.add("line.W", Matrix::from([[0.5]]));
/// Replace::Checkpoint.check(&path)?; // before an hour of training
/// Checkpoint::of(&parameters, json!({ "epochs": 3 })).save(&path)?;
///
/// let checkpoint = Checkpoint::load(&path)?;
/// assert_eq!(checkpoint.metadata["epochs"], 3);
/// parameters.get_mut(w).view_mut().fill(0.0);
/// checkpoint.restore(&mut parameters)?;
/// assert_eq!(parameters.get(w)[(0, 0)], 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Checkpoint<T: Scalar = f32> {
    /// Parameters and optimizer state by name; sorted by name after loading.
    pub tensors: Vec<(String, Matrix<T>)>,
    /// Anything: the configuration of the model, the vocabulary, the state of a generator.
    pub metadata: serde_json::Value,
}

impl<T: Scalar> Checkpoint<T> {
    /// The parameters of a model.
    pub fn of(set: &ParameterSet<T>, metadata: serde_json::Value) -> Self {
        let tensor = |id| (set.name(id).to_string(), set.get(id).clone());
        Checkpoint {
            tensors: set.ids().map(tensor).collect(),
            metadata,
        }
    }

    /// Writes the file: all of it or nothing. It is written beside the old one, made durable, and
    /// then takes its place, if the old one is a checkpoint too: see [`Replace::Checkpoint`]. What runs
    /// that were killed while they saved there have left beside it is removed.
    ///
    /// # Errors
    /// If something else is there, it cannot be written, or a tensor is not finite; an old file is then
    /// still there.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), CheckpointError> {
        self.save_with(path, Replace::Checkpoint)
    }

    /// [`Checkpoint::save`] in the place of any file, or of a checkpoint only.
    ///
    /// # Errors
    /// As [`Checkpoint::save`].
    pub fn save_with(
        &self,
        path: impl AsRef<Path>,
        replaced: Replace,
    ) -> Result<(), CheckpointError> {
        let path = path.as_ref();
        for (name, tensor) in &self.tensors {
            format::check_finite(path, name, tensor)?;
        }
        let target = replaced.target(path)?;
        let saved = format::encode(self).and_then(|bytes| target.replace(&bytes));
        Ok(saved.map_err(|source| unwritable(path, WHAT, source))?)
    }

    /// Reads a file. Memory is taken for what is in it, and not for what it says of itself.
    ///
    /// # Errors
    /// If it is missing, no checkpoint, damaged, of another element type, or not finite.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, CheckpointError> {
        let path = path.as_ref();
        format::decode(path, &read(path, WHAT)?)
    }

    /// Gives the parameters the values that they have here; other tensors are ignored.
    ///
    /// # Errors
    /// If a parameter is missing here or has another shape; none is then changed.
    pub fn restore(&self, set: &mut ParameterSet<T>) -> Result<(), StateError> {
        self.check(set)?;
        for id in set.ids() {
            let value = find(&self.tensors, set.name(id), set.get(id).shape())?;
            set.get_mut(id).view_mut().copy_from(value.view());
        }
        Ok(())
    }

    /// Whether these tensors are here in these shapes: to be asked before a model is made as the metadata
    /// say, which may be of any size. See
    /// [`CharModel::parameter_shapes`](layers::CharModel::parameter_shapes).
    ///
    /// # Errors
    /// At the first that is missing or has another shape; those behind it are not looked at.
    pub fn check_shapes(
        &self,
        expected: impl IntoIterator<Item = (String, Shape)>,
    ) -> Result<(), StateError> {
        let mut expected = expected.into_iter();
        expected.try_for_each(|(name, shape)| find(&self.tensors, &name, shape).map(|_| ()))
    }

    /// Whether every parameter is here in its shape.
    pub(crate) fn check(&self, set: &ParameterSet<T>) -> Result<(), StateError> {
        self.check_shapes(
            set.ids()
                .map(|id| (set.name(id).into(), set.get(id).shape())),
        )
    }
}

impl<T: Scalar> fmt::Debug for Checkpoint<T> {
    /// The tensors' names, shapes and norms, and the metadata.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut checkpoint = f.debug_struct("Checkpoint");
        for (name, tensor) in &self.tensors {
            let norm = tensor.norm();
            checkpoint.field(name, &format_args!("{} of norm {norm}", tensor.shape()));
        }
        checkpoint
            .field("metadata", &format_args!("{}", self.metadata))
            .finish()
    }
}
