//! [`ParameterGradients`]: the gradients of a parameter set, off the tape.

use std::sync::Arc;

use autograd::{Keep, Matrix, Scalar, Tape, Var};
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
    values: Vec<Arc<Matrix<T>>>,
    /// Whether they are from a tape.
    lent: bool,
    /// The squares of each block's elements, summed.
    squares: Vec<f64>,
}

impl<T: Scalar> ParameterGradients<T> {
    /// Zeros, one matrix for each parameter.
    pub fn new(set: &ParameterSet<T>) -> Self {
        ParameterGradients {
            ids: set.ids().collect(),
            values: PerParameter::zeros(set).into_shared(),
            lent: false,
            squares: Vec::new(),
        }
    }

    /// The gradients of a loss, by a sweep of its tape; zeros for a parameter that the loss does not
    /// depend on. Nothing is copied: the matrices are the sweep's own, and the ones that were here
    /// before go to the tape, to be used again.
    ///
    /// # Panics
    /// If the loss is not of shape [1, 1], or the parameters are not those of the set that this was
    /// made for.
    #[track_caller]
    pub fn differentiate(&mut self, loss: Var<'_, T>, bound: &Bound<'_, T>) {
        self.give_back(bound.tape());
        let mut gradients = loss.backward_keeping(Keep::Leaves);
        let take = |&id: &ParameterId| {
            let parameter = bound.var(id);
            let zeros = || Arc::new(Matrix::zeros(parameter.row_count(), parameter.col_count()));
            gradients.take(parameter).unwrap_or_else(zeros)
        };
        self.values.extend(self.ids.iter().map(take));
        self.lent = true;
    }

    /// Gives the matrices to a tape, to be used again; none are left.
    pub(crate) fn give_back(&mut self, tape: &Tape<T>) {
        let matrices = self.values.drain(..).filter(|_| self.lent);
        matrices.for_each(|matrix| tape.recycle(matrix));
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
        for (&id, g) in self.ids.iter().zip(&mut self.values) {
            let g = Arc::make_mut(g);
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
        &self.values[id.index()]
    }

    /// The gradient by one parameter, to be changed.
    ///
    /// # Panics
    /// If the parameter is of another set, with more in it.
    #[track_caller]
    pub fn get_mut(&mut self, id: ParameterId) -> &mut Matrix<T> {
        Arc::make_mut(&mut self.values[id.index()])
    }

    /// The first parameter whose gradient has a NaN or an infinity in it.
    pub fn first_non_finite(&self) -> Option<ParameterId> {
        let mut ids = self.ids.iter().copied();
        ids.find(|&id| !self.get(id).view().is_finite())
    }

    /// Replaces every element g by `f(g)`.
    pub(crate) fn map_in_place(&mut self, f: impl Fn(T) -> T) {
        for g in &mut self.values {
            let elements = Arc::make_mut(g).data_mut().iter_mut();
            elements.for_each(|g| *g = f(*g));
        }
    }
}
