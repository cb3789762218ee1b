//! PyTorch's parameters, here and back.
//!
//! What PyTorch calls `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0` and `bias_hh_l0` are our U, W and b:
//! both biases are added to the same sum, so ours is theirs together. Only the candidate of a GRU resets
//! the second, which is our c.
//!
//! ```
//! use autograd::Matrix;
//! use layers::torch::{self, StateDict};
//! use layers::{Linear, Lstm, ParameterSet};
//! use rand::{SeedableRng, rngs::ChaCha8Rng};
//!
//! let (mut rng, mut set) = (ChaCha8Rng::seed_from_u64(1), ParameterSet::<f32>::new());
//! let backward = Lstm::new(&mut set, "backward1", 3, 8, &mut rng);
//! let output = Linear::new(&mut set, "output", 8, 2, &mut rng);
//!
//! let mut state = StateDict::new(); // as a module with an LSTM and a head has it, in part
//! state.insert("encoder.weight_ih_l0_reverse".into(), Matrix::filled(32, 3, 0.1));
//! state.insert("encoder.weight_hh_l0_reverse".into(), Matrix::filled(32, 8, 0.2));
//! state.insert("encoder.bias_ih_l0_reverse".into(), Matrix::filled(1, 32, 0.3));
//! state.insert("encoder.bias_hh_l0_reverse".into(), Matrix::filled(1, 32, 0.4));
//! state.insert("head.weight".into(), Matrix::filled(2, 8, 0.5));
//! state.insert("head.bias".into(), Matrix::filled(1, 2, 0.6));
//!
//! torch::import(&mut set, &backward, &state, "encoder.*_l0_reverse")?;
//! torch::import(&mut set, &output, &state, "head.*")?;
//! assert_eq!(set.get(backward.weights.b)[(0, 0)], 0.3 + 0.4);
//!
//! let back = torch::export(&set, &backward, "encoder.*_l0_reverse");
//! assert_eq!(back["encoder.weight_hh_l0_reverse"], state["encoder.weight_hh_l0_reverse"]);
//! # Ok::<(), torch::TorchError>(())
//! ```

mod mapping;

use std::collections::BTreeMap;

use autograd::{Matrix, Scalar, Shape};
use thiserror::Error;

use crate::check::place;
use crate::{
    Embedding, Gru, LayerNorm, Linear, Lstm, ParameterId, ParameterSet, SimpleRnn, Weights,
};

pub use mapping::{Mapping, MappingError};

/// PyTorch's tensors by their names, as `state_dict()` gives them: vectors as one row.
pub type StateDict<T = f32> = BTreeMap<String, Matrix<T>>;

/// How PyTorch splits a layer's parameters.
#[derive(Clone, Copy, Debug)]
pub enum Tensors {
    /// "weight", and "bias" unless it was told to have none.
    Dense {
        /// As it is.
        weight: ParameterId,
        /// As it is.
        bias: Option<ParameterId>,
    },
    /// "weight_ih", "weight_hh", and "bias_ih" and "bias_hh" unless it was told to have none.
    Recurrent {
        /// weight_ih.
        u: ParameterId,
        /// weight_hh.
        w: ParameterId,
        /// bias_ih + bias_hh.
        b: ParameterId,
        /// Of the last gate, bias_hh by itself; what b has of it is bias_ih.
        c: Option<ParameterId>,
    },
}

impl Tensors {
    fn recurrent(weights: &Weights, c: Option<ParameterId>) -> Self {
        let &Weights { u, w, b, .. } = weights;
        Tensors::Recurrent { u, w, b, c }
    }
}

/// A layer that PyTorch has too. Learned initial states are no part of it there.
pub trait Torch {
    /// How PyTorch splits its parameters.
    ///
    /// # Panics
    /// If PyTorch has no such layer: a [`Gru`] with [`Reset::Before`](crate::Reset::Before).
    #[track_caller]
    fn tensors(&self) -> Tensors;

    /// Whether its weight has one dimension there, as a bias has.
    fn weight_is_vector(&self) -> bool {
        false
    }
}

/// As `torch.nn.RNN`, with the nonlinearity that it is told.
impl Torch for SimpleRnn {
    fn tensors(&self) -> Tensors {
        Tensors::recurrent(&self.weights, None)
    }
}

