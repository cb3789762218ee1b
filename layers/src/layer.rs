//! [`Layer`]: what makes a sequence of a sequence.

use std::fmt;

use autograd::{Scalar, Var};

use crate::{Bound, Carried, Sequence, State, check};

/// What makes a sequence of a sequence: a recurrent layer, both directions of one, a dense layer over all
/// steps, an embedding, dropout, a stack of them, or a layer of your own.
///
/// A [`Cell`](crate::Cell) becomes a layer by the direction that it reads in: [`Forward`], [`Backward`] or
/// [`Bidirectional`]. A layer of your own without a state needs one line:
///
/// ```
/// use autograd::{Matrix, Scalar, Tape};
/// use layers::{Bound, Layer, ParameterSet, Sequence, Stack, States};
///
/// /// Takes a half of everything.
/// struct Halved;
///
/// impl<T: Scalar> Layer<T> for Halved {
///     fn pass<'t>(&self, _: &Bound<'t, T>, x: Sequence<'t, T>, _: &mut States<'t, T>) -> Sequence<'t, T> {
///         x.map(|x| x * T::from_f64(0.5))
///     }
/// }
///
/// let (tape, stack) = (Tape::<f64>::new(), Stack::new().with(Halved).with(Halved));
/// let p = ParameterSet::new().bind(&tape);
/// let x = Sequence::from_samples(&tape, &[Matrix::from([[4.0], [8.0]])])?;
/// assert_eq!(stack.run(&p, x).last().item(), 2.0);
/// # Ok::<(), layers::SequenceError>(())
/// ```
///
/// [`Forward`]: crate::Forward
/// [`Backward`]: crate::Backward
/// [`Bidirectional`]: crate::Bidirectional
pub trait Layer<T: Scalar> {
    /// The layer's outputs for the sequences `x`. A recurrent layer takes its state before the first step
    /// from `states`, and leaves the one after the last there; a layer made of others hands `states` on
    /// to each of them in turn.
    ///
    /// # Panics
    /// If a shape does not fit.
    #[track_caller]
    fn pass<'t>(
        &self,
        p: &Bound<'t, T>,
        x: Sequence<'t, T>,
        states: &mut States<'t, T>,
    ) -> Sequence<'t, T>;

    /// The states that it takes, in this order.
    fn state_sizes(&self) -> Vec<StateSize> {
        Vec::new()
    }

    /// Zeros for every state that it takes, to be carried from pass to pass.
    ///
    /// # Panics
    /// If there are no samples.
    #[track_caller]
    fn zeros(&self, samples: usize) -> Vec<Carried<T>> {
        check::batch(samples);
        let zeros = |s: StateSize| Carried::zeros(samples, s.hidden, s.has_c);
        self.state_sizes().into_iter().map(zeros).collect()
    }

    /// How many features it gives, for so many that it is given, as far as both are known: of symbols, or
    /// behind a function of your own, they are not.
    ///
    /// # Errors
    /// If it takes another number of features: "lstm2 takes 8 features, and is given 16".
    fn output_size(&self, features: Option<usize>) -> Result<Option<usize>, String> {
        let _ = features;
        Ok(None)
    }

    /// z_x of every symbol, for a layer that reads symbols by the rows of such a table: recorded once, it
    /// serves many passes.
    #[doc(hidden)]
    fn table<'t>(&self, p: &Bound<'t, T>) -> Option<Var<'t, T>> {
        let _ = p;
        None
    }

    /// What it is: "lstm1: 65 -> 128".
    fn description(&self) -> String {
        String::from("a layer")
    }

    /// The layer's outputs from its initial states.
    ///
    /// # Panics
    /// As [`Layer::pass`].
    #[track_caller]
    fn run<'t>(&self, p: &Bound<'t, T>, x: Sequence<'t, T>) -> Sequence<'t, T> {
        self.pass(p, x, &mut States::initial())
    }

    /// The layer's outputs from given states, one for each recurrent layer in it, and the states after
    /// the last steps.
    ///
    /// # Panics
    /// As [`Layer::pass`], and if there are more or fewer states than it takes.
    #[track_caller]
    fn run_from<'t>(
        &self,
        p: &Bound<'t, T>,
        x: Sequence<'t, T>,
        states: &[State<'t, T>],
    ) -> (Sequence<'t, T>, Vec<State<'t, T>>) {
        let mut states = States::given(states);
        let y = self.pass(p, x, &mut states);
        (y, states.last())
    }
}

/// What a state of a recurrent layer consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateSize {
    /// The number H of hidden units: h is `[B, H]`.
    pub hidden: usize,
    /// Whether there is a c beside it, `[B, H]` too.
    pub has_c: bool,
}

/// The states of recurrent layers on their way through a [`Layer`]: those before the first step, in the
/// order in which the layers take them, and those after the last.
pub struct States<'t, T = f32> {
    given: Option<Vec<State<'t, T>>>,
    last: Vec<State<'t, T>>,
}

impl<'t, T: Scalar> States<'t, T> {
    /// Every layer's own initial state.
    pub fn initial() -> Self {
        States {
            given: None,
            last: Vec::new(),
        }
    }

    /// These, in the order of the layers.
    pub fn given(states: &[State<'t, T>]) -> Self {
        States {
            given: Some(states.to_vec()),
            last: Vec::new(),
        }
    }

    /// The state that the next recurrent layer begins with: the one given, or what `initial` makes.
    ///
    /// # Panics
    /// If there are fewer states than layers.
    #[track_caller]
    pub fn take(&self, initial: impl FnOnce() -> State<'t, T>) -> State<'t, T> {
        match &self.given {
            None => initial(),
            Some(given) => *given
                .get(self.last.len())
                .unwrap_or_else(|| panic!("{} states for more layers than that", given.len())),
        }
    }

    /// The state that this layer ends with.
    pub fn put(&mut self, last: State<'t, T>) {
        self.last.push(last);
    }

    /// The states after the last steps.
    ///
    /// # Panics
    /// If more states were given than there are layers.
    #[track_caller]
    pub fn last(self) -> Vec<State<'t, T>> {
        let layers = self.last.len();
        if let Some(given) = &self.given {
            assert!(
                given.len() == layers,
                "{} states for {layers} recurrent layers",
                given.len()
            );
        }
        self.last
    }
}

impl<T: Scalar> fmt::Debug for States<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut states = f.debug_struct("States");
        states
            .field("given", &self.given)
            .field("last", &self.last)
            .finish()
    }
}
