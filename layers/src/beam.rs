//! [`beam_search`]: the most probable sequences of a model.

use autograd::{Matrix, Scalar};

use crate::decoding::at;
use crate::sampling::{check_logits, highest, log_sum_exp};
use crate::{DecodingError, GatherRows, Hypothesis, Stop};

/// How wide a beam is, and what its hypotheses are ranked by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beam {
    /// The number of hypotheses that are kept after each step.
    pub width: usize,
    /// The number of hypotheses that are wanted in the end, at most `width`.
    pub n_best: usize,
    /// The exponent α of the length normalisation, not negative: 0 is none.
    pub alpha: f64,
}

impl Default for Beam {
    /// The best one of a beam of 4, with α = 0.6.
    fn default() -> Self {
        Beam {
            width: 4,
            n_best: 1,
            alpha: 0.6,
        }
    }
}

/// The best sequences that a model could go on with after the symbol `start`, the best first.
///
/// Each step extends every hypothesis by every symbol and keeps the `width` most probable of all
/// these. What ends with the end symbol is finished and leaves the beam; what is
/// [`max_length`](Stop::max_length) long is cut off. Both are ranked by
///
/// score(Y) = log P(Y) / lp(Y),  lp(Y) = (5 + |Y|)^α / (5 + 1)^α
///
/// (Wu et al. 2016, *Google's neural machine translation system*, equation 14, without coverage),
/// where |Y| counts the end symbol too. As log P can only fall and lp only rise up to the greatest
/// length, the score that a hypothesis can still come to has a bound: the search is over when none
/// can beat the worst of the `n_best`.
///
/// `step` gets the hypotheses of this one sequence as its rows: one at first, at most `width` later.
/// There may be fewer than `n_best` in the end if no more are possible.
///
/// # Errors
/// If a setting makes no sense, the end symbol is not one of V, or a logit is NaN or +∞.
///
/// # Panics
/// If `step` does not give a row of logits for each symbol, or the states have other rows.
///
/// ```
/// use autograd::Matrix;
/// use layers::{Beam, GatherRows, Stop, beam_search, greedy};
///
/// // A Markov chain: row i has ln P(next | i). Symbol 0 is the start, 3 the end.
/// let table = Matrix::from([
///     [0.0, 0.6, 0.4, 0.0],
///     [0.0, 0.4, 0.3, 0.3], // 1 is the more probable beginning, but nothing certain follows
///     [0.0, 0.1, 0.0, 0.9],
///     [0.0, 0.0, 0.0, 1.0],
/// ]).map(f64::ln);
/// let step = |symbols: &[usize], ()| (table.gather_rows(symbols), ());
/// let stop = Stop { end: Some(3), max_length: 3 };
/// assert_eq!(greedy(&[0], (), stop, step)?[0].symbols, [1, 1, 1]);
///
/// let beam = Beam { width: 2, n_best: 2, ..Beam::default() };
/// let best = beam_search(0, (), stop, beam, step)?;
/// assert_eq!(best[0].symbols, [2]);
/// assert!((best[0].log_probability - (0.4f64 * 0.9).ln()).abs() < 1e-12);
/// assert!(best[0].score > best[1].score);
/// # Ok::<(), layers::DecodingError>(())
/// ```
#[track_caller]
pub fn beam_search<T: Scalar, S: GatherRows>(
    start: usize,
    mut states: S,
    stop: Stop,
    beam: Beam,
    mut step: impl FnMut(&[usize], S) -> (Matrix<T>, S),
) -> Result<Vec<Hypothesis>, DecodingError> {
    beam.check()?;
    let mut best = Vec::new();
    let mut open = vec![Hypothesis::default()];
    let mut symbols = vec![start];
    for t in 0..stop.max_length {
        let (logits, after) = step(&symbols, states);
        stop.check(&logits, symbols.len())?;
        let (mut parents, mut extended) = (Vec::new(), Vec::new());
        symbols.clear();
        for extension in beam.extensions(&open, &logits, t)? {
            let hypothesis = beam.extend(&open[extension.parent], &extension, stop);
            if hypothesis.finished {
                best.push(hypothesis);
                continue;
            }
            extended.push(hypothesis);
            parents.push(extension.parent);
            symbols.push(extension.symbol);
        }
        open = extended;
        beam.rank(&mut best);
        if beam.is_settled(&best, &open, stop) {
            return Ok(best);
        }
        states = after.gather_rows(&parents);
    }
    best.extend(open);
    beam.rank(&mut best);
    Ok(best)
}

/// A hypothesis and its next symbol.
struct Extension {
    parent: usize,
    symbol: usize,
    /// Of both together.
    log_probability: f64,
}

impl Beam {
    /// lp(Y) of so many symbols.
    pub fn length_penalty(self, length: usize) -> f64 {
        ((5.0 + length as f64) / 6.0).powf(self.alpha)
    }

    /// The most probable extensions of all hypotheses, the best first.
    fn extensions<T: Scalar>(
        self,
        open: &[Hypothesis],
        logits: &Matrix<T>,
        step: usize,
    ) -> Result<Vec<Extension>, DecodingError> {
        let mut extensions = Vec::new();
        for (parent, (hypothesis, logits)) in open.iter().zip(logits.row_iter()).enumerate() {
            check_logits(logits).map_err(at(step, parent))?;
            let normaliser = log_sum_exp(logits);
            let extension = |symbol: usize| Extension {
                parent,
                symbol,
                log_probability: hypothesis.log_probability
                    + (logits[symbol].to_f64() - normaliser),
            };
            extensions.extend(highest(logits, self.width).into_iter().map(extension));
        }
        extensions.retain(|extension| extension.log_probability > f64::NEG_INFINITY);
        extensions.sort_by(|a, b| b.log_probability.total_cmp(&a.log_probability));
        extensions.truncate(self.width);
        Ok(extensions)
    }

    fn extend(self, hypothesis: &Hypothesis, extension: &Extension, stop: Stop) -> Hypothesis {
        let mut extended = hypothesis.clone();
        extended.push(extension.symbol, extension.log_probability, stop);
        extended.score = extended.log_probability / self.length_penalty(extended.length());
        extended
    }

    /// Leaves the best, the best of all first.
    fn rank(self, hypotheses: &mut Vec<Hypothesis>) {
        hypotheses.sort_by(|a, b| b.score.total_cmp(&a.score));
        hypotheses.truncate(self.n_best);
    }

    /// Whether nothing that is still open can become one of the best. The most probable of those open
    /// comes first, and its bound is the highest: they have one length.
    fn is_settled(self, best: &[Hypothesis], open: &[Hypothesis], stop: Stop) -> bool {
        let Some(first) = open.first() else {
            return true;
        };
        let bound = first.log_probability / self.length_penalty(stop.max_length);
        best.len() == self.n_best && best.iter().all(|hypothesis| hypothesis.score >= bound)
    }

    fn check(self) -> Result<(), DecodingError> {
        let Beam { width, n_best, .. } = self;
        if width == 0 {
            return Err(DecodingError::Width);
        }
        if !(1..=width).contains(&n_best) {
            return Err(DecodingError::NBest { n_best, width });
        }
        match self.alpha.is_finite() && self.alpha >= 0.0 {
            true => Ok(()),
            false => Err(DecodingError::Alpha(self.alpha)),
        }
    }
}
