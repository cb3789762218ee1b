//! [`Sampling`]: from logits to a symbol.

use autograd::Scalar;
use rand::{Rng, RngExt};
use thiserror::Error;

/// Why nothing can be chosen.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SamplingError {
    /// The temperature is not a positive, finite number.
    #[error("a temperature of {0}: it must be positive and finite")]
    Temperature(f64),
    /// The choice is among no symbols at all.
    #[error("top_k is 0, which leaves nothing to choose from")]
    TopK,
    /// The probability of the nucleus is not above 0 and at most 1.
    #[error("a top_p of {0}: it must be above 0 and at most 1")]
    TopP(f64),
    /// There are no logits.
    #[error("there are no logits to choose from")]
    Empty,
    /// A logit is NaN or +∞.
    #[error("the logit of symbol {symbol} is {value}")]
    Logit {
        /// The position of the first such logit.
        symbol: usize,
        /// Its value.
        value: f64,
    },
    /// All logits are -∞.
    #[error("all {0} logits are -inf, which leaves nothing to choose from")]
    Impossible(usize),
}

/// How a symbol is drawn from logits.
///
/// The probabilities are softmax(logits / temperature). Of them only the `top_k` highest are kept
/// (Fan et al. 2018), then of these only the nucleus (Holtzman et al. 2020, *The curious case of
/// neural text degeneration*, equation 2): the smallest set, taken from the most probable symbol
/// down, whose probabilities sum to `top_p` at least. What is kept is scaled to sum to 1.
///
/// A logit of -∞ is a probability of 0: so a symbol is ruled out. Of equal logits, those of the lower
/// symbols count as more probable.
///
/// ```
/// use layers::Sampling;
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
///
/// let logits = [0.5, 0.3, 0.15, 0.05].map(f64::ln);
/// let nucleus = Sampling { top_p: Some(0.7), ..Sampling::default() };
/// let p = nucleus.probabilities(&logits)?; // 0.5 is less than 0.7, 0.5 + 0.3 is not
/// assert!((p[0] - 0.5 / 0.8).abs() < 1e-12 && (p[1] - 0.3 / 0.8).abs() < 1e-12);
/// assert_eq!(p[2..], [0.0, 0.0]);
///
/// let mut rng = ChaCha8Rng::seed_from_u64(1);
/// assert!(nucleus.draw(&logits, &mut rng)? < 2);
/// # Ok::<(), layers::SamplingError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// What the logits are divided by: below 1 favours the probable symbols more, above 1 less.
    pub temperature: f64,
    /// The number of symbols to choose among, if not all.
    pub top_k: Option<usize>,
    /// The probability of the nucleus, if the choice is restricted to one.
    pub top_p: Option<f64>,
}

impl Default for Sampling {
    /// From the model's own probabilities: temperature 1, all symbols.
    fn default() -> Self {
        Sampling {
            temperature: 1.0,
            top_k: None,
            top_p: None,
        }
    }
}

impl Sampling {
    /// No chance at all: always the most probable symbol.
    pub fn greedy() -> Self {
        Sampling {
            top_k: Some(1),
            ..Self::default()
        }
    }

    /// Draws a symbol.
    ///
    /// # Errors
    /// If a setting makes no sense, there are no logits, one is NaN or +∞, or all are -∞.
    pub fn draw<T: Scalar>(
        &self,
        logits: &[T],
        rng: &mut (impl Rng + ?Sized),
    ) -> Result<usize, SamplingError> {
        let weights = self.weights(logits)?;
        let mut chosen = weights[0].0;
        let mut left = rng.random::<f64>() * sum(&weights);
        for (symbol, weight) in weights {
            if weight > 0.0 {
                chosen = symbol;
                left -= weight;
            }
            if left < 0.0 {
                break;
            }
        }
        Ok(chosen)
    }

    /// The probabilities that symbols are drawn with: V numbers, 0 for what is left out.
    ///
    /// # Errors
    /// As [`Sampling::draw`].
    pub fn probabilities<T: Scalar>(&self, logits: &[T]) -> Result<Vec<f64>, SamplingError> {
        let weights = self.weights(logits)?;
        let total = sum(&weights);
        let mut probabilities = vec![0.0; logits.len()];
        for (symbol, weight) in weights {
            probabilities[symbol] = weight / total;
        }
        Ok(probabilities)
    }

