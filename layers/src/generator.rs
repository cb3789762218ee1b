//! [`Generator`]: a character model that is read out symbol by symbol.

use autograd::{MatrixView, Scalar, Tape};

use crate::{Bound, Carried, CharModel, ParameterSet, Projection};

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
    parameters: usize,
    /// The first layer's inputs by symbol, the last node that is kept.
    table: usize,
    carried: Vec<Carried<T>>,
    batch: usize,
}

impl<'m, T: Scalar> Generator<'m, T> {
    /// A generator of `batch` texts side by side, before their first symbols.
    pub fn new(model: &'m CharModel<T>, parameters: &ParameterSet<T>, batch: usize) -> Self {
        let tape = Tape::new();
        let p = parameters.bind(&tape);
        let table = model.stack.cells[0].symbol_table(&p).index();
        Generator {
            model,
            parameters: parameters.len(),
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
        self.tape.rewind(self.table + 1);
        let p = Bound::first(&self.tape, self.parameters);
        let table = self.tape.node(self.table);
        let zx = Projection::LookedUp { table, symbols };
        let (logits, states) = self.model.logits_of(&p, zx, batch, &self.carried, None);
        Carried::store_all(&mut self.carried, &states);
        logits.value()
    }

    /// The states after what has been read, to go on from.
    pub fn states(&self) -> &[Carried<T>] {
        &self.carried
    }
}
