//! [`Mapping`]: which of PyTorch's tensors are which parameters of a whole model.

use std::collections::BTreeSet;
use std::fmt;

use autograd::{Matrix, Scalar, Shape};
use thiserror::Error;

use super::{Names, Source, StateDict, Tensors, Torch, TorchError, export_tensors};
use crate::{ParameterId, ParameterSet};

/// Which of PyTorch's tensors are which parameters, for all layers of a model: to take them, to give them, and
/// to be printed.
///
/// ```
/// use layers::torch::{Mapping, StateDict};
/// use layers::{Bidirectional, Linear, Lstm, ParameterSet};
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
///
/// let (mut set, mut rng) = (ParameterSet::<f32>::new(), ChaCha8Rng::seed_from_u64(1));
/// let lstm = Bidirectional::new("lstm1", |name| Lstm::new(&mut set, name, 3, 8, &mut rng));
/// let output = Linear::new(&mut set, "output", 16, 2, &mut rng);
/// // self.encoder = nn.LSTM(3, 8, bidirectional=True); self.head = nn.Linear(16, 2)
/// let mapping = Mapping::new()
///     .recurrent("encoder", &[&[&lstm.forward.0, &lstm.backward.0]])
///     .layer("head.*", &output);
/// println!("{}", mapping.table(&set));
///
/// let state = mapping.export(&set);
/// assert_eq!(state["encoder.weight_hh_l0_reverse"].shape().to_string(), "[32, 8]");
/// mapping.import(&mut set, &state)?;
/// # Ok::<(), layers::torch::MappingError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    layers: Vec<Mapped>,
}

#[derive(Clone, Debug)]
struct Mapped {
    names: String,
    tensors: Tensors,
    weight_is_vector: bool,
}

impl Mapping {
    /// No layers.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a layer, and where its tensors are, as [`import`](super::import) takes it: "head.*".
    ///
    /// # Panics
    /// If `names` has no `*`, PyTorch has no such layer, or a tensor is another layer's already.
    #[must_use]
    #[track_caller]
    pub fn layer(mut self, names: &str, layer: &(impl Torch + ?Sized)) -> Self {
        Names::new(names);
        let layer = Mapped {
            names: names.into(),
            tensors: layer.tensors(),
            weight_is_vector: layer.weight_is_vector(),
        };
        let taken = self.names();
        for (name, _, _) in layer.tensor_names() {
            assert!(!taken.contains(&name), "{name} is another layer's already");
        }
        self.layers.push(layer);
        self
    }

    /// The names of all tensors.
    fn names(&self) -> BTreeSet<String> {
        let layers = self.layers.iter();
        let names = layers.flat_map(|layer| layer.tensor_names().into_iter().map(|t| t.0));
        names.collect()
    }

    /// With the layers of a `torch.nn.RNN`, `LSTM` or `GRU`, from the one that sees the input: of each its cell,
    /// or those of both directions. `module` is its name there, such as "encoder".
    ///
    /// # Panics
    /// If a layer has neither one cell nor two, PyTorch has no such cell, or a tensor is another layer's already.
    #[must_use]
    #[track_caller]
    pub fn recurrent(mut self, module: &str, layers: &[&[&dyn Torch]]) -> Self {
        let prefix = if module.is_empty() {
            String::new()
        } else {
            format!("{module}.")
        };
        for (number, cells) in layers.iter().enumerate() {
            let count = cells.len();
            assert!(
                (1..=2).contains(&count),
                "layer {number} of {module} has {count} cells: it has one, or one for each direction"
            );
            for (cell, direction) in cells.iter().zip(["", "_reverse"]) {
                self = self.layer(&format!("{prefix}*_l{number}{direction}"), *cell);
            }
        }
        self
    }

    /// Takes all parameters of the layers from PyTorch's.
    ///
    /// # Errors
    /// If a tensor is not there, is of another shape, or belongs to no layer: all of them are listed, and nothing
    /// has changed.
    ///
    /// # Panics
    /// If a layer is of another set.
    #[track_caller]
    pub fn import<T: Scalar>(
        &self,
        set: &mut ParameterSet<T>,
        state: &StateDict<T>,
    ) -> Result<(), MappingError> {
        let mut values: Vec<(ParameterId, Matrix<T>)> = Vec::new();
        let mut error = MappingError::default();
        for layer in &self.layers {
            let source = Source {
                set,
                state,
                names: Names::new(&layer.names),
            };
            for found in source.parameters(layer.tensors) {
                match found {
                    Ok(found) => values.push(found),
                    Err(TorchError::Missing {
                        name, parameter, ..
                    }) => error.missing.push((name, parameter)),
                    Err(TorchError::Shape {
                        name,
                        found,
                        parameter,
                        expected,
                    }) => {
                        error.shapes.push((name, found, parameter, expected));
                    }
                }
            }
        }
        let known = self.names();
        error.left_over = state
            .keys()
            .filter(|name| !known.contains(*name))
            .cloned()
            .collect();
        if !error.is_empty() {
            return Err(error);
        }
        for (id, value) in values {
            *set.get_mut(id) = value;
        }
        Ok(())
    }

