//! [`Sequence`]: sequences of any length, as layers take them and give them.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use autograd::{Matrix, Scalar, Tape, Var};

use crate::{Bound, Cell, IntoLengths, Lengths, Projection, SequenceError, check};

/// The sequences of a mini-batch: a row of features, or a symbol, for every step of every sample, stacked
/// as [`Lengths`] says. What a layer makes of it is a sequence again.
///
/// ```
/// use autograd::{Matrix, Tape};
/// use layers::Sequence;
///
/// let tape = Tape::<f32>::new();
/// let samples = [Matrix::from([[1.0], [2.0], [3.0]]), Matrix::from([[5.0]])];
/// let x = Sequence::from_samples(&tape, &samples)?;
/// assert_eq!(x.last().value().to_matrix(), Matrix::from([[3.0], [5.0]]));
/// assert_eq!(x.mean().value().to_matrix(), Matrix::from([[2.0], [5.0]]));
/// # Ok::<(), layers::SequenceError>(())
/// ```
#[derive(Clone)]
pub struct Sequence<'t, T = f32> {
    content: Content<'t, T>,
    lengths: Lengths,
}

#[derive(Clone)]
enum Content<'t, T> {
    Features(Var<'t, T>),
    Symbols {
        symbols: Arc<[usize]>,
        /// z_x of every symbol, where the layer that reads them has recorded it before.
        table: Option<Var<'t, T>>,
    },
}

/// From samples, and back to them.
impl<'t, T: Scalar> Sequence<'t, T> {
    /// Sequences of features, a matrix `[T_i, F]` for each sample, as a constant x of the tape.
    ///
    /// # Errors
    /// If there are no samples, they have different numbers of features, or one is NaN or infinite.
    pub fn from_samples<M: Borrow<Matrix<T>>>(
        tape: &'t Tape<T>,
        samples: &[M],
    ) -> Result<Self, SequenceError> {
        let lengths: Vec<_> = samples.iter().map(|m| m.borrow().row_count()).collect();
        let lengths = Lengths::new(&lengths)?;
        let expected = samples[0].borrow().col_count();
        for (sample, m) in samples.iter().enumerate() {
            check_features(sample, m.borrow(), expected)?;
        }
        let x = tape.constant_with(lengths.row_count(), expected, |x| {
            for (row, (sample, t)) in lengths.positions().enumerate() {
                x.view_mut()
                    .row(row)
                    .copy_from_slice(samples[sample].borrow().row(t));
            }
        });
        Ok(Sequence::from_stacked(x.named("x"), &lengths))
    }

    /// Sequences of symbols, such as words or characters by their numbers.
    ///
    /// # Errors
    /// If there are no samples, or one has no symbols.
    pub fn from_symbols<S: AsRef<[usize]>>(samples: &[S]) -> Result<Self, SequenceError> {
        let lengths: Vec<_> = samples.iter().map(|s| s.as_ref().len()).collect();
        let lengths = Lengths::new(&lengths)?;
        let symbols = lengths.stack(samples)?;
        Ok(Sequence::from_stacked_symbols(&symbols, &lengths))
    }

    /// A sequence whose rows are stacked already: `[Σ_t B_t, F]`.
    ///
    /// # Panics
    /// If the rows are not those of the lengths.
    #[track_caller]
    pub fn from_stacked(x: Var<'t, T>, lengths: impl IntoLengths) -> Self {
        let lengths = lengths.into_lengths(x.row_count(), "rows");
        Sequence {
            content: Content::Features(x),
            lengths,
        }
    }

    /// A sequence whose symbols are stacked already.
    ///
    /// # Panics
    /// If the symbols are not those of the lengths.
    #[track_caller]
    pub fn from_stacked_symbols(symbols: &[usize], lengths: impl IntoLengths) -> Self {
        let lengths = lengths.into_lengths(symbols.len(), "symbols");
        let content = Content::Symbols {
            symbols: symbols.into(),
            table: None,
        };
        Sequence { content, lengths }
    }
}

/// What there is of each step.
impl<'t, T: Scalar> Sequence<'t, T> {
    /// How long the sequences are.
    pub fn lengths(&self) -> &Lengths {
        &self.lengths
    }