/// As `torch.nn.LSTM`.
impl Torch for Lstm {
    fn tensors(&self) -> Tensors {
        Tensors::recurrent(&self.weights, None)
    }
}

/// As `torch.nn.GRU`.
impl Torch for Gru {
    #[track_caller]
    fn tensors(&self) -> Tensors {
        let complaint = "it resets before the product, and PyTorch's after it";
        assert!(self.c.is_some(), "{}", place(&self.weights.name, complaint));
        Tensors::recurrent(&self.weights, self.c)
    }
}

/// As `torch.nn.Linear`.
impl Torch for Linear {
    fn tensors(&self) -> Tensors {
        let (weight, bias) = (self.v, Some(self.d));
        Tensors::Dense { weight, bias }
    }
}

/// As `torch.nn.Embedding`.
impl Torch for Embedding {
    fn tensors(&self) -> Tensors {
        let (weight, bias) = (self.e, None);
        Tensors::Dense { weight, bias }
    }
}

/// As `torch.nn.LayerNorm`.
impl Torch for LayerNorm {
    fn tensors(&self) -> Tensors {
        let (weight, bias) = (self.gain, self.bias);
        Tensors::Dense { weight, bias }
    }

    fn weight_is_vector(&self) -> bool {
        true
    }
}

/// What is wrong with PyTorch's tensors.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TorchError {
    /// A tensor is not there.
    #[error("there is no tensor {name}, for {parameter}: the state dict has {known}")]
    Missing {
        /// The name of the tensor.
        name: String,
        /// The name of our parameter.
        parameter: String,
        /// The names that there are.
        known: String,
    },
    /// A tensor is of another shape than our parameter.
    #[error("the tensor {name} is {found}, and {parameter} is {expected}")]
    Shape {
        /// The name of the tensor.
        name: String,
        /// Its shape.
        found: Shape,
        /// The name of our parameter.
        parameter: String,
        /// The shape of it.
        expected: Shape,
    },
}

/// Takes a layer's parameters from PyTorch's. `names` is where they are, with a `*` for PyTorch's own
/// names of them: "encoder.*_l0" is "encoder.weight_ih_l0" and so on, the second layer's are
/// "encoder.*_l1", those of the reverse direction "encoder.*_l0_reverse", and a dense layer's "head.*".
/// Biases that are not there are zeros, as with `bias=False`.
///
/// # Errors
/// If a tensor is not there, or of another shape; then nothing has changed.
///
/// # Panics
/// If `names` has no `*`, PyTorch has no such layer, or the layer is of another set.
#[track_caller]
pub fn import<T: Scalar>(
    set: &mut ParameterSet<T>,
    layer: &(impl Torch + ?Sized),
    state: &StateDict<T>,
    names: &str,
) -> Result<(), TorchError> {
    let names = Names::new(names);
    let source = Source { set, state, names };
    let values = source.parameters(layer.tensors()).into_iter();
    for (id, value) in values.collect::<Result<Vec<_>, _>>()? {
        *set.get_mut(id) = value;
    }
    Ok(())
}

/// A layer's parameters as PyTorch has them, under names as [`import`] takes them. `bias_ih` is our b, and
/// `bias_hh` zeros, but for what a GRU resets.
///
/// # Panics
/// If `names` has no `*`, PyTorch has no such layer, or the layer is of another set.
#[track_caller]
pub fn export<T: Scalar>(
    set: &ParameterSet<T>,
    layer: &(impl Torch + ?Sized),
    names: &str,
) -> StateDict<T> {
    export_tensors(set, layer.tensors(), &Names::new(names))
}

#[track_caller]
fn export_tensors<T: Scalar>(
    set: &ParameterSet<T>,
    tensors: Tensors,
    names: &Names<'_>,
) -> StateDict<T> {
    let mut state = StateDict::new();
    let mut insert = |name, value: Matrix<T>| _ = state.insert(names.of(name), value);
    match tensors {
        Tensors::Dense { weight, bias } => {
            insert("weight", set.get(weight).clone());
            if let Some(bias) = bias {
                insert("bias", set.get(bias).clone());
            }
        }
        Tensors::Recurrent { u, w, b, c } => {
            insert("weight_ih", set.get(u).clone());
            insert("weight_hh", set.get(w).clone());
            insert("bias_ih", set.get(b).clone());
            let mut second = Matrix::zeros(1, set.get(b).col_count());
            if let Some(c) = c {
                let c = set.get(c).data();
                last(&mut second, c.len()).copy_from_slice(c);
            }
            insert("bias_hh", second);
        }
    }
    state
}

