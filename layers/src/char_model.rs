//! [`CharModel`]: the next symbol of a text.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use autograd::{Scalar, Shape, Var};
use rand::Rng;
use thiserror::Error;

use crate::{
    Bound, Carried, Cell, Dropout, Forward, Gru, IntoLengths, Layer, Linear, Lstm, ParameterSet,
    Reset, Sequence, SimpleRnn, Stack, State, check,
};

/// The kinds of recurrent layers, by name: "rnn", "lstm", "gru".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CellKind {
    /// [`SimpleRnn`].
    Rnn,
    /// [`Lstm`].
    Lstm,
    /// [`Gru`] with [`Reset::After`], as PyTorch has it.
    Gru,
}

/// The name of no kind of layer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no cell {0:?}: rnn, lstm and gru are known")]
pub struct UnknownCell(pub String);

impl CellKind {
    const ALL: [Self; 3] = [CellKind::Rnn, CellKind::Lstm, CellKind::Gru];

    fn name(self) -> &'static str {
        match self {
            CellKind::Rnn => "rnn",
            CellKind::Lstm => "lstm",
            CellKind::Gru => "gru",
        }
    }

    /// A layer of this kind, with its parameters added to `set`.
    ///
    /// # Panics
    /// If a parameter's name is taken.
    #[track_caller]
    pub fn build<T: Scalar>(
        self,
        set: &mut ParameterSet<T>,
        name: &str,
        input: usize,
        hidden: usize,
        rng: &mut (impl Rng + ?Sized),
    ) -> Arc<dyn Cell<T> + Send + Sync> {
        match self {
            CellKind::Rnn => Arc::new(SimpleRnn::new(set, name, input, hidden, rng)),
            CellKind::Lstm => Arc::new(Lstm::new(set, name, input, hidden, rng)),
            CellKind::Gru => Arc::new(Gru::new(set, name, input, hidden, Reset::After, rng)),
        }
    }

    /// The parameters that [`CellKind::build`] adds, without making them; sizes beyond `usize` are its
    /// largest.
    pub fn parameter_shapes(self, name: &str, input: usize, hidden: usize) -> Vec<(String, Shape)> {
        let gates: usize = match self {
            CellKind::Rnn => 1,
            CellKind::Lstm => 4,
            CellKind::Gru => 3,
        };
        let rows = gates.saturating_mul(hidden);
        let named = |letter, shape| (format!("{name}.{letter}"), shape);
        let mut shapes = vec![
            named("U", Shape::new(rows, input)),
            named("W", Shape::new(rows, hidden)),
            named("b", Shape::new(1, rows)),
        ];
        if self == CellKind::Gru {
            shapes.push(named("c", Shape::new(1, hidden)));
        }
        shapes
    }
}

impl fmt::Display for CellKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for CellKind {
    type Err = UnknownCell;

    fn from_str(name: &str) -> Result<Self, UnknownCell> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == name);
        known.ok_or_else(|| UnknownCell(name.into()))
    }
}

/// A model of the next symbol: one-hot symbols through recurrent layers to logits.
///
/// ```
/// use autograd::Tape;
/// use layers::{Carried, CellKind, CharModel, ParameterSet};
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
///
/// let mut set = ParameterSet::<f32>::new();
/// let mut rng = ChaCha8Rng::seed_from_u64(1);
/// let model = CharModel::new(&mut set, CellKind::Lstm, 5, 8, 2, &mut rng);
/// let mut carried = model.zeros(2);
/// let tape = Tape::new();
/// let symbols = [0, 4, 1, 3, 2, 2]; // three steps of two texts: 0 1 2 and 4 3 2
/// let (logits, states) = model.logits(&set.bind(&tape), &symbols, 2, &carried);
/// let _gradients = logits.cross_entropy(&[1, 3, 2, 2, 0, 0]).backward();
/// Carried::store_all(&mut carried, &states);
/// ```
#[derive(Clone)]
pub struct CharModel<T = f32> {
    /// The recurrent layers, "lstm1", "lstm2" and so on.
    pub stack: Stack<T>,
    /// "output", from the last layer's hidden state to the logits.
    pub output: Linear,
    /// The number V of symbols.
    pub vocabulary: usize,
}

impl<T: Scalar> CharModel<T> {
    /// Adds the parameters of `layers` layers of `hidden` units, and of the output.
    ///
    /// # Panics
    /// If there are no layers, or a parameter's name is taken.
    #[track_caller]
    pub fn new(
        set: &mut ParameterSet<T>,
        kind: CellKind,
        vocabulary: usize,
        hidden: usize,
        layers: usize,
        rng: &mut (impl Rng + ?Sized),
    ) -> Self {
        assert!(layers > 0, "a model of no layers");
        let mut stack = Stack::new();
        for i in 1..=layers {
            let input = if i == 1 { vocabulary } else { hidden };
            let cell = kind.build(set, &format!("{kind}{i}"), input, hidden, rng);
            stack = stack.with(Forward(cell));
        }
        CharModel {
            stack,
            output: Linear::new(set, "output", hidden, vocabulary, rng),
            vocabulary,
        }
    }

