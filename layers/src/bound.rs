//! [`Bound`]: a parameter set on a tape.

use std::fmt;

use autograd::{Scalar, Tape, Var};

use crate::ParameterId;
use crate::parameters::Identity;

/// A parameter set on a tape, for one pass.
#[derive(Clone, Copy)]
pub struct Bound<'t, T = f32> {
    tape: &'t Tape<T>,
    /// The variables lie one behind the other.
    first: usize,
    count: usize,
    /// The set, where it is known.
    set: Option<Identity>,
}

impl<'t, T: Scalar> Bound<'t, T> {
    pub(crate) fn new(
        tape: &'t Tape<T>,
        first: usize,
        count: usize,
        set: Option<Identity>,
    ) -> Self {
        Bound {
            tape,
            first,
            count,
            set,
        }
    }

    /// The variables of a parameter set that are on the tape already, such as the inputs of a
    /// [`gradcheck`](autograd::gradcheck()).
    ///
    /// # Panics
    /// If there are none, or they do not lie one behind the other on one tape.
    #[track_caller]
    pub fn from_vars(vars: &[Var<'t, T>]) -> Self {
        Self::from_vars_of(vars, None)
    }

    /// [`Bound::from_vars`], where it is known whose variables they are.
    #[track_caller]
    pub(crate) fn from_vars_of(vars: &[Var<'t, T>], set: Option<Identity>) -> Self {
        assert!(!vars.is_empty(), "a bound set of no variables");
        let (tape, first) = (vars[0].tape(), vars[0].index());
        for (i, &var) in vars.iter().enumerate() {
            assert!(
                std::ptr::eq(var.tape(), tape),
                "variable {i} of a bound set, {}, is of another tape than variable 0, {}",
                var.info(),
                vars[0].info()
            );
            assert!(
                var.index() == first + i,
                "variable {i} of a bound set, {}, does not lie behind the one before",
                var.info()
            );
        }
        Self::new(tape, first, vars.len(), set)
    }

    /// The variable of a parameter.
    ///
    /// # Panics
    /// If the parameter is of another set, or was added to this one after it was bound.
    #[track_caller]
    pub fn var(&self, id: ParameterId) -> Var<'t, T> {
        let index = id.index();
        assert!(
            self.is_of_set(id),
            "parameter {index} of another set than the one that was bound: a model goes with the \
             set that it was made with, or a clone of that"
        );
        assert!(
            index < self.count,
            "parameter {index}, and {} were bound: was it added to the set after that?",
            self.count
        );
        self.tape.node(self.first + index)
    }

    /// Whether this is of the set, as far as is known.
    pub(crate) fn is_of_set(&self, id: ParameterId) -> bool {
        self.set.is_none_or(|set| id.is_of(set))
    }

    /// The set, where it is known.
    pub(crate) fn set(&self) -> Option<Identity> {
        self.set
    }

    /// All variables, in the order of the set.
    pub fn vars(&self) -> impl Iterator<Item = Var<'t, T>> + use<'t, T> {
        let (tape, first) = (self.tape, self.first);
        (first..first + self.count).map(|index| tape.node(index))
    }

    /// The number of parameters.
    #[allow(clippy::len_without_is_empty)] // it is a size, not that of a collection
    pub fn len(&self) -> usize {
        self.count
    }

    /// The tape.
    pub fn tape(&self) -> &'t Tape<T> {
        self.tape
    }
}

impl<T: Scalar> fmt::Debug for Bound<'_, T> {
    /// The variables by name, with their positions on the tape: `Bound(U %0, W %1, b %2)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |var: Var<'_, T>| {
            let info = var.info();
            format!("{} %{}", info.name.unwrap_or("variable"), info.index)
        };
        let names = self.vars().map(name).collect::<Vec<_>>();
        write!(f, "Bound({})", names.join(", "))
    }
}
