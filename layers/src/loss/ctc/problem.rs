//! What can be wrong with a sample and its target.

use autograd::{MatrixView, Scalar, Shape};
use thiserror::Error;

/// How much above 0 a log-probability may be, by rounding.
const ROUNDING: f64 = 1e-4;

/// A sample that has no loss.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("sample {sample}: {problem}")]
pub struct CtcError {
    /// Which one.
    pub sample: usize,
    /// Why.
    pub problem: CtcProblem,
}

/// Why a sample has no loss, or cannot be decoded.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum CtcProblem {
    /// The target has more symbols than steps to read them; between two equal ones there has to be a
    /// blank, which takes a step too.
    #[error(
        "a target of {symbols} symbols, {repeated} of them repeated, takes {} steps, and there are {steps}",
        .symbols + .repeated
    )]
    TooFewSteps {
        /// Symbols of the target.
        symbols: usize,
        /// How many of them are the same as the one before.
        repeated: usize,
        /// Steps of the sample.
        steps: usize,
    },
    /// A symbol of the target is none.
    #[error("the symbol {symbol} at position {position} of its target is not below {count}")]
    Symbol {
        /// The symbol.
        symbol: usize,
        /// Its position in the target.
        position: usize,
        /// The number V of symbols.
        count: usize,
    },
    /// A symbol of the target is the blank.
    #[error("position {position} of its target is the blank {blank}")]
    Blank {
        /// The blank.
        blank: usize,
        /// Its position in the target.
        position: usize,
    },
    /// What should be the logarithm of a probability is NaN or above 0.
    #[error(
        "at step {step}, symbol {symbol}: {value} is not the logarithm of a probability, such as \
         log_softmax() gives"
    )]
    NotLogProbability {
        /// The step.
        step: usize,
        /// The symbol.
        symbol: usize,
        /// The value.
        value: f64,
    },
    /// Every path to the target, or every path at all, goes through a log-probability of −∞.
    #[error("every path to its target goes through a probability of 0")]
    Impossible,
}

impl CtcProblem {
    /// The error that names the sample.
    pub(super) fn of(self, sample: usize) -> CtcError {
        CtcError {
            sample,
            problem: self,
        }
    }
}

/// That all elements of `[T, V]` can be logarithms of probabilities.
pub(super) fn log_probabilities<T: Scalar>(log_y: MatrixView<'_, T>) -> Result<(), CtcProblem> {
    let largest = T::from_f64(ROUNDING);
    for (step, row) in log_y.row_iter().enumerate() {
        if let Some(symbol) = row.iter().position(|x| x.is_nan() || *x > largest) {
            let value = row[symbol].to_f64();
            return Err(CtcProblem::NotLogProbability {
                step,
                symbol,
                value,
            });
        }
    }
    Ok(())
}

/// That a target can be read from log-probabilities of this shape.
pub(super) fn target(target: &[usize], blank: usize, log_y: Shape) -> Result<(), CtcProblem> {
    let Shape { rows: steps, cols } = log_y;
    if let Some(position) = target.iter().position(|&symbol| symbol >= cols) {
        return Err(CtcProblem::Symbol {
            symbol: target[position],
            position,
            count: cols,
        });
    }
    if let Some(position) = target.iter().position(|&symbol| symbol == blank) {
        return Err(CtcProblem::Blank { blank, position });
    }
    let symbols = target.len();
    let repeated = target.windows(2).filter(|pair| pair[0] == pair[1]).count();
    if symbols + repeated > steps {
        return Err(CtcProblem::TooFewSteps {
            symbols,
            repeated,
            steps,
        });
    }
    Ok(())
}