    /// All rows as one matrix: `[Σ_t B_t, F]`.
    ///
    /// # Panics
    /// If the steps are symbols.
    #[track_caller]
    pub fn stacked(&self) -> Var<'t, T> {
        match self.content {
            Content::Features(x) => x,
            Content::Symbols { .. } => panic!(
                "a sequence of symbols has no features: an embedding or a recurrent layer reads it first"
            ),
        }
    }

    /// The symbols of all steps, if the steps are symbols.
    pub fn symbols(&self) -> Option<&[usize]> {
        match &self.content {
            Content::Features(_) => None,
            Content::Symbols { symbols, .. } => Some(symbols),
        }
    }

    /// The features of step t, `[B_t, F]`: of the samples that have it, the longest first.
    ///
    /// # Panics
    /// If there is no such step, or the steps are symbols.
    #[track_caller]
    pub fn step(&self, t: usize) -> Var<'t, T> {
        self.stacked().rows(self.lengths.rows(t))
    }

    /// The features of a sample, `[T_i, F]`.
    ///
    /// # Panics
    /// If there is no such sample, or the steps are symbols.
    #[track_caller]
    pub fn sample(&self, sample: usize) -> Var<'t, T> {
        let rows: Vec<_> = self.lengths.rows_of(sample).collect();
        self.gather(&rows)
    }

    /// The features of each sample, `[T_i, F]`, such as for [`Ctc`](crate::loss::Ctc).
    ///
    /// # Panics
    /// If there are no steps, or they are symbols.
    #[track_caller]
    pub fn samples(&self) -> Vec<Var<'t, T>> {
        let x = self.stacked();
        let x = self
            .lengths
            .by_sample()
            .map_or(x, |rows| x.gather_rows(&rows));
        let mut start = 0;
        let sample = |sample| {
            let rows = start..start + self.lengths.of(sample);
            start = rows.end;
            x.rows(rows)
        };
        (0..self.lengths.samples()).map(sample).collect()
    }

    /// Of every sample the features of its first step, `[B, F]`.
    ///
    /// # Panics
    /// If there are no steps, or they are symbols.
    #[track_caller]
    pub fn first(&self) -> Var<'t, T> {
        let first: Vec<_> = (0..self.lengths.samples())
            .map(|s| self.lengths.row(s, 0))
            .collect();
        self.gather(&first)
    }

    /// Of every sample the features of its last step, `[B, F]`.
    ///
    /// # Panics
    /// If there are no steps, or they are symbols.
    #[track_caller]
    pub fn last(&self) -> Var<'t, T> {
        self.gather(&self.lengths.last_rows())
    }

    /// The rows with these numbers, as a view if they lie one below the other.
    #[track_caller]
    fn gather(&self, rows: &[usize]) -> Var<'t, T> {
        let x = self.stacked();
        match rows
            .iter()
            .zip(rows[0]..)
            .all(|(&row, expected)| row == expected)
        {
            true => x.rows(rows[0]..rows[0] + rows.len()),
            false => x.gather_rows(rows),
        }
    }

    /// Of every sample the sum over its steps, `[B, F]`.
    ///
    /// # Panics
    /// If the steps are symbols.
    #[track_caller]
    pub fn sum(&self) -> Var<'t, T> {
        let samples: Vec<_> = self.lengths.positions().map(|(sample, _)| sample).collect();
        self.stacked()
            .scatter_add_rows(&samples, self.lengths.samples())
    }

    /// Of every sample the mean over its steps, `[B, F]`.
    ///
    /// # Panics
    /// If the steps are symbols.
    #[track_caller]
    pub fn mean(&self) -> Var<'t, T> {
        let sum = self.sum();
        let share = |sample, _| T::from_f64(1.0 / self.lengths.of(sample) as f64);
        sum * sum
            .tape()
            .constant(Matrix::from_fn(sum.row_count(), 1, share))
    }

    /// Of every sample the largest of each feature over its steps, `[B, F]`. Its gradient goes to the
    /// step that has it.
    ///
    /// # Panics
    /// If the steps are symbols.
    #[track_caller]
    pub fn max(&self) -> Var<'t, T> {
        let largest = |x: Var<'t, T>| x.transpose().row_max();
        let columns: Vec<_> = self.samples().into_iter().map(largest).collect();
        Var::concat_cols(&columns).transpose()
    }

    /// Every sample with its steps in the opposite order.
    ///
    /// # Panics
    /// If there are no steps.
    #[track_caller]
    #[must_use]
    pub fn reversed(&self) -> Self {
        let rows = self.lengths.reversed();
        let content = match &self.content {
            Content::Features(x) => Content::Features(x.gather_rows(&rows)),
            Content::Symbols { symbols, table } => Content::Symbols {
                symbols: rows.iter().map(|&row| symbols[row]).collect(),
                table: *table,
            },
        };
        Sequence {
            content,
            lengths: self.lengths.clone(),
        }
    }

    /// What a function makes of all rows at once, such as `|x| x.relu()`.
    ///
    /// # Panics
    /// If it gives another number of rows, or the steps are symbols.
    #[track_caller]
    #[must_use]
    pub fn map(&self, f: impl FnOnce(Var<'t, T>) -> Var<'t, T>) -> Self {
        Sequence::from_stacked(f(self.stacked()), &self.lengths)
    }

    /// The features of several sequences beside each other.
    ///
    /// # Panics
    /// If there are none, they have different lengths, or the steps are symbols.
    #[track_caller]
    pub fn concat(sequences: &[Self]) -> Self {
        let parts: Vec<_> = sequences.iter().map(Sequence::stacked).collect();
        assert!(!parts.is_empty(), "no sequences to put beside each other");
        let lengths = &sequences[0].lengths;
        for (i, other) in sequences.iter().enumerate() {
            assert!(
                other.lengths == *lengths,
                "sequence {i} has {:?}, and sequence 0 has {lengths:?}",
                other.lengths
            );
        }
        Sequence::from_stacked(Var::concat_cols(&parts), lengths)
    }

    /// z_x of all steps, as a cell sees them.
    #[track_caller]
    pub(crate) fn projected<C: Cell<T>>(
        &self,
        cell: &C,
        p: &Bound<'t, T>,
    ) -> Projection<'t, '_, T> {
        match &self.content {
            Content::Features(x) => {
                check::input(cell, p, *x);
                cell.project(p, *x).into()
            }
            Content::Symbols {
                symbols,
                table: Some(table),
            } => {
                let table = *table;
                Projection::LookedUp { table, symbols }
            }
            Content::Symbols {
                symbols,
                table: None,
            } => {
                let (name, inputs) = (&cell.weights().name, cell.input_size());
                check::symbols_of(name, symbols, &self.lengths, inputs);
                let (u, b) = cell.input_weight();
                check::parameters(name, "project_symbols", p, [u, b]);
                cell.project_symbols(p, symbols)
            }
        }
    }

    /// z_x of symbols is known by symbol: the rows of this table.
    pub(crate) fn with_table(mut self, of_first_layer: Var<'t, T>) -> Self {
        if let Content::Symbols { table, .. } = &mut self.content {
            *table = Some(of_first_layer);
        }
        self
    }
}

impl<T: Scalar> fmt::Debug for Sequence<'_, T> {
    /// `Sequence(x [9, 3], Lengths([2, 4, 3]))`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.content {
            Content::Features(x) => {
                write!(
                    f,
                    "Sequence({} {}, {:?})",
                    x.info().label(),
                    x.shape(),
                    self.lengths
                )
            }
            Content::Symbols { symbols, .. } => {
                write!(f, "Sequence({} symbols, {:?})", symbols.len(), self.lengths)
            }
        }
    }
}

fn check_features<T: Scalar>(
    sample: usize,
    m: &Matrix<T>,
    expected: usize,
) -> Result<(), SequenceError> {
    let found = m.col_count();
    if found != expected {
        return Err(SequenceError::Features {
            sample,
            found,
            expected,
        });
    }
    SequenceError::not_finite(sample, m).map_or(Ok(()), Err)
}
