//! Matrices for each parameter of a set: velocities, moments.

use std::fmt;

use autograd::{Matrix, Scalar};
use layers::{ParameterId, ParameterSet};

use crate::StateError;
use crate::optimizer::find;

/// Matrices of several kinds, one of each for each parameter, or none yet.
#[derive(Clone)]
pub(crate) struct Memory<T: Scalar> {
    ids: Vec<ParameterId>,
    /// By kind and parameter.
    kinds: Vec<Vec<Matrix<T>>>,
}

impl<T: Scalar> Memory<T> {
    /// No matrices: they are made when the set is first seen.
    pub fn empty() -> Self {
        Memory {
            ids: Vec::new(),
            kinds: Vec::new(),
        }
    }

    /// Whether no set has been seen yet.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Makes zeros of the shapes of the parameters, unless that has been done.
    #[track_caller]
    pub fn prepare(&mut self, kinds: usize, set: &ParameterSet<T>) {
        if self.is_empty() {
            self.ids = set.ids().collect();
        }
        assert!(
            set.ids().eq(self.ids.iter().copied()),
            "the optimizer has the state of another set than this one, or of fewer parameters"
        );
        let zeros = || set.ids().map(|id| zeros_like(set.get(id))).collect();
        self.kinds.resize_with(kinds, zeros);
    }

    /// The matrices of a parameter, one of each kind.
    ///
    /// # Panics
    /// If there are not so many kinds.
    #[track_caller]
    pub fn get_mut<const N: usize>(&mut self, id: ParameterId) -> [&mut Matrix<T>; N] {
        check_owner(&self.ids, id);
        let count = self.kinds.len();
        let Ok(kinds) = <&mut [_; N]>::try_from(&mut self.kinds[..]) else {
            panic!("a rule whose memory() names {count} tensors takes {N} in each()")
        };
        kinds
            .each_mut()
            .map(|kind: &mut Vec<_>| &mut kind[id.index()])
    }

    /// The matrices of a kind as tensors "prefix.parameter".
    pub fn state(
        &self,
        kind: usize,
        prefix: &str,
        set: &ParameterSet<T>,
    ) -> Vec<(String, Matrix<T>)> {
        let tensor = |id: ParameterId| {
            let value = self.kinds.get(kind).and_then(|kind| kind.get(id.index()));
            let name = format!("{prefix}.{}", set.name(id));
            let zeros = || zeros_like(set.get(id));
            (name, value.cloned().unwrap_or_else(zeros))
        };
        set.ids().map(tensor).collect()
    }

    /// The inverse of [`Memory::state`], for the prefixes of all kinds.
    pub fn from_state(
        prefixes: impl Iterator<Item = String>,
        set: &ParameterSet<T>,
        tensors: &[(String, Matrix<T>)],
    ) -> Result<Self, StateError> {
        let kind = |prefix| {
            let tensor = |id| {
                let name = format!("{prefix}.{}", set.name(id));
                find(tensors, &name, set.get(id).shape()).cloned()
            };
            set.ids().map(tensor).collect()
        };
        Ok(Memory {
            ids: set.ids().collect(),
            kinds: prefixes.map(kind).collect::<Result<_, _>>()?,
        })
    }
}

impl<T: Scalar> fmt::Debug for Memory<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} parameters", self.kinds.len(), self.ids.len())
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
