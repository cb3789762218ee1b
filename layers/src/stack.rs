//! [`Stack`]: layers on top of each other.

use std::fmt;
use std::sync::Arc;

use autograd::{Scalar, Var};

use crate::{Bound, Layer, Sequence, StateSize, States};

/// Layers on top of each other, of any kind: the outputs of one are the inputs of the next.
///
/// ```
/// use layers::{Bidirectional, Dropout, Forward, Gru, Linear, Lstm, ParameterSet, Reset, Stack};
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
///
/// let (mut set, mut rng) = (ParameterSet::<f32>::new(), ChaCha8Rng::seed_from_u64(1));
/// let stack = Stack::<f32>::new()
///     .with(Bidirectional::new("lstm1", |name| Lstm::new(&mut set, name, 20, 16, &mut rng)))
///     .with(Dropout::new(0.3))
///     .with(Forward(Gru::new(&mut set, "gru2", 32, 24, Reset::After, &mut rng)))
///     .with(Linear::new(&mut set, "output", 24, 5, &mut rng));
/// ```
pub struct Stack<T = f32> {
    /// The layers, the one that sees the input first.
    pub layers: Vec<Arc<dyn Layer<T> + Send + Sync>>,
}

impl<T: Scalar> Stack<T> {
    /// No layers: the outputs are the inputs.
    pub fn new() -> Self {
        Stack { layers: Vec::new() }
    }

    /// The same with a layer on top.
    ///
    /// # Panics
    /// If the layer takes another number of features than those below give.
    #[must_use]
    #[track_caller]
    pub fn with(mut self, layer: impl Layer<T> + Send + Sync + 'static) -> Self {
        self.layers.push(Arc::new(layer));
        self.check(None);
        self
    }

    /// That each layer takes what the one below gives.
    #[track_caller]
    fn check(&self, features: Option<usize>) {
        if let Err(complaint) = self.output_size(features) {
            panic!("{complaint}");
        }
    }
}

impl<T: Scalar> Layer<T> for Stack<T> {
    #[track_caller]
    fn pass<'t>(
        &self,
        p: &Bound<'t, T>,
        x: Sequence<'t, T>,
        states: &mut States<'t, T>,
    ) -> Sequence<'t, T> {
        self.check(x.symbols().is_none().then(|| x.stacked().col_count()));
        let mut x = x;
        for layer in &self.layers {
            x = layer.pass(p, x, states);
        }
        x
    }

    fn state_sizes(&self) -> Vec<StateSize> {
        self.layers
            .iter()
            .flat_map(|layer| layer.state_sizes())
            .collect()
    }

    fn output_size(&self, features: Option<usize>) -> Result<Option<usize>, String> {
        let mut layers = self.layers.iter();
        layers.try_fold(features, |given, layer| layer.output_size(given))
    }

    fn table<'t>(&self, p: &Bound<'t, T>) -> Option<Var<'t, T>> {
        self.layers.first()?.table(p)
    }

    /// "lstm1: 65 -> 128, lstm2: 128 -> 128"
    fn description(&self) -> String {
        let layers: Vec<_> = self
            .layers
            .iter()
            .map(|layer| layer.description())
            .collect();
        layers.join(", ")
    }
}

impl<T: Scalar> Default for Stack<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for Stack<T> {
    fn clone(&self) -> Self {
        let layers = self.layers.clone();
        Stack { layers }
    }
}

impl<T: Scalar> fmt::Debug for Stack<T> {
    /// The layers with their sizes: `Stack(lstm1: 65 -> 128, lstm2: 128 -> 128)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stack({})", self.description())
    }
}
