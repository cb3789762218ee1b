//! [`Bound`]: a parameter set on a tape.

use std::fmt;

use autograd::{Scalar, Tape, Var};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

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
    /// What the noise of training is drawn from.
    noise: Option<Noise>,
    /// What of the hidden state the recurrent products do not see, in this pass.
    mask: Option<(Var<'t, T>, f64)>,
}

/// What the noise of training is drawn from: of one seed, each position on the tape has its own, counted
/// from where the training began, so that a function is the same wherever it is recorded.
#[derive(Clone, Copy)]
struct Noise {
    seed: u64,
    since: usize,
}

impl Noise {
    fn new<T: Scalar>(seed: u64, tape: &Tape<T>) -> Self {
        let since = tape.len();
        Noise { seed, since }
    }
}

/// What a bound set is besides its variables.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub count: usize,
    set: Option<Identity>,
    noise: Option<u64>,
}

impl Kind {
    /// With noise of its own for the steps from `t` on.
    pub fn at(self, t: usize) -> Self {
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15; // an odd number without a pattern
        let noise = self
            .noise
            .map(|seed| seed ^ (t as u64 + 1).wrapping_mul(GOLDEN));
        Kind { noise, ..self }
    }
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
            noise: None,
            mask: None,
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

    /// The same for training: layers that do something else there, such as
    /// [`Dropout`](crate::Dropout), do it, and draw their random numbers from this seed. Another step
    /// of the training takes another seed.
    #[must_use]
    pub fn training(self, seed: u64) -> Self {
        Bound {
            noise: Some(Noise::new(seed, self.tape)),
            ..self
        }
    }

    /// A generator for what is drawn next, in training: it depends on the seed and on how much has been
    /// recorded since [`Bound::training`], so that no layer has to hand it to another.
    pub fn noise(&self) -> Option<ChaCha8Rng> {
        self.noise.map(|Noise { seed, since }| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream((self.tape.len() - since) as u64);
            rng
        })
    }

    /// A hidden state `[B, H]` as the recurrent products of a cell see it: as it is, unless the pass is one
    /// of training with [`RecurrentDropout`](crate::RecurrentDropout).
    pub fn recurrent(&self, h: Var<'t, T>) -> Var<'t, T> {
        match self.mask {
            None => h,
            Some((mask, probability)) => h.dropout(mask.rows(0..h.row_count()), probability),
        }
    }

    /// The same with a mask `[samples, H]` on the hidden states, whose elements are 0 with that
    /// probability.
    pub(crate) fn masked(self, mask: Var<'t, T>, probability: f64) -> Self {
        Bound {
            mask: Some((mask, probability)),
            ..self
        }
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

    /// What it is besides its variables, for [`Bound::on_vars`].
    pub(crate) fn kind(&self) -> Kind {
        let Bound { count, set, .. } = *self;
        let noise = self.noise.map(|noise| noise.seed);
        Kind { count, set, noise }
    }

    /// The same at the beginning of the tape that it has been bound to.
    pub(crate) fn again(tape: &'t Tape<T>, kind: Kind) -> Self {
        let Kind { count, set, noise } = kind;
        Bound {
            tape,
            first: 0,
            count,
            set,
            noise: noise.map(|seed| Noise::new(seed, tape)),
            mask: None,
        }
    }

    /// The same on the first of these variables, which are copies of its own.
    #[track_caller]
    pub(crate) fn on_vars(vars: &[Var<'t, T>], kind: Kind) -> Self {
        let Kind { count, set, noise } = kind;
        let bound = Self::from_vars_of(&vars[..count], set);
        noise.map_or(bound, |seed| bound.training(seed))
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
