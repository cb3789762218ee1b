//! Cells as layers: [`Forward`], [`Backward`] and [`Bidirectional`].

use autograd::{Scalar, Var};

use crate::{Bound, Cell, Direction, Layer, Sequence, StateSize, States, check, unroll_from};

/// A cell as a layer that reads every sample from its first step to its last.
///
/// ```
/// use layers::{Forward, Lstm, ParameterSet, Stack};
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
///
/// let (mut set, mut rng) = (ParameterSet::<f32>::new(), ChaCha8Rng::seed_from_u64(1));
/// let two_layers = Stack::<f32>::new()
///     .with(Forward(Lstm::new(&mut set, "lstm1", 3, 8, &mut rng)))
///     .with(Forward(Lstm::new(&mut set, "lstm2", 8, 8, &mut rng)));
/// ```
#[derive(Clone, Debug)]
pub struct Forward<C>(pub C);

/// A cell as a layer that reads every sample from its last step to its first: its output at step t has
/// seen the steps from t on.
#[derive(Clone, Debug)]
pub struct Backward<C>(pub C);

macro_rules! cell_as_layer {
    ($layer:ident, $direction:ident, $suffix:literal) => {
        impl<T: Scalar, C: Cell<T>> Layer<T> for $layer<C> {
            #[track_caller]
            fn pass<'t>(
                &self,
                p: &Bound<'t, T>,
                x: Sequence<'t, T>,
                states: &mut States<'t, T>,
            ) -> Sequence<'t, T> {
                read(&self.0, Direction::$direction, p, &x, states)
            }

            fn state_sizes(&self) -> Vec<StateSize> {
                let (hidden, has_c) = (self.0.hidden_size(), self.0.has_cell_state());
                vec![StateSize { hidden, has_c }]
            }

            fn output_size(&self, features: Option<usize>) -> Result<Option<usize>, String> {
                check::features(&self.0.weights().name, self.0.input_size(), features)?;
                Ok(Some(self.0.hidden_size()))
            }

            fn table<'t>(&self, p: &Bound<'t, T>) -> Option<Var<'t, T>> {
                Some(self.0.symbol_table(p))
            }

            fn description(&self) -> String {
                let sizes = format!("{} -> {}", self.0.input_size(), self.0.hidden_size());
                check::place(&self.0.weights().name, &sizes) + $suffix
            }
        }
    };
}

cell_as_layer!(Forward, Forward, "");
cell_as_layer!(Backward, Backward, ", backward");

/// Two cells that read the same sequences, one forward and one backward (Schuster and Paliwal 1997), as
/// `torch.nn.LSTM(bidirectional=True)`: at every step there are both outputs, beside each other or
/// added.
///
/// ```
/// use autograd::{Matrix, Tape};
/// use layers::{Bidirectional, Layer, Lstm, ParameterSet, Sequence};
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
///
/// let (mut set, mut rng) = (ParameterSet::<f32>::new(), ChaCha8Rng::seed_from_u64(1));
/// let lstm = Bidirectional::new("lstm1", |name| Lstm::new(&mut set, name, 3, 8, &mut rng));
/// let tape = Tape::new();
/// let samples = [Matrix::filled(4, 3, 0.1), Matrix::filled(2, 3, 0.5)];
/// let h = lstm.run(&set.bind(&tape), Sequence::from_samples(&tape, &samples)?);
/// assert_eq!(h.sample(1).shape().to_string(), "[2, 16]");
/// assert!(set.ids().any(|id| set.name(id) == "lstm1.backward.W"));
/// # Ok::<(), layers::SequenceError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bidirectional<C> {
    /// Reads from the first step on.
    pub forward: Forward<C>,
    /// Reads from the last step back.
    pub backward: Backward<C>,
    is_summed: bool,
}

impl<C> Bidirectional<C> {
    /// Both directions, made by `cell` as "name.forward" and "name.backward". Their outputs of H features
    /// lie beside each other, 2H.
    pub fn new(name: &str, mut cell: impl FnMut(&str) -> C) -> Self {
        Bidirectional {
            forward: Forward(cell(&format!("{name}.forward"))),
            backward: Backward(cell(&format!("{name}.backward"))),
            is_summed: false,
        }
    }

    /// The outputs of both directions are added, which leaves H features.
    #[must_use]
    pub fn summed(self) -> Self {
        Bidirectional {
            is_summed: true,
            ..self
        }
    }
}

impl<T: Scalar, C: Cell<T>> Layer<T> for Bidirectional<C> {
    #[track_caller]
    fn pass<'t>(
        &self,
        p: &Bound<'t, T>,
        x: Sequence<'t, T>,
        states: &mut States<'t, T>,
    ) -> Sequence<'t, T> {
        let forward = self.forward.pass(p, x.clone(), states);
        let backward = self.backward.pass(p, x, states);
        let both = match self.is_summed {
            true => forward.map(|h| h + backward.stacked()),
            false => Sequence::concat(&[forward, backward]),
        };
        both.map(|h| h.named("h"))
    }

    fn state_sizes(&self) -> Vec<StateSize> {
        [self.forward.state_sizes(), self.backward.state_sizes()].concat()
    }

    fn output_size(&self, features: Option<usize>) -> Result<Option<usize>, String> {
        let forward = self.forward.output_size(features)?;
        let backward = self.backward.output_size(features)?;
        Ok(match self.is_summed {
            true => forward,
            false => forward.zip(backward).map(|(a, b)| a + b),
        })
    }

    fn description(&self) -> String {
        let sign = if self.is_summed { "+" } else { "|" };
        let (forward, backward) = (self.forward.description(), self.backward.description());
        format!("{forward} {sign} {backward}")
    }
}

/// Unrolls a cell over sequences, from features or symbols.
#[track_caller]
fn read<'t, T: Scalar, C: Cell<T>>(
    cell: &C,
    direction: Direction,
    p: &Bound<'t, T>,
    x: &Sequence<'t, T>,
    states: &mut States<'t, T>,
) -> Sequence<'t, T> {
    let lengths = x.lengths();
    let zx = x.projected(cell, p);
    let state = states.take(|| {
        check::start(cell, p, lengths.samples());
        cell.initial_state(p, lengths.samples())
    });
    let unrolled = unroll_from(0, direction, cell, p, zx, lengths, state);
    states.put(unrolled.state);
    let _scope = cell.weights().scope(p.tape());
    Sequence::from_stacked(unrolled.stacked(), lengths)
}
