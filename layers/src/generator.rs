//! [`Generator`]: a character model that is read out symbol by symbol.

use std::fmt;

use autograd::{MatrixView, Scalar, Tape, Var};

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

    /// Reads the next symbol of each text; gives the logits of the symbols after, `[B, V]`.
    ///
    /// # Panics
    /// If there are not as many symbols as texts, or one is not below V.
    #[track_caller]
    pub fn read(&mut self, symbols: &[usize]) -> MatrixView<'_, T> {
        let (found, batch) = (symbols.len(), self.batch);
        assert!(found == batch, "{found} symbols for {batch} texts");
        check::symbols("", symbols, self.model.vocabulary);
        self.tape.rewind(self.kept);
        let p = Bound::again(&self.tape, self.parameters);
        let x = Sequence::from_stacked_symbols(symbols, batch);
        let x = match self.table {
            Some(table) => x.with_table(self.tape.node(table)),
            None => x,
        };
        let (logits, states) = self.model.logits_of(&p, x, &self.carried);
        Carried::store_all(&mut self.carried, &states);
        logits.value()
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