/// The last elements of a row.
fn last<T: Scalar>(row: &mut Matrix<T>, count: usize) -> &mut [T] {
    let start = row.col_count() - count;
    &mut row.data_mut()[start..]
}

/// What stands before and after PyTorch's own names.
struct Names<'a>(&'a str, &'a str);

impl<'a> Names<'a> {
    #[track_caller]
    fn new(pattern: &'a str) -> Self {
        match pattern.split_once('*') {
            Some((before, after)) => Names(before, after),
            None => panic!(
                "{pattern:?} as names of PyTorch's tensors: a * stands for weight, bias and the like, \
                 as in \"encoder.*_l0\""
            ),
        }
    }

    fn of(&self, name: &str) -> String {
        format!("{}{name}{}", self.0, self.1)
    }
}

/// Where parameters are taken from.
struct Source<'a, T: Scalar> {
    set: &'a ParameterSet<T>,
    state: &'a StateDict<T>,
    names: Names<'a>,
}

impl<T: Scalar> Source<'_, T> {
    /// What each parameter is to be.
    #[track_caller]
    fn parameters(&self, tensors: Tensors) -> Vec<Result<(ParameterId, Matrix<T>), TorchError>> {
        let weight = |name, id| self.tensor(name, id).map(|value| (id, value));
        match tensors {
            Tensors::Dense { weight: w, bias } => {
                let mut found = vec![weight("weight", w)];
                if let Some(id) = bias {
                    match self.biases(["bias"], id) {
                        Ok([value]) => found.push(Ok((id, value))),
                        Err(errors) => found.extend(errors.into_iter().map(Err)),
                    }
                }
                found
            }
            Tensors::Recurrent { u, w, b, c } => {
                let mut found = vec![weight("weight_ih", u), weight("weight_hh", w)];
                match self.biases(["bias_ih", "bias_hh"], b) {
                    Err(errors) => found.extend(errors.into_iter().map(Err)),
                    Ok([first, mut second]) => {
                        if let Some(c) = c {
                            let mut reset = Matrix::zeros(1, self.set.get(c).col_count());
                            let of_c = last(&mut second, reset.col_count());
                            reset.data_mut().swap_with_slice(of_c);
                            found.push(Ok((c, reset)));
                        }
                        found.push(Ok((b, first + second)));
                    }
                }
                found
            }
        }
    }

    /// Tensors of the shape of a bias of ours; zeros if none of them is there.
    #[track_caller]
    fn biases<const N: usize>(
        &self,
        names: [&str; N],
        id: ParameterId,
    ) -> Result<[Matrix<T>; N], Vec<TorchError>> {
        let mut biases = names.map(|_| Matrix::zeros(1, self.set.get(id).col_count()));
        let mut errors = Vec::new();
        let is_there = |name: &&str| self.state.contains_key(&self.names.of(name));
        if names.iter().any(is_there) {
            for (bias, name) in biases.iter_mut().zip(names) {
                match self.tensor(name, id) {
                    Ok(tensor) => *bias = tensor,
                    Err(error) => errors.push(error),
                }
            }
        }
        match errors.is_empty() {
            true => Ok(biases),
            false => Err(errors),
        }
    }

    /// A tensor of the shape of a parameter of ours.
    #[track_caller]
    fn tensor(&self, name: &str, id: ParameterId) -> Result<Matrix<T>, TorchError> {
        let (name, expected) = (self.names.of(name), self.set.get(id).shape());
        let parameter = || self.set.name(id).into();
        match self.state.get(&name) {
            Some(tensor) if tensor.shape() == expected => Ok(tensor.clone()),
            Some(tensor) => Err(TorchError::Shape {
                name,
                found: tensor.shape(),
                parameter: parameter(),
                expected,
            }),
            None => Err(TorchError::Missing {
                name,
                parameter: parameter(),
                known: self.known(),
            }),
        }
    }

    /// The names that there are.
    fn known(&self) -> String {
        match self.state.is_empty() {
            true => "none".into(),
            false => self.state.keys().cloned().collect::<Vec<_>>().join(", "),
        }
    }
}