    /// All parameters of the layers as PyTorch has them.
    ///
    /// # Panics
    /// If a layer is of another set.
    #[track_caller]
    pub fn export<T: Scalar>(&self, set: &ParameterSet<T>) -> StateDict<T> {
        let layers = self.layers.iter();
        layers
            .flat_map(|layer| export_tensors(set, layer.tensors, &Names::new(&layer.names)))
            .collect()
    }

    /// The tensors that have one dimension there; the others have two.
    pub fn vectors(&self) -> BTreeSet<String> {
        let layers = self.layers.iter();
        let names = layers.flat_map(|layer| {
            let is_vector = |own: &str| own.starts_with("bias") || layer.weight_is_vector;
            let tensors = layer.tensor_names().into_iter();
            tensors
                .filter(move |(_, own, _)| is_vector(own))
                .map(|(name, _, _)| name)
        });
        names.collect()
    }

    /// A line for each tensor: its name there, and which parameters of ours it is a part of, with their shapes.
    ///
    /// # Panics
    /// If a layer is of another set.
    #[track_caller]
    pub fn table<T: Scalar>(&self, set: &ParameterSet<T>) -> String {
        let tensors: Vec<_> = self
            .layers
            .iter()
            .flat_map(|layer| layer.tensor_names())
            .collect();
        let width = tensors
            .iter()
            .map(|(name, _, _)| name.chars().count())
            .max()
            .unwrap_or(0);
        let parameter = |id: &ParameterId| format!("{} {}", set.name(*id), set.get(*id).shape());
        let line = |(name, _, ids): &(String, &str, Vec<ParameterId>)| {
            let ids: Vec<_> = ids.iter().map(parameter).collect();
            format!("{name:width$}  {}\n", ids.join(", "))
        };
        tensors.iter().map(line).collect()
    }
}

impl Mapped {
    /// The name of each tensor, PyTorch's own name of it, and the parameters that it is a part of.
    fn tensor_names(&self) -> Vec<(String, &'static str, Vec<ParameterId>)> {
        let names = Names::new(&self.names);
        let own: Vec<(&'static str, Vec<ParameterId>)> = match self.tensors {
            Tensors::Dense { weight, bias } => {
                let bias = bias.map(|bias| ("bias", vec![bias]));
                [("weight", vec![weight])].into_iter().chain(bias).collect()
            }
            Tensors::Recurrent { u, w, b, c } => vec![
                ("weight_ih", vec![u]),
                ("weight_hh", vec![w]),
                ("bias_ih", vec![b]),
                ("bias_hh", [b].into_iter().chain(c).collect()),
            ],
        };
        let own = own.into_iter();
        own.map(|(own, ids)| (names.of(own), own, ids)).collect()
    }
}

/// How PyTorch's tensors differ from the layers of a [`Mapping`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Error)]
pub struct MappingError {
    /// Tensors that are not there, each with the parameter that needs it.
    pub missing: Vec<(String, String)>,
    /// Tensors that belong to no layer.
    pub left_over: Vec<String>,
    /// Tensors of another shape: the tensor, its shape, the parameter, and the shape of that.
    pub shapes: Vec<(String, Shape, String, Shape)>,
}

impl MappingError {
    fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.left_over.is_empty() && self.shapes.is_empty()
    }
}

impl fmt::Display for MappingError {
    /// One line: "missing: encoder.bias_hh_l0 for lstm1.b; left over: head.scale; head.weight is [2, 8], and output.V is
    /// [2, 16]".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.missing.is_empty() {
            let missing = self
                .missing
                .iter()
                .map(|(name, id)| format!("{name} for {id}"));
            parts.push(format!(
                "missing: {}",
                missing.collect::<Vec<_>>().join(", ")
            ));
        }
        if !self.left_over.is_empty() {
            parts.push(format!("left over: {}", self.left_over.join(", ")));
        }
        for (name, found, parameter, expected) in &self.shapes {
            parts.push(format!("{name} is {found}, and {parameter} is {expected}"));
        }
        write!(f, "{}", parts.join("; "))
    }
}