    /// The symbols to choose among, with numbers in proportion to their probabilities.
    fn weights<T: Scalar>(&self, logits: &[T]) -> Result<Vec<(usize, f64)>, SamplingError> {
        self.check()?;
        check_logits(logits)?;
        let logit = |symbol: usize| logits[symbol].to_f64();
        let symbols = highest(logits, self.top_k.unwrap_or(logits.len()));
        let highest = symbols.iter().map(|&s| logit(s)).fold(f64::MIN, f64::max);
        let weight = |symbol| ((logit(symbol) - highest) / self.temperature).exp();
        let mut weights: Vec<_> = symbols.into_iter().map(|s| (s, weight(s))).collect();
        if let Some(p) = self.top_p {
            keep_nucleus(&mut weights, p);
        }
        Ok(weights)
    }

    pub(crate) fn check(&self) -> Result<(), SamplingError> {
        if !(self.temperature > 0.0 && self.temperature.is_finite()) {
            return Err(SamplingError::Temperature(self.temperature));
        }
        if self.top_k == Some(0) {
            return Err(SamplingError::TopK);
        }
        match self.top_p {
            Some(p) if !(p > 0.0 && p <= 1.0) => Err(SamplingError::TopP(p)),
            _ => Ok(()),
        }
    }
}

/// [`Sampling::draw`] with a temperature and the `top_k` most probable symbols, if that is given.
///
/// # Errors
/// As [`Sampling::draw`].
///
/// ```
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
/// let mut rng = ChaCha8Rng::seed_from_u64(1);
/// assert_eq!(layers::sample(&[0.1f32, 2.0, 1.9], 1.0, Some(1), &mut rng), Ok(1));
/// ```
pub fn sample<T: Scalar>(
    logits: &[T],
    temperature: f64,
    top_k: Option<usize>,
    rng: &mut (impl Rng + ?Sized),
) -> Result<usize, SamplingError> {
    let sampling = Sampling {
        temperature,
        top_k,
        top_p: None,
    };
    sampling.draw(logits, rng)
}

fn sum(weights: &[(usize, f64)]) -> f64 {
    weights.iter().map(|&(_, weight)| weight).sum()
}

/// Leaves the smallest set of symbols that has the share `p` of all weights.
fn keep_nucleus(weights: &mut Vec<(usize, f64)>, p: f64) {
    weights.sort_by(|(_, a), (_, b)| b.total_cmp(a)); // stable: of equal ones the lower symbol first
    let enough = p * sum(weights);
    let mut mass = 0.0;
    let last = weights.iter().position(|(_, weight)| {
        mass += weight;
        mass >= enough
    });
    weights.truncate(last.map_or(weights.len(), |last| last + 1));
}

/// That logits are some model's: numbers, or -∞ for what is impossible, and something is possible.
pub(crate) fn check_logits<T: Scalar>(logits: &[T]) -> Result<(), SamplingError> {
    if logits.is_empty() {
        return Err(SamplingError::Empty);
    }
    let value = |symbol: usize| logits[symbol].to_f64();
    let wrong = |&symbol: &usize| value(symbol).is_nan() || value(symbol) == f64::INFINITY;
    if let Some(symbol) = (0..logits.len()).find(wrong) {
        let value = value(symbol);
        return Err(SamplingError::Logit { symbol, value });
    }
    match logits.iter().any(|x| x.is_finite()) {
        true => Ok(()),
        false => Err(SamplingError::Impossible(logits.len())),
    }
}

/// The symbols of the k highest logits, in ascending order. None of the logits is NaN.
pub(crate) fn highest<T: Scalar>(logits: &[T], k: usize) -> Vec<usize> {
    let mut symbols: Vec<usize> = (0..logits.len()).collect();
    if k < symbols.len() {
        symbols.select_nth_unstable_by(k, |&a, &b| {
            let [x, y] = [a, b].map(|s| logits[s].to_f64() + 0.0); // -0 becomes 0
            y.total_cmp(&x).then(a.cmp(&b))
        });
        symbols.truncate(k);
        symbols.sort_unstable();
    }
    symbols
}

/// The symbol of the highest logit, the first of several. None of the logits is NaN.
pub(crate) fn argmax<T: Scalar>(logits: &[T]) -> usize {
    let better = |best, s| if logits[s] > logits[best] { s } else { best };
    (1..logits.len()).fold(0, better)
}

/// ln Σ exp(logit), which subtracted from a logit gives the logarithm of its probability.
pub(crate) fn log_sum_exp<T: Scalar>(logits: &[T]) -> f64 {
    let highest = logits[argmax(logits)].to_f64();
    let exp = |x: &T| (x.to_f64() - highest).exp();
    highest + logits.iter().map(exp).sum::<f64>().ln()
}
