//! [`greedy`] and [`sample_sequence`]: symbol after symbol from a model.

use autograd::{Matrix, Scalar};
use rand::Rng;
use thiserror::Error;

use crate::sampling::{argmax, check_logits, log_sum_exp};
use crate::{Sampling, SamplingError};

/// Where a sequence ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The symbol that ends a sequence, if there is one.
    pub end: Option<usize>,
    /// The number of symbols, that of the end included, after which a sequence is cut off.
    pub max_length: usize,
}

/// A sequence that a model could have written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hypothesis {
    /// Its symbols, without those of start and end.
    pub symbols: Vec<usize>,
    /// Σ_t ln p(y_t | y_1 … y_{t-1}), with that of the end symbol: what the model gives it, whatever
    /// it was chosen by.
    pub log_probability: f64,
    /// What it is ranked by: of a beam search the log-probability over the length penalty, otherwise
    /// the log-probability.
    pub score: f64,
    /// Whether it came to its end symbol, or was cut off.
    pub finished: bool,
}

/// Why a sequence cannot be decoded.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum DecodingError {
    /// Settings to sample with make no sense.
    #[error(transparent)]
    Sampling(#[from] SamplingError),
    /// A beam has room for no hypothesis.
    #[error("a beam of width 0 has room for no hypothesis")]
    Width,
    /// A beam search is asked for no hypotheses, or for more than the beam has room for.
    #[error("the {n_best} best of a beam of width {width}: from 1 to {width} can be had")]
    NBest {
        /// How many were asked for.
        n_best: usize,
        /// How many there is room for.
        width: usize,
    },
    /// The exponent of the length normalisation is negative, NaN or infinite.
    #[error("a length normalisation with α = {0}: it must be finite and not negative")]
    Alpha(f64),
    /// The probability of the truth is not between 0 and 1.
    #[error("a truth with probability ε = {0}: it must be between 0 and 1")]
    Epsilon(f64),
    /// The end symbol is none that the model could give.
    #[error(
        "the end symbol {end} is not below the {vocabulary} symbols that the model has logits for"
    )]
    End {
        /// The symbol.
        end: usize,
        /// The number V of symbols.
        vocabulary: usize,
    },
    /// Logits of which nothing can be chosen.
    #[error("{}row {row}: {reason}", step.map_or_else(String::new, |t| format!("step {t}, ")))]
    Logits {
        /// The step, counted from 0, where it is known.
        step: Option<usize>,
        /// The row: the sequence, or the hypothesis of a beam.
        row: usize,
        /// What is wrong with them.
        reason: SamplingError,
    },
}

/// Continues each of B sequences by the symbol that is most probable, again and again: of equal ones
/// the lowest. `starts` are the symbols to begin with, which are no part of the result.
///
/// The model is `step`: a function from the last symbols, `[B]`, and the states to the logits of the
/// next symbols, `[B, V]`, and the states after. A character model, a captioner and a translator with
/// attention are three such functions, and what their states are, is up to them: the
/// [`State`](crate::State)s of layers on a tape, [`Carried`](crate::Carried) ones between two tapes, or
/// `()` if the last symbol is all that counts.
///
/// `step` gets all B sequences every time, in their order, so that it may look at what belongs to
/// each, such as a sentence to be translated. Those that came to their end read their end symbol
/// again, and nothing comes of it.
///
/// # Errors
/// If the end symbol is not one of V, or a logit is NaN or +∞.
///
/// # Panics
/// If `step` does not give B rows of logits.
///
/// ```
/// use autograd::Matrix;
/// use layers::{GatherRows, Stop, greedy};
///
/// // A Markov chain: row i has ln P(next | i). Symbol 2 is the end.
/// let table = Matrix::from([[0.1, 0.6, 0.3], [0.2, 0.1, 0.7], [0.0, 0.0, 1.0]]).map(f64::ln);
/// let step = |symbols: &[usize], ()| (table.gather_rows(symbols), ());
/// let written = greedy(&[0, 1], (), Stop { end: Some(2), max_length: 10 }, step)?;
/// assert_eq!(written[0].symbols, [1]);
/// assert!((written[0].log_probability - (0.6f64 * 0.7).ln()).abs() < 1e-12);
/// assert!(written[1].symbols.is_empty() && written[1].finished);
/// # Ok::<(), layers::DecodingError>(())
/// ```
#[track_caller]
pub fn greedy<T: Scalar, S>(
    starts: &[usize],
    states: S,
    stop: Stop,
    step: impl FnMut(&[usize], S) -> (Matrix<T>, S),
) -> Result<Vec<Hypothesis>, DecodingError> {
    decode(starts, states, stop, step, |logits| {
        check_logits(logits)?;
        Ok(argmax(logits))
    })
}

