//! One matrix for each parameter of a set: velocities, moments.

use std::fmt;

use autograd::{Matrix, Scalar};
use layers::{ParameterId, ParameterSet};

use crate::StateError;
use crate::optimizer::find;

/// One matrix for each parameter, or none yet.
#[derive(Clone)]
pub(crate) struct PerParameter<T: Scalar> {
    ids: Vec<ParameterId>,
    matrices: Vec<Matrix<T>>,
}

impl<T: Scalar> PerParameter<T> {
    /// No matrices: they are made when the set is first seen.
    pub fn empty() -> Self {
        PerParameter {
            ids: Vec::new(),
            matrices: Vec::new(),
        }
    }

    /// Makes zeros of the shapes of the parameters, unless that has been done.
    #[track_caller]
    pub fn prepare(&mut self, set: &ParameterSet<T>) {
        if self.ids.is_empty() {
            self.ids = set.ids().collect();
            self.matrices = set.ids().map(|id| zeros_like(set.get(id))).collect();
        }
        assert!(
            set.ids().eq(self.ids.iter().copied()),
            "the optimizer has the state of another set than this one, or of fewer parameters"
        );
    }

    #[track_caller]
    pub fn get_mut(&mut self, id: ParameterId) -> &mut Matrix<T> {
        check_owner(&self.ids, id);
        &mut self.matrices[id.index()]
    }

    /// The matrices as tensors "prefix.parameter".
    pub fn state(&self, prefix: &str, set: &ParameterSet<T>) -> Vec<(String, Matrix<T>)> {
        let tensor = |id: ParameterId| {
            let zeros = || zeros_like(set.get(id));
            let value = self.matrices.get(id.index()).cloned();
            let name = format!("{prefix}.{}", set.name(id));
            (name, value.unwrap_or_else(zeros))
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
        Ok(PerParameter {
            ids: set.ids().collect(),
            matrices: set.ids().map(tensor).collect::<Result<_, _>>()?,
        })
    }
}

impl<T: Scalar> fmt::Debug for PerParameter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} matrices", self.matrices.len())
    }
}

/// That a parameter is one of these, which stand in the order of their set.
#[track_caller]
pub(crate) fn check_owner(ids: &[ParameterId], id: ParameterId) {
    assert!(
        ids.get(id.index()) == Some(&id),
        "parameter {} is of another set than these gradients, or this state",
        id.index()
    );
}

pub(crate) fn zeros_like<T: Scalar>(m: &Matrix<T>) -> Matrix<T> {
    Matrix::zeros(m.row_count(), m.col_count())
}
