//! Layers of layers and of functions: [`Residual`] and [`Map`].

use std::fmt;

use autograd::{Scalar, Var};

use crate::{Bound, Layer, Sequence, StateSize, States};

/// A layer's inputs added to its outputs (He et al. 2015): y + x.
///
/// # Panics
/// When it runs, if the layer gives another number of features than it takes.
#[derive(Clone, Debug)]
pub struct Residual<L>(pub L);

impl<T: Scalar, L: Layer<T>> Layer<T> for Residual<L> {
    #[track_caller]
    fn pass<'t>(
        &self,
        p: &Bound<'t, T>,
        x: Sequence<'t, T>,
        states: &mut States<'t, T>,
    ) -> Sequence<'t, T> {
        let below = x.stacked();
        let above = self.0.pass(p, x, states);
        let (found, expected) = (above.stacked().shape(), below.shape());
        assert!(
            found == expected,
            "a residual connection around {}: it gives {found} for {expected}",
            self.0.description()
        );
        above.map(|y| y + below)
    }

    fn state_sizes(&self) -> Vec<StateSize> {
        self.0.state_sizes()
    }

    fn output_size(&self, features: Option<usize>) -> Result<Option<usize>, String> {
        match (features, self.0.output_size(features)?) {
            (Some(given), Some(found)) if given != found => Err(format!(
                "a residual connection around {}, which is given {given} features, and gives {found}",
                self.0.description()
            )),
            (given, found) => Ok(given.or(found)),
        }
    }

    fn description(&self) -> String {
        format!("residual({})", self.0.description())
    }
}

/// A function of all rows at once, without parameters, as a layer.
///
/// ```
/// let stack = layers::Stack::<f32>::new().with(layers::Map::new("relu", |x| x.relu()));
/// ```
pub struct Map<T = f32> {
    name: &'static str,
    function: Box<Function<T>>,
}

type Function<T> = dyn for<'t> Fn(Var<'t, T>) -> Var<'t, T> + Send + Sync;

impl<T: Scalar> Map<T> {
    /// A function, `[N, F]` to `[N, any]`, and what it is called.
    pub fn new(
        name: &'static str,
        function: impl for<'t> Fn(Var<'t, T>) -> Var<'t, T> + Send + Sync + 'static,
    ) -> Self {
        Map {
            name,
            function: Box::new(function),
        }
    }
}

impl<T: Scalar> Layer<T> for Map<T> {
    #[track_caller]
    fn pass<'t>(
        &self,
        _: &Bound<'t, T>,
        x: Sequence<'t, T>,
        _: &mut States<'t, T>,
    ) -> Sequence<'t, T> {
        x.map(&self.function)
    }

    fn description(&self) -> String {
        self.name.into()
    }
}

impl<T> fmt::Debug for Map<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Map({})", self.name)
    }
}
