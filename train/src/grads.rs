//! [`ParameterGradients`]: the gradients of a parameter set, off the tape.

use autograd::{Gradients, Matrix, Scalar};
use layers::{Bound, ParameterId, ParameterSet};

use crate::blocks::{BLOCK, add_and_square, squares};
use crate::per_parameter::PerParameter;

/// The gradient of a loss by every parameter of a set: ∂E/∂U for each U.
///
/// It outlives the recording, so that the tape can be cleared (which ends its share in the
/// parameters) before an optimizer changes them.
#[derive(Clone, Debug)]
pub struct ParameterGradients<T: Scalar = f32> {
    ids: Vec<ParameterId>,
    values: PerParameter<T>,
    /// The squares of each block's elements, summed.
    squares: Vec<f64>,
}

impl<T: Scalar> ParameterGradients<T> {
    /// Zeros, one matrix for each parameter.
    pub fn new(set: &ParameterSet<T>) -> Self {
        ParameterGradients {
            ids: set.ids().collect(),
            values: PerParameter::zeros(set),
            squares: Vec::new(),
        }
    }

    /// Copies the gradients of a sweep, without an allocation; zeros for a parameter that the loss
    /// does not depend on.
    ///
    /// # Panics
    /// If the parameters are not those of the set that this was made for.
    #[track_caller]
    pub fn collect(&mut self, gradients: &Gradients<'_, T>, bound: &Bound<'_, T>) {
        for (&id, to) in self.ids.iter().zip(self.values.iter_mut()) {
            match gradients.get(bound.var(id)) {
                Some(from) => to.view_mut().copy_from(from),
                None => to.data_mut().fill(T::ZERO),
            }
        }
    }

    /// The global norm ‖g‖ = √(Σ ‖∂E/∂U‖²) over all parameters U, summed in f64.
    pub fn norm(&self) -> f64 {
        let mut total = 0.0;
        let mut sums = Vec::new();
        for g in self.values.iter() {
            sums.resize(g.data().len().div_ceil(BLOCK), 0.0);
            squares(g.data(), &mut sums);
            total += sums.iter().sum::<f64>();
        }
        total.sqrt()
    }

    /// Adds the gradients of other shards of the mini-batch, in one pass with the norm of the sum,
    /// which it gives.
    pub(crate) fn add_all(&mut self, others: &[&Self]) -> f64 {
        let mut total = 0.0;
        let mut parts: Vec<&[T]> = Vec::with_capacity(others.len());
        for (&id, g) in self.ids.iter().zip(self.values.iter_mut()) {
            parts.clear();
            parts.extend(others.iter().map(|o| o.get(id).data()));
            self.squares.resize(g.data().len().div_ceil(BLOCK), 0.0);
            add_and_square(g.data_mut(), &parts, &mut self.squares);
            total += self.squares.iter().sum::<f64>();
        }
        total.sqrt()
    }

    /// The gradient by one parameter.
    ///
    /// # Panics
    /// If the parameter is of another set, with more in it.
    #[track_caller]
    pub fn get(&self, id: ParameterId) -> &Matrix<T> {
        self.values.get(id)
    }

    /// The gradient by one parameter, to be changed.
    ///
    /// # Panics
    /// If the parameter is of another set, with more in it.
    #[track_caller]
    pub fn get_mut(&mut self, id: ParameterId) -> &mut Matrix<T> {
        self.values.get_mut(id)
    }

    /// The first parameter whose gradient has a NaN or an infinity in it.
    pub fn first_non_finite(&self) -> Option<ParameterId> {
        let mut ids = self.ids.iter().copied();
        ids.find(|&id| !self.get(id).view().is_finite())
    }

    /// Replaces every element g by `f(g)`.
    pub(crate) fn map_in_place(&mut self, f: impl Fn(T) -> T) {
        for g in self.values.iter_mut().flat_map(Matrix::data_mut) {
            *g = f(*g);
        }
    }
}