    /// The same with dropout of probability `p` on every layer's outputs, in training (see
    /// [`Bound::training`]).
    ///
    /// # Panics
    /// If p is not in 0..1.
    #[must_use]
    #[track_caller]
    pub fn with_dropout(mut self, p: f64) -> Self {
        let dropout: Arc<dyn Layer<T> + Send + Sync> = Arc::new(Dropout::new(p));
        let layers = self.stack.layers.into_iter();
        self.stack.layers = layers.flat_map(|layer| [layer, dropout.clone()]).collect();
        self
    }

    /// The state before a text, zeros for every layer, to be carried from pass to pass.
    ///
    /// # Panics
    /// If there are no texts.
    #[track_caller]
    pub fn zeros(&self, batch: usize) -> Vec<Carried<T>> {
        self.stack.zeros(batch)
    }

    /// The logits of every next symbol, `[Σ_t B_t, V]`, and the final states. `symbols` are those of all
    /// texts, step by step; `lengths` is the number B of texts if all are as long, else [`Lengths`].
    ///
    /// # Panics
    /// If there are no symbols or they are not those of the lengths, a symbol is not below V, or the
    /// states are not one of B rows for each layer.
    ///
    /// [`Lengths`]: crate::Lengths
    #[track_caller]
    pub fn logits<'t>(
        &self,
        p: &Bound<'t, T>,
        symbols: &[usize],
        lengths: impl IntoLengths,
        states: &[Carried<T>],
    ) -> (Var<'t, T>, Vec<State<'t, T>>) {
        assert!(!symbols.is_empty(), "a text of no symbols");
        let x = Sequence::from_stacked_symbols(symbols, lengths);
        self.check(p, symbols, x.lengths().samples(), states);
        self.logits_of(p, x, states)
    }

    /// That symbols and states are the model's, and the parameters too.
    #[track_caller]
    pub(crate) fn check(
        &self,
        p: &Bound<'_, T>,
        symbols: &[usize],
        samples: usize,
        states: &[Carried<T>],
    ) {
        check::parameters("", "a character model", p, [self.output.v]);
        check::symbols("", symbols, self.vocabulary);
        check::states(states, &self.stack.state_sizes(), samples);
    }

    /// [`CharModel::logits`] of sequences that have been checked.
    pub(crate) fn logits_of<'t>(
        &self,
        p: &Bound<'t, T>,
        x: Sequence<'t, T>,
        states: &[Carried<T>],
    ) -> (Var<'t, T>, Vec<State<'t, T>>) {
        let states: Vec<_> = states.iter().map(|s| s.on(p.tape())).collect();
        let (h, states) = self.stack.run_from(p, x, &states);
        let logits = self.output.apply(p, h.stacked()).named("logits");
        (logits, states)
    }
}

impl CharModel {
    /// The parameters that [`CharModel::new`] adds, in their order, without making them: what a file must
    /// have for the model that it speaks of, before the memory for that is taken.
    ///
    /// ```
    /// use autograd::Shape;
    /// use layers::{CellKind, CharModel};
    /// let mut shapes = CharModel::parameter_shapes(CellKind::Rnn, 5, 1 << 60, 1 << 40);
    /// assert_eq!(shapes.next(), Some(("rnn1.U".to_string(), Shape::new(1 << 60, 5))));
    /// ```
    pub fn parameter_shapes(
        kind: CellKind,
        vocabulary: usize,
        hidden: usize,
        layers: usize,
    ) -> impl Iterator<Item = (String, Shape)> {
        let of_layer = move |i| {
            let input = if i == 1 { vocabulary } else { hidden };
            kind.parameter_shapes(&format!("{kind}{i}"), input, hidden)
        };
        let output = [
            ("output.V".into(), Shape::new(vocabulary, hidden)),
            ("output.d".into(), Shape::new(1, vocabulary)),
        ];
        (1..=layers).flat_map(of_layer).chain(output)
    }
}

impl<T: Scalar> fmt::Debug for CharModel<T> {
    /// `CharModel(lstm1: 65 -> 128, lstm2: 128 -> 128, output: 128 -> 65)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let output = Layer::<T>::description(&self.output);
        write!(f, "CharModel({}, {output})", self.stack.description())
    }
}
