//! [`Batch`]: samples of unequal length side by side, as the recursion runs over them.

use std::ops::Range;

use autograd::{Scalar, Tape, Var};

/// ln 0. It is a number, as on a tape that has infinities nobody finds the first value that went wrong;
/// no sum of logarithms comes near it.
pub(super) const NEVER: f64 = -1e30;

/// Samples, longest first, so that those that still run at a step are the first rows of the step before.
///
/// A row has a column for each symbol of l′, and as many as the longest has: a shorter one is filled up
/// with blanks. α moves to the right only, so what is in those columns never comes back.
#[derive(Debug)]
pub(super) struct Batch {
    /// The samples, longest first.
    order: Vec<usize>,
    /// Their steps, in this order.
    lengths: Vec<usize>,
    /// Their l′, in this order, filled up to one width.
    symbols: Vec<Vec<usize>>,
    /// The number of symbols of l′ before it was filled up, in this order.
    widths: Vec<usize>,
}

impl Batch {
    /// Samples of so many steps, with their targets.
    pub fn new(blank: usize, lengths: Vec<usize>, targets: &[&[usize]]) -> Self {
        let mut order: Vec<usize> = (0..lengths.len()).collect();
        order.sort_by_key(|&sample| std::cmp::Reverse(lengths[sample]));
        let widths: Vec<usize> = order.iter().map(|&i| 2 * targets[i].len() + 1).collect();
        let width = widths.iter().copied().max().unwrap_or(1);
        let with_blanks = |&sample: &usize| {
            let pairs = targets[sample].iter().flat_map(|&symbol| [blank, symbol]);
            let mut symbols: Vec<usize> = pairs.collect();
            symbols.resize(width, blank);
            symbols
        };
        Batch {
            symbols: order.iter().map(with_blanks).collect(),
            lengths: order.iter().map(|&sample| lengths[sample]).collect(),
            order,
            widths,
        }
    }

    /// Steps of the longest sample.
    pub fn steps(&self) -> usize {
        self.lengths[0]
    }

    /// The number S of columns.
    fn width(&self) -> usize {
        self.symbols[0].len()
    }

    /// How many samples run at step t.
    fn count(&self, t: usize) -> usize {
        self.lengths.partition_point(|&length| length > t)
    }

    /// The rows of step t, where the steps are stacked.
    pub fn rows(&self, t: usize) -> Range<usize> {
        let start = self.lengths.iter().map(|&length| length.min(t)).sum();
        start..start + self.count(t)
    }

    /// ln y\[l′_s\] of all steps, stacked step by step, from ln y of each sample.
    pub fn emissions<'t, T: Scalar>(&self, log_y: &[Var<'t, T>]) -> Var<'t, T> {
        let of_sample = |(&sample, symbols): (&usize, &Vec<usize>)| -> Var<'t, T> {
            log_y[sample].transpose().gather_rows(symbols)
        };
        let parts: Vec<_> = self
            .order
            .iter()
            .zip(&self.symbols)
            .map(of_sample)
            .collect();
        let stacked = match &parts[..] {
            [only] => only.transpose(),
            _ => {
                let by_sample = Var::concat_cols(&parts).transpose();
                by_sample.gather_rows(&self.step_by_step())
            }
        };
        stacked.named("log_y")
    }

    /// Where the rows of the stacked steps are when the samples are one below the other.
    fn step_by_step(&self) -> Vec<usize> {
        let starts = self.lengths.iter().scan(0, |next, &length| {
            *next += length;
            Some(*next - length)
        });
        let starts: Vec<usize> = starts.collect();
        let steps = 0..self.steps();
        let rows = |t| starts[..self.count(t)].iter().map(move |start| start + t);
        steps.flat_map(rows).collect()
    }

    /// The rows of the samples in the caller's order.
    pub fn unsorted<'t, T: Scalar>(&self, rows: Var<'t, T>) -> Var<'t, T> {
        if self.order.is_sorted() {
            return rows;
        }
        let mut place = vec![0; self.order.len()];
        for (row, &sample) in self.order.iter().enumerate() {
            place[sample] = row;
        }
        rows.gather_rows(&place)
    }

    /// ln 1 where α may begin, ln 0 elsewhere.
    pub fn starts<'t, T: Scalar>(&self, tape: &'t Tape<T>) -> Var<'t, T> {
        self.constant(tape, self.width(), |_, s| s < 2)
            .named("start")
    }

    /// ln 1 where a blank may be skipped: s is another symbol than s − 2, and so no blank; ln 0
    /// elsewhere.
    pub fn skips<'t, T: Scalar>(&self, tape: &'t Tape<T>) -> Var<'t, T> {
        let may_skip = |row: usize, s: usize| {
            let symbols = &self.symbols[row];
            s >= 2 && symbols[s] != symbols[s - 2]
        };
        self.constant(tape, self.width(), may_skip).named("skip")
    }

    /// ln 1 at the last symbol and the blank behind it, where α may end; ln 0 elsewhere.
    pub fn ends<'t, T: Scalar>(&self, tape: &'t Tape<T>) -> Var<'t, T> {
        let may_end = |row: usize, s: usize| s < self.widths[row] && s + 2 >= self.widths[row];
        self.constant(tape, self.width(), may_end).named("end")
    }

    /// ln 0 for the two places before the first symbol.
    pub fn before<'t, T: Scalar>(&self, tape: &'t Tape<T>) -> Var<'t, T> {
        self.constant(tape, 2, |_, _| false).named("before")
    }

    /// ln 1 where a symbol of l′ is allowed, ln 0 where it is not.
    fn constant<'t, T: Scalar>(
        &self,
        tape: &'t Tape<T>,
        width: usize,
        is_allowed: impl Fn(usize, usize) -> bool,
    ) -> Var<'t, T> {
        tape.constant_with(self.order.len(), width, |m| {
            for (row, elements) in m.data_mut().chunks_exact_mut(width).enumerate() {
                for (s, x) in elements.iter_mut().enumerate() {
                    let log = if is_allowed(row, s) { 0.0 } else { NEVER };
                    *x = T::from_f64(log);
                }
            }
        })
    }
}
