//! From log-probabilities to a labelling.

use std::collections::HashMap;

use autograd::{MatrixView, Scalar};

use super::problem::log_probabilities;
use super::{Ctc, CtcProblem};

/// A sequence of symbols with the probability that it has been found with.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelling {
    /// The symbols, without blanks.
    pub symbols: Vec<usize>,
    /// ln of the probability of those of its paths that were followed; of all, if the beam was never
    /// full.
    pub log_probability: f64,
}

impl Ctc {
    /// The labelling of a path, B(π): repetitions merged, then blanks removed.
    ///
    /// ```
    /// let ctc = layers::loss::Ctc::new(0);
    /// assert_eq!(ctc.labelling(&[1, 1, 0, 1, 2, 2, 0]), [1, 1, 2]);
    /// ```
    pub fn labelling(&self, path: &[usize]) -> Vec<usize> {
        let merged = path.chunk_by(|a, b| a == b).map(|run| run[0]);
        merged.filter(|&symbol| symbol != self.blank).collect()
    }

    /// The labelling of the most probable path: the symbol with the highest log-probability of each step
    /// of `[T, V]`, the first of equals. A labelling with many paths can be more probable together; see
    /// [`Ctc::beam_search`].
    ///
    /// # Errors
    /// If an element is not the logarithm of a probability.
    ///
    /// # Panics
    /// If the blank is not below V.
    #[track_caller]
    pub fn greedy<T: Scalar>(&self, log_y: MatrixView<'_, T>) -> Result<Vec<usize>, CtcProblem> {
        self.check_decoding(log_y)?;
        Ok(self.labelling(&log_y.row_argmax()))
    }

    /// The most probable labellings of `[T, V]`, the best first, by prefix beam search without a
    /// language model (Hannun et al. 2014, *First-pass large vocabulary continuous speech recognition
    /// using bi-directional recurrent DNNs*).
    ///
    /// After each step the `width` most probable prefixes are kept, each with the probability of its
    /// paths that end in a blank and of those that do not: a symbol that is read again begins a
    /// repetition behind the former, and continues the latter.
    ///
    /// # Errors
    /// As [`Ctc::greedy`], and if no path has a probability above 0.
    ///
    /// # Panics
    /// If the width is 0, or the blank is not below V.
    #[track_caller]
    pub fn beam_search<T: Scalar>(
        &self,
        log_y: MatrixView<'_, T>,
        width: usize,
    ) -> Result<Vec<Labelling>, CtcProblem> {
        assert!(width > 0, "ctc: a beam of no prefixes");
        self.check_decoding(log_y)?;
        let mut prefixes = Prefixes::default();
        let mut beam = vec![Hypothesis::start()];
        for log_y in log_y.row_iter() {
            beam = self.read(&mut prefixes, &beam, log_y);
            beam.sort_by(|a, b| b.total.total_cmp(&a.total).then(a.prefix.cmp(&b.prefix)));
            beam.truncate(width);
        }
        if beam.is_empty() {
            return Err(CtcProblem::Impossible);
        }
        let labelling = |found: &Hypothesis| Labelling {
            symbols: prefixes.symbols(found.prefix),
            log_probability: found.total,
        };
        Ok(beam.iter().map(labelling).collect())
    }

    /// All prefixes after one more step.
    fn read<T: Scalar>(
        &self,
        prefixes: &mut Prefixes,
        beam: &[Hypothesis],
        log_y: &[T],
    ) -> Vec<Hypothesis> {
        let mut next: HashMap<usize, Endings> = HashMap::new();
        for from in beam {
            let last = prefixes.last(from.prefix);
            for (symbol, log_y) in log_y.iter().enumerate() {
                let log_y = log_y.to_f64();
                let repeats = last == Some(symbol);
                if symbol == self.blank {
                    let stays = next.entry(from.prefix).or_default();
                    stays.add_blank(from.total + log_y);
                    continue;
                }
                if repeats {
                    let stays = next.entry(from.prefix).or_default();
                    stays.add_symbol(from.endings.symbol + log_y);
                }
                let begins = if repeats {
                    from.endings.blank
                } else {
                    from.total
                };
                if begins + log_y > NEVER {
                    let grows = next.entry(prefixes.with(from.prefix, symbol)).or_default();
                    grows.add_symbol(begins + log_y);
                }
            }
        }
        let hypotheses = next.into_iter().map(Hypothesis::from);
        hypotheses.filter(|found| found.total > NEVER).collect()
    }

    #[track_caller]
    fn check_decoding<T: Scalar>(&self, log_y: MatrixView<'_, T>) -> Result<(), CtcProblem> {
        let (blank, symbols) = (self.blank, log_y.col_count());
        assert!(
            blank < symbols,
            "ctc: the blank {blank} is not below {symbols} symbols"
        );
        log_probabilities(log_y)
    }
}

/// ln 0.
const NEVER: f64 = f64::NEG_INFINITY;

/// A prefix, with the logarithms of its probability.
#[derive(Clone, Copy, Debug)]
struct Hypothesis {
    prefix: usize,
    endings: Endings,
    total: f64,
}

impl Hypothesis {
    /// Before the first step, as if a blank had been read.
    fn start() -> Self {
        let endings = Endings {
            blank: 0.0,
            symbol: NEVER,
        };
        Hypothesis::from((Prefixes::EMPTY, endings))
    }
}

impl From<(usize, Endings)> for Hypothesis {
    fn from((prefix, endings): (usize, Endings)) -> Self {
        let total = log_add_exp(endings.blank, endings.symbol);
        Hypothesis {
            prefix,
            endings,
            total,
        }
    }
}

/// The logarithms of the probabilities of those paths that end in a blank, and of those that end in
/// the last symbol.
#[derive(Clone, Copy, Debug)]
struct Endings {
    blank: f64,
    symbol: f64,
}

impl Default for Endings {
    fn default() -> Self {
        Endings {
            blank: NEVER,
            symbol: NEVER,
        }
    }
}

impl Endings {
    fn add_blank(&mut self, log_p: f64) {
        self.blank = log_add_exp(self.blank, log_p);
    }

    fn add_symbol(&mut self, log_p: f64) {
        self.symbol = log_add_exp(self.symbol, log_p);
    }
}

fn log_add_exp(a: f64, b: f64) -> f64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    if low == NEVER {
        high
    } else {
        high + (low - high).exp().ln_1p()
    }
}

/// All prefixes that were met, as a tree: each is a shorter one and a symbol. They are known by numbers.
#[derive(Debug, Default)]
struct Prefixes {
    /// The shorter one and the last symbol, of all but the empty one.
    parts: Vec<(usize, usize)>,
    longer: HashMap<(usize, usize), usize>,
}

impl Prefixes {
    const EMPTY: usize = 0;

    fn part(&self, prefix: usize) -> Option<(usize, usize)> {
        prefix.checked_sub(1).map(|i| self.parts[i])
    }

    fn last(&self, prefix: usize) -> Option<usize> {
        self.part(prefix).map(|(_, symbol)| symbol)
    }

    /// A prefix with one more symbol.
    fn with(&mut self, prefix: usize, symbol: usize) -> usize {
        let part = (prefix, symbol);
        *self.longer.entry(part).or_insert_with(|| {
            self.parts.push(part);
            self.parts.len()
        })
    }

    fn symbols(&self, prefix: usize) -> Vec<usize> {
        let parts = std::iter::successors(self.part(prefix), |&(shorter, _)| self.part(shorter));
        let mut symbols: Vec<usize> = parts.map(|(_, symbol)| symbol).collect();
        symbols.reverse();
        symbols
    }
}