/// [`greedy`] with symbols that are drawn: see [`Sampling`]. The same seed gives the same sequences.
///
/// # Errors
/// If a setting makes no sense, the end symbol is not one of V, or a logit is NaN or +∞.
///
/// # Panics
/// If `step` does not give B rows of logits.
///
/// ```
/// use autograd::{Matrix, Tape};
/// use layers::{Cell, Gru, Linear, ParameterSet, Reset, Sampling, Stop, sample_sequence};
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
///
/// let mut rng = ChaCha8Rng::seed_from_u64(1);
/// let mut set = ParameterSet::<f32>::new();
/// let gru = Gru::new(&mut set, "gru1", 5, 8, Reset::After, &mut rng); // 5 symbols
/// let output = Linear::new(&mut set, "output", 8, 5, &mut rng);
///
/// let tape = Tape::new();
/// let p = set.bind(&tape);
/// let starts = [0; 3]; // three texts side by side
/// let states = gru.initial_state(&p, starts.len());
/// let sampling = Sampling { temperature: 0.8, top_p: Some(0.9), ..Sampling::default() };
/// let stop = Stop { end: None, max_length: 20 };
/// let texts = sample_sequence(&starts, states, stop, sampling, &mut rng, |symbols, state| {
///     let x = tape.constant(Matrix::one_hot(symbols, 5));
///     let state = gru.step(&p, gru.project(&p, x), state);
///     (output.apply(&p, state.h).value().to_matrix(), state)
/// })?;
/// assert!(texts.iter().all(|text| text.symbols.len() == 20));
/// # Ok::<(), layers::DecodingError>(())
/// ```
#[track_caller]
pub fn sample_sequence<T: Scalar, S>(
    starts: &[usize],
    states: S,
    stop: Stop,
    sampling: Sampling,
    rng: &mut (impl Rng + ?Sized),
    step: impl FnMut(&[usize], S) -> (Matrix<T>, S),
) -> Result<Vec<Hypothesis>, DecodingError> {
    sampling.check()?;
    decode(starts, states, stop, step, |logits| {
        sampling.draw(logits, rng)
    })
}

/// The loop over steps, of sequences that go on independently of each other.
#[track_caller]
fn decode<T: Scalar, S>(
    starts: &[usize],
    mut states: S,
    stop: Stop,
    mut step: impl FnMut(&[usize], S) -> (Matrix<T>, S),
    mut choose: impl FnMut(&[T]) -> Result<usize, SamplingError>,
) -> Result<Vec<Hypothesis>, DecodingError> {
    let mut symbols = starts.to_vec();
    let mut written = vec![Hypothesis::default(); starts.len()];
    for t in 0..stop.max_length {
        if written.iter().all(|hypothesis| hypothesis.finished) {
            break;
        }
        let logits;
        (logits, states) = step(&symbols, states);
        stop.check(&logits, symbols.len())?;
        for (row, hypothesis) in written.iter_mut().enumerate() {
            if hypothesis.finished {
                continue;
            }
            let logits = logits.row(row);
            let symbol = choose(logits).map_err(at(t, row))?;
            let log_probability = logits[symbol].to_f64() - log_sum_exp(logits);
            let total = hypothesis.log_probability + log_probability;
            hypothesis.push(symbol, total, stop);
            hypothesis.score = total;
            symbols[row] = symbol;
        }
    }
    Ok(written)
}

/// Says where logits are that nothing can be chosen from.
pub(crate) fn at(step: usize, row: usize) -> impl FnOnce(SamplingError) -> DecodingError {
    move |reason| DecodingError::Logits {
        step: Some(step),
        row,
        reason,
    }
}

impl Hypothesis {
    /// |Y|: the number of symbols, that of the end included.
    pub fn length(&self) -> usize {
        self.symbols.len() + usize::from(self.finished)
    }

    /// Goes on by a symbol, which may be the end: `log_probability` is of all up to there.
    pub(crate) fn push(&mut self, symbol: usize, log_probability: f64, stop: Stop) {
        self.log_probability = log_probability;
        match stop.end == Some(symbol) {
            true => self.finished = true,
            false => self.symbols.push(symbol),
        }
    }
}

impl Stop {
    /// That a step gave logits for each of so many sequences, one of them for the end symbol.
    #[track_caller]
    pub(crate) fn check<T: Scalar>(
        self,
        logits: &Matrix<T>,
        sequences: usize,
    ) -> Result<(), DecodingError> {
        let (shape, vocabulary) = (logits.shape(), logits.col_count());
        assert!(
            shape.rows == sequences,
            "a step gave logits {shape} for {sequences} symbols: there must be a row for each"
        );
        match self.end {
            Some(end) if end >= vocabulary => Err(DecodingError::End { end, vocabulary }),
            _ => Ok(()),
        }
    }
}
