//! [`Sequential`]: a model in a few lines.

use std::collections::HashMap;
use std::fmt;

use autograd::Scalar;
use layers::{
    Bidirectional, Dropout, Embedding, Forward, Gru, Layer, Linear, Lstm, ParameterSet, Pool,
    Reset, SimpleRnn, Stack,
};
use rand::{SeedableRng, rngs::ChaCha8Rng};

use crate::classifier::Network;
use crate::{Classifier, Optimizer, Trainer};

/// Layers on top of each other, each as wide as the one below it gives, with their parameters: a model as a
/// list.
///
/// The network of the lecture, which tells which of three numbers is the largest:
///
/// ```
/// use train::prelude::*;
///
/// let mut rng = ChaCha8Rng::seed_from_u64(1);
/// let sample = |i: usize| (Matrix::from_fn(6, 3, |_, c| rng.random::<f32>() + f32::from(c == i % 3)), i % 3);
/// let data: Vec<_> = (0..300).map(sample).collect();
///
/// let mut model = Sequential::new(3)
///     .dense(100)
///     .simple_rnn(100)
///     .last()
///     .dense(3)
///     .classifier(Sgd::new(0.05));
/// model.fit(&data, 15)?;
/// assert!(model.evaluate(&data)?.measures.get("accuracy") > Some(0.8));
/// # Ok::<(), FitError>(())
/// ```
///
/// Whoever outgrows it takes the [`parts`](Sequential::into_parts), or goes on with
/// [`Stack`] and [`Fit`](crate::Fit).
pub struct Sequential<T: Scalar = f32> {
    set: ParameterSet<T>,
    stack: Stack<T>,
    rng: ChaCha8Rng,
    /// The features, or symbols, of the input.
    input: usize,
    is_pooled: bool,
    width: usize,
    /// How many layers of each kind there are: they are numbered.
    kinds: HashMap<&'static str, usize>,
    rows: Vec<Row>,
}

/// A line of the summary.
struct Row {
    layer: String,
    output: String,
    parameters: usize,
}

impl<T: Scalar> Sequential<T> {
    /// A model of sequences with so many features at every step.
    ///
    /// # Panics
    /// If there are none.
    #[track_caller]
    pub fn new(features: usize) -> Self {
        assert!(features > 0, "a model of sequences of no features");
        Sequential {
            set: ParameterSet::new(),
            stack: Stack::new(),
            rng: ChaCha8Rng::seed_from_u64(0),
            input: features,
            is_pooled: false,
            width: features,
            kinds: HashMap::new(),
            rows: Vec::new(),
        }
    }

    /// A model of sequences of so many symbols, such as words by their numbers, which begin as vectors of that
    /// size: see [`Embedding`].
    ///
    /// # Panics
    /// If there are no symbols, or the vectors have no size.
    #[track_caller]
    pub fn of_symbols(symbols: usize, size: usize) -> Self {
        Sequential::new(symbols).embedding(size)
    }

    /// The seed that parameters are drawn from: 0 unless told, which is before the first layer.
    ///
    /// # Panics
    /// If there are layers.
    #[must_use]
    #[track_caller]
    pub fn seed(mut self, seed: u64) -> Self {
        assert!(
            self.set.is_empty(),
            "a seed for parameters that have been drawn"
        );
        self.rng = ChaCha8Rng::seed_from_u64(seed);
        self
    }

