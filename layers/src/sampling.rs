//! [`sample`]: from logits to a symbol.

use autograd::Scalar;
use rand::{Rng, RngExt};
use thiserror::Error;

/// Why nothing can be drawn.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SamplingError {
    /// The temperature is not a positive, finite number.
    #[error("a temperature of {0}: it must be positive and finite")]
    Temperature(f64),
    /// The choice is among no symbols at all.
    #[error("top_k is 0, which leaves nothing to choose from")]
    TopK,
    /// There are no logits.
    #[error("there are no logits to choose from")]
    Empty,
    /// A logit is NaN or infinite.
    #[error("the logit of symbol {symbol} is {value}")]
    NotFinite {
        /// The position of the first such logit.
        symbol: usize,
        /// Its value.
        value: f64,
    },
}

/// Draws a symbol with probability softmax(logits / temperature), from the `top_k` most probable
/// ones if that is given; of equal logits, those of the lower symbols count as more probable.
///
/// # Errors
/// If the temperature is not positive and finite, `top_k` is 0, or a logit is missing or not
/// finite.
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
    check(logits, temperature, top_k)?;
    let logit = |&symbol: &usize| logits[symbol].to_f64();
    let symbols = candidates(logits, top_k.unwrap_or(logits.len()));
    let highest = symbols.iter().map(logit).fold(f64::MIN, f64::max);
    let weight = |symbol: &usize| ((logit(symbol) - highest) / temperature).exp();
    let mut left = rng.random::<f64>() * symbols.iter().map(weight).sum::<f64>();
    let mut chosen = symbols[0];
    for symbol in symbols {
        let weight = weight(&symbol);
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

fn check<T: Scalar>(
    logits: &[T],
    temperature: f64,
    top_k: Option<usize>,
) -> Result<(), SamplingError> {
    if !(temperature > 0.0 && temperature.is_finite()) {
        return Err(SamplingError::Temperature(temperature));
    }
    if top_k == Some(0) {
        return Err(SamplingError::TopK);
    }
    if logits.is_empty() {
        return Err(SamplingError::Empty);
    }
    match logits.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(symbol) => Err(SamplingError::NotFinite {
            symbol,
            value: logits[symbol].to_f64(),
        }),
    }
}

/// The symbols of the k highest logits, in ascending order.
fn candidates<T: Scalar>(logits: &[T], k: usize) -> Vec<usize> {
    let mut symbols: Vec<usize> = (0..logits.len()).collect();
    if k < symbols.len() {
        symbols.select_nth_unstable_by(k, |&a, &b| {
            let [x, y] = [a, b].map(|s| logits[s].to_f64());
            y.total_cmp(&x).then(a.cmp(&b))
        });
        symbols.truncate(k);
        symbols.sort_unstable();
    }
    symbols
}
