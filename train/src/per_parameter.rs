//! One matrix for each parameter of a set: gradients, velocities, moments.

use std::sync::Arc;

use autograd::{Matrix, Scalar};
use layers::{ParameterId, ParameterSet};

use crate::StateError;
use crate::optimizer::find;

/// One matrix for each parameter, or none yet.
#[derive(Clone, Debug)]
pub(crate) struct PerParameter<T: Scalar>(Vec<Matrix<T>>);

impl<T: Scalar> PerParameter<T> {
    /// No matrices: they are made when the set is first seen.
    pub fn empty() -> Self {
        PerParameter(Vec::new())
    }

    /// Zeros of the shapes of the parameters.
    pub fn zeros(set: &ParameterSet<T>) -> Self {
        PerParameter(set.ids().map(|id| zeros_like(set.get(id))).collect())
    }

    /// Makes the zeros unless they have been made.
    #[track_caller]
    pub fn prepare(&mut self, set: &ParameterSet<T>) {
        if self.0.is_empty() {
            *self = Self::zeros(set);
        }
        let (count, expected) = (self.0.len(), set.len());
        assert!(
            count == expected,
            "the state of {count} parameters for a set of {expected}"
        );
    }

    #[track_caller]
    pub fn get_mut(&mut self, id: ParameterId) -> &mut Matrix<T> {
        &mut self.0[id.index()]
    }

    pub fn into_shared(self) -> Vec<Arc<Matrix<T>>> {
        self.0.into_iter().map(Arc::new).collect()
    }

    /// The matrices as tensors "prefix.parameter".
    pub fn state(&self, prefix: &str, set: &ParameterSet<T>) -> Vec<(String, Matrix<T>)> {
        let tensor = |id: ParameterId| {
            let zeros = || zeros_like(set.get(id));
            let value = self.0.get(id.index()).cloned().unwrap_or_else(zeros);
            (format!("{prefix}.{}", set.name(id)), value)
        };
        set.ids().map(tensor).collect()
    }

    /// The inverse of [`PerParameter::state`].
    pub fn from_state(
        prefix: &str,
        set: &ParameterSet<T>,
        tensors: &[(String, Matrix<T>)],
    ) -> Result<Self, StateError> {
        let tensor = |id| {
            let name = format!("{prefix}.{}", set.name(id));
            find(tensors, &name, set.get(id).shape()).cloned()
        };
        set.ids().map(tensor).collect::<Result<_, _>>().map(Self)
    }
}

fn zeros_like<T: Scalar>(m: &Matrix<T>) -> Matrix<T> {
    Matrix::zeros(m.row_count(), m.col_count())
}