    /// A vector of that size for each symbol, as the first layer: [`Sequential::of_symbols`] where there is a
    /// [seed](Sequential::seed) to be told before. See [`Embedding`].
    ///
    /// ```
    /// use train::prelude::*;
    /// let model = Sequential::<f32>::new(10).seed(7).embedding(4).gru(8).last().dense(2);
    /// assert!(model.summary().contains("[B, T, 4]"));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn embedding(self, size: usize) -> Self {
        self.push("embedding", size, |set, name, symbols, rng| {
            Embedding::new(set, name, symbols, size, rng)
        })
    }

    /// A dense layer over all steps, without a function: see [`Linear`].
    #[must_use]
    #[track_caller]
    pub fn dense(self, size: usize) -> Self {
        self.push("dense", size, |set, name, width, rng| {
            Linear::new(set, name, width, size, rng)
        })
    }

    /// A simple recurrent layer: see [`SimpleRnn`].
    #[must_use]
    #[track_caller]
    pub fn simple_rnn(self, size: usize) -> Self {
        self.push("rnn", size, |set, name, width, rng| {
            Forward(SimpleRnn::new(set, name, width, size, rng))
        })
    }

    /// A layer of long short-term memory: see [`Lstm`].
    #[must_use]
    #[track_caller]
    pub fn lstm(self, size: usize) -> Self {
        self.push("lstm", size, |set, name, width, rng| {
            Forward(Lstm::new(set, name, width, size, rng))
        })
    }

    /// A layer of gated recurrent units, which reset after the product: see [`Gru`].
    #[must_use]
    #[track_caller]
    pub fn gru(self, size: usize) -> Self {
        self.push("gru", size, |set, name, width, rng| {
            Forward(Gru::new(set, name, width, size, Reset::After, rng))
        })
    }

    /// Two layers of long short-term memory, one in each direction: it gives twice the size.
    #[must_use]
    #[track_caller]
    pub fn bidirectional_lstm(self, size: usize) -> Self {
        self.push("lstm", 2 * size, |set, name, width, rng| {
            Bidirectional::new(name, |name| Lstm::new(set, name, width, size, rng))
        })
    }

    /// Two layers of gated recurrent units, one in each direction: it gives twice the size.
    #[must_use]
    #[track_caller]
    pub fn bidirectional_gru(self, size: usize) -> Self {
        self.push("gru", 2 * size, |set, name, width, rng| {
            Bidirectional::new(name, |name| {
                Gru::new(set, name, width, size, Reset::After, rng)
            })
        })
    }

    /// Dropout in training: see [`Dropout`].
    #[must_use]
    #[track_caller]
    pub fn dropout(self, p: f64) -> Self {
        let (dropout, width) = (Dropout::new(p), self.width);
        self.push("dropout", width, |_, _, _, _| dropout)
    }

    /// Only the last step of every sample: see [`Pool`].
    #[must_use]
    #[track_caller]
    pub fn last(self) -> Self {
        self.pool(Pool::Last)
    }

    /// One row of every sample, of all its steps.
    ///
    /// # Panics
    /// If there is only one already.
    #[must_use]
    #[track_caller]
    pub fn pool(mut self, pool: Pool) -> Self {
        assert!(
            !self.is_pooled,
            "{pool:?} of samples that have one row already"
        );
        self.is_pooled = true;
        let width = self.width;
        self.push("pool", width, |_, _, _, _| pool)
    }

    /// A layer of any kind that gives so many features: `make` is given the parameters, the layer's name, and
    /// the number of features that it takes.
    ///
    /// # Panics
    /// If the layer takes another number of features.
    #[must_use]
    #[track_caller]
    pub fn push<L: Layer<T> + Send + Sync + 'static>(
        mut self,
        kind: &'static str,
        size: usize,
        make: impl FnOnce(&mut ParameterSet<T>, &str, usize, &mut ChaCha8Rng) -> L,
    ) -> Self {
        let number = self.kinds.entry(kind).or_default();
        *number += 1;
        let name = format!("{kind}{number}");
        let before = self.set.element_count();
        let layer = make(&mut self.set, &name, self.width, &mut self.rng);
        self.rows.push(Row {
            layer: layer.description(),
            output: match self.is_pooled {
                true => format!("[B, {size}]"),
                false => format!("[B, T, {size}]"),
            },
            parameters: self.set.element_count() - before,
        });
        self.stack = self.stack.with(layer);
        self.width = size;
        self
    }

    /// The layers with what each gives, for B samples of T steps, and how many parameters it has.
    pub fn summary(&self) -> String {
        self.to_string()
    }

    /// The parameters and the layers.
    pub fn into_parts(self) -> (ParameterSet<T>, Stack<T>) {
        (self.set, self.stack)
    }

    /// A classifier: the outputs of the last layer are the logits of the classes, one for each sample if there
    /// is a [`Pool`], else one for each step. Its loss is the cross-entropy.
    #[must_use]
    pub fn classifier(self, optimizer: impl Optimizer<T> + 'static) -> Classifier<T> {
        let network = Network {
            summary: self.summary(),
            layers: self.stack,
            input: self.input,
            classes: self.width,
            is_pooled: self.is_pooled,
        };
        Classifier::new(network, Trainer::new(self.set, optimizer))
    }
}

impl<T: Scalar> fmt::Display for Sequential<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .rows
            .iter()
            .map(|row| row.layer.chars().count())
            .max()
            .unwrap_or(0)
            .max(5);
        let outputs = self
            .rows
            .iter()
            .map(|row| row.output.len())
            .max()
            .unwrap_or(0)
            .max(6);
        writeln!(f, "{:width$}  {:outputs$}  parameters", "layer", "output")?;
        for row in &self.rows {
            writeln!(
                f,
                "{:width$}  {:outputs$}  {:>10}",
                row.layer, row.output, row.parameters
            )?;
        }
        write!(
            f,
            "{:width$}  {:outputs$}  {:>10}",
            "",
            "",
            self.set.element_count()
        )
    }
}

impl<T: Scalar> fmt::Debug for Sequential<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sequential({})", self.stack.description())
    }
}
