//! [`ParameterGradients`]: the gradients of a parameter set, off the tape.

use std::fmt;
use std::sync::Arc;

use autograd::{Keep, Matrix, Scalar, Tape, Var};
use layers::{Bound, ParameterId, ParameterSet};

use crate::blocks::{BLOCK, add_and_square, squares};
use crate::memory::{check_owner, zeros_like};
use crate::shard::mistake;

/// The gradient of a loss by every parameter of a set: ∂E/∂U for each U.
///
/// It outlives the recording, so that the tape can be cleared (which ends its share in the
/// parameters) before an optimizer changes them.
#[derive(Clone)]
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
            values: set
                .ids()
                .map(|id| Arc::new(zeros_like(set.get(id))))
                .collect(),
            lent: false,
            squares: Vec::new(),
        }
    }

    /// The gradients of a loss, by a sweep of its tape; zeros for a parameter that the loss does not
    /// depend on. Nothing is copied: the matrices are the sweep's own, and the ones that were here
    /// before go to the tape, to be used again.
    ///
    /// # Panics
    /// If the loss is not of shape [1, 1], is on another tape or depends on no parameter at all, or
    /// if the parameters are not those of the set that this was made for.
    #[track_caller]
    pub fn differentiate(&mut self, loss: Var<'_, T>, bound: &Bound<'_, T>) {
        if let Some(mistake) = mistake(loss, bound.tape()) {
            panic!("{mistake}");
        }
        let reached = self.collect(loss, bound);
        assert!(reached, "the loss {} depends on no parameter", loss.info());
    }

    /// [`ParameterGradients::differentiate`]; whether the loss depends on a parameter.
    #[track_caller]
    pub(crate) fn collect(&mut self, loss: Var<'_, T>, bound: &Bound<'_, T>) -> bool {
        self.give_back(bound.tape());
        let mut gradients = loss.backward_keeping(Keep::Leaves);
        let mut reached = false;
        for &id in &self.ids {
            let parameter = bound.var(id);
            let gradient = gradients.take(parameter);
            reached |= gradient.is_some();
            let zeros = || Arc::new(Matrix::zeros(parameter.row_count(), parameter.col_count()));
            self.values.push(gradient.unwrap_or_else(zeros));
        }
        self.lent = true;
        reached
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
    /// If the parameter is of another set.
    #[track_caller]
    pub fn get(&self, id: ParameterId) -> &Matrix<T> {
        check_owner(&self.ids, id);
        &self.values[id.index()]
    }

    /// The gradient by one parameter, to be changed.
    ///
    /// # Panics
    /// If the parameter is of another set.
    #[track_caller]
    pub fn get_mut(&mut self, id: ParameterId) -> &mut Matrix<T> {
        check_owner(&self.ids, id);
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

impl<T: Scalar> fmt::Debug for ParameterGradients<T> {
    /// The shapes in the order of the set, and the norm of all:
    /// `ParameterGradients { shapes: [[8, 3], [8, 8], [1, 8]], norm: 0.71 }`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shapes = self.values.iter().map(|g| g.shape().to_string());
        let shapes = shapes.collect::<Vec<_>>().join(", ");
        f.debug_struct("ParameterGradients")
            .field("shapes", &format_args!("[{shapes}]"))
            .field("norm", &self.norm())
            .finish()
    }
}
