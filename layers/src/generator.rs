//! [`Generator`]: a character model that is read out symbol by symbol.

use std::fmt;

use autograd::{Matrix, MatrixView, Scalar, Tape, Var};

use crate::bound::Kind;
use crate::{Bound, Carried, CharModel, Layer, ParameterSet, Sequence, check};

/// Runs a [`CharModel`] one symbol at a time, as for writing text.
///
/// It is the model's own code on a tape that keeps nothing: the parameters are bound and laid out
/// once, and after each symbol the tape is rewound to where they end.
///
/// ```
/// use layers::{CellKind, CharModel, Generator, ParameterSet, sample};
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
///
/// let mut set = ParameterSet::<f32>::new();
/// let mut rng = ChaCha8Rng::seed_from_u64(1);
/// let model = CharModel::new(&mut set, CellKind::Lstm, 5, 8, 2, &mut rng);
/// let mut generator = Generator::new(&model, &set, 1);
/// let mut symbol = 0;
/// for _ in 0..20 {
///     let logits = generator.read(&[symbol]);
///     symbol = sample(logits.row(0), 1.0, None, &mut rng)?;
/// }
/// # Ok::<(), layers::SamplingError>(())
/// ```
pub struct Generator<'m, T: Scalar = f32> {
    model: &'m CharModel<T>,
    tape: Tape<T>,
    parameters: Kind,
    /// The first layer's inputs by symbol.
    table: Option<usize>,
    /// The nodes that are kept.
    kept: usize,
    carried: Vec<Carried<T>>,
    batch: usize,
}

impl<'m, T: Scalar> Generator<'m, T> {
    /// A generator of `batch` texts side by side, before their first symbols.
    ///
    /// # Panics
    /// If there are no texts, or the parameters are not the model's.
    #[track_caller]
    pub fn new(model: &'m CharModel<T>, parameters: &ParameterSet<T>, batch: usize) -> Self {
        let tape = Tape::new();
        let p = parameters.bind(&tape);
        model.check(&p, &[], batch, &model.zeros(batch));
        let table = model.stack.table(&p).map(Var::index);
        Generator {
            model,
            parameters: p.kind(),
            kept: tape.len(),
            table,
            carried: model.zeros(batch),
            batch,
            tape,
        }
    }

    /// Multiplies with weights that are rounded to bf16, [`Tape::round_weights`], where there is one text: half as much
    /// is to be read for a symbol.
    pub fn with_rounded_weights(self) -> Self {
        self.tape.round_weights();
        self
    }

    /// Reads the next symbol of each text; gives the logits of the symbols after, `[B, V]`.
    ///
    /// # Panics
    /// If there are not as many symbols as texts, or one is not below V.
    #[track_caller]
    pub fn read(&mut self, symbols: &[usize]) -> MatrixView<'_, T> {
        let (found, batch) = (symbols.len(), self.batch);
        assert!(found == batch, "{found} symbols for {batch} texts");
        let mut carried = std::mem::take(&mut self.carried);
        let logits = self.logits(symbols, &mut carried);
        self.carried = carried;
        self.tape.node(logits).value()
    }

    /// The next symbols of some texts from given states, as [`beam_search`](crate::beam_search) and its
    /// like take a step: the logits of the symbols after, and the states after. What
    /// [`Generator::read`] has read is left as it is.
    ///
    /// # Panics
    /// If the states are not one for each layer with a row for each symbol, or a symbol is not below V.
    #[track_caller]
    pub fn step(
        &mut self,
        symbols: &[usize],
        mut states: Vec<Carried<T>>,
    ) -> (Matrix<T>, Vec<Carried<T>>) {
        check::states(&states, &self.model.stack.state_sizes(), symbols.len());
        let logits = self.logits(symbols, &mut states);
        (self.tape.node(logits).value().to_matrix(), states)
    }

    /// The node of the logits of the symbols after these; the states are moved on.
    #[track_caller]
    fn logits(&mut self, symbols: &[usize], states: &mut [Carried<T>]) -> usize {
        check::symbols("", symbols, self.model.vocabulary);
        self.tape.rewind(self.kept);
        let p = Bound::again(&self.tape, self.parameters);
        let x = Sequence::from_stacked_symbols(symbols, symbols.len());
        let x = match self.table {
            Some(table) => x.with_table(self.tape.node(table)),
            None => x,
        };
        let (logits, after) = self.model.logits_of(&p, x, states);
        Carried::store_all(states, &after);
        logits.index()
    }

    /// The states after what has been read, to go on from.
    pub fn states(&self) -> &[Carried<T>] {
        &self.carried
    }
}

impl<T: Scalar> fmt::Debug for Generator<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut generator = f.debug_struct("Generator");
        generator.field("model", self.model);
        generator
            .field("texts", &self.batch)
            .finish_non_exhaustive()
    }
}
