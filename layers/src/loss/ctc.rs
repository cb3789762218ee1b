//! [`Ctc`]: a sequence of symbols that is shorter than the steps it is read from, and not aligned with
//! them.

mod batch;
mod decode;
mod problem;

use autograd::{Scalar, Var};

use super::{Reduction, check};
use batch::{Batch, NEVER};

pub use decode::Labelling;
pub use problem::{CtcError, CtcProblem};

/// Connectionist temporal classification (Graves et al. 2006, *Connectionist temporal classification:
/// labelling unsegmented sequence data with recurrent neural networks*).
///
/// At each step t a network gives probabilities y^t of V symbols, one of which is the blank. A path π is
/// a symbol for each step; with repetitions merged and blanks removed it is a labelling l = B(π). The
/// loss of a target l is −ln p(l), where p(l) is the sum of the probabilities of all its paths.
///
/// With l′ the target with a blank before, between and after its symbols, S = 2 L + 1 of them, and
/// α_t(s) the probability of having read l′ up to symbol s by step t (there, section 4.1; here, everything
/// counts from 0):
///
/// α_0(s) = y⁰\[l′_s\] for s = 0 and 1, and 0 beyond,
///
/// α_t(s) = (α_t−1(s) + α_t−1(s − 1) + α_t−1(s − 2)) y^t\[l′_s\],
///
/// the last term only where l′_s is no blank and another symbol than l′_s−2, and
///
/// p(l) = α_T−1(S − 1) + α_T−1(S − 2).
///
/// This recursion is what is recorded, by logarithms: sums are `log_add_exp`, products are sums, and
/// "alpha" of step t is ln α_t, a row for each sample that still runs. So the reverse sweep is the
/// backward recursion: the gradient of ln α_t(s) is −α_t(s) β_t(s) / p(l), where β_t(s) is the
/// probability of reading the rest of l′ after t, from s on.
///
/// ```
/// use autograd::{Matrix, Tape};
/// use layers::loss::Ctc;
///
/// let tape = Tape::<f64>::new();
/// let logits = tape.var(Matrix::zeros(2, 3)); // two steps, all symbols equally probable
/// let ctc = Ctc::new(0);
/// let e = ctc.loss(&[logits.log_softmax()], &[[1]])?;
/// // Three of nine paths are read as 1: (1, 1), (0, 1), (1, 0).
/// assert!((e.item() - 3f64.ln()).abs() < 1e-12);
/// let error = ctc.loss(&[logits.log_softmax()], &[[1, 1]]).unwrap_err();
/// let text = "sample 0: a target of 2 symbols, 1 of them repeated, takes 3 steps, and there are 2";
/// assert_eq!(error.to_string(), text);
/// # Ok::<(), layers::loss::CtcError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a loss does nothing until it is applied"]
pub struct Ctc {
    blank: usize,
    reduction: Reduction,
}

impl Ctc {
    /// The loss for symbols of which this one is the blank; the mean over samples.
    pub fn new(blank: usize) -> Self {
        Ctc {
            blank,
            reduction: Reduction::default(),
        }
    }

    /// Mean or sum over samples. The mean is PyTorch's: of the samples' losses, each divided by the
    /// number of symbols of its target (by 1, if that is empty).
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// The loss of the log-probabilities ln y of some samples, `[T, V]` each, and a target for each.
    ///
    /// # Errors
    /// What is wrong with which sample: see [`CtcProblem`].
    ///
    /// # Panics
    /// If there are no samples, not as many targets as samples, or the blank is no symbol of each; if
    /// samples differ in V or are of different tapes.
    #[track_caller]
    pub fn loss<'t, T: Scalar>(
        &self,
        log_y: &[Var<'t, T>],
        targets: &[impl AsRef<[usize]>],
    ) -> Result<Var<'t, T>, CtcError> {
        let losses = self.losses(log_y, targets)?;
        let tape = losses.tape();
        let _scope = tape.scope("ctc");
        Ok(match self.reduction {
            Reduction::Sum => losses.sum(),
            Reduction::Mean => {
                let symbols = tape.constant_with(targets.len(), 1, |symbols| {
                    for (n, target) in symbols.data_mut().iter_mut().zip(targets) {
                        *n = T::from_f64(target.as_ref().len().max(1) as f64);
                    }
                });
                (losses / symbols.named("L")).mean()
            }
        })
    }

    /// −ln p(l) of each sample: `[B, 1]`.
    ///
    /// # Errors
    /// As [`Ctc::loss`].
    ///
    /// # Panics
    /// As [`Ctc::loss`].
    #[track_caller]
    pub fn losses<'t, T: Scalar>(
        &self,
        log_y: &[Var<'t, T>],
        targets: &[impl AsRef<[usize]>],
    ) -> Result<Var<'t, T>, CtcError> {
        let targets: Vec<&[usize]> = targets.iter().map(AsRef::as_ref).collect();
        self.check(log_y, &targets)?;
        let tape = log_y[0].tape();
        let _scope = tape.scope("ctc");
        let steps = log_y.iter().map(|y| y.row_count());
        let batch = Batch::new(self.blank, steps.collect(), &targets);
        let last = forward(&batch, batch.emissions(log_y));
        let log_p = (last + batch.ends(tape)).log_sum_exp().named("log_p");
        let log_p = batch.unsorted(log_p);
        let mut values = log_p.value().iter();
        match values.position(|x| x.to_f64() < NEVER / 2.0) {
            Some(sample) => Err(CtcProblem::Impossible.of(sample)),
            None => Ok(-log_p),
        }
    }

    #[track_caller]
    fn check<T: Scalar>(&self, log_y: &[Var<'_, T>], targets: &[&[usize]]) -> Result<(), CtcError> {
        let (samples, count) = (log_y.len(), targets.len());
        assert!(samples > 0, "ctc: no samples");
        assert!(
            samples == count,
            "ctc: {count} targets for {samples} samples"
        );
        let (symbols, blank) = (log_y[0].col_count(), self.blank);
        assert!(
            blank < symbols,
            "ctc: the blank {blank} is not below the {symbols} symbols of {}",
            check::describe(log_y[0])
        );
        for (sample, (y, target)) in log_y.iter().zip(targets).enumerate() {
            assert!(
                std::ptr::eq(y.tape(), log_y[0].tape()),
                "ctc: sample {sample}, {}, is of another tape than sample 0, {}",
                check::describe(*y),
                check::describe(log_y[0])
            );
            assert!(
                y.col_count() == symbols,
                "ctc: {symbols} symbols in sample 0 and {} in sample {sample}, {}",
                y.col_count(),
                check::describe(*y)
            );
            let checked = problem::log_probabilities(y.value())
                .and_then(|()| problem::target(target, blank, y.shape()));
            checked.map_err(|problem| problem.of(sample))?;
        }
        Ok(())
    }
}

/// ln α of every sample's last step, `[B, S]`, the longest sample first, from ln y\[l′_s\] of all steps.
fn forward<'t, T: Scalar>(batch: &Batch, log_y: Var<'t, T>) -> Var<'t, T> {
    let tape = log_y.tape();
    let width = log_y.col_count();
    let mut skip = batch.skips(tape);
    let mut before = batch.before(tape);
    let mut alpha = start(batch, log_y);
    let mut ended = Vec::new();
    for t in 1..batch.steps() {
        let rows = batch.rows(t);
        let running = alpha.row_count();
        let _step = tape.step(t);
        if rows.len() < running {
            ended.push(alpha.rows(rows.len()..running));
            [alpha, skip, before] = [alpha, skip, before].map(|x| x.rows(0..rows.len()));
        }
        let shifted = Var::concat_cols(&[before, alpha]).named("shifted");
        let (by_one, by_two) = (shifted.cols(1..width + 1), shifted.cols(0..width));
        let sum = alpha.log_add_exp(by_one).log_add_exp(by_two + skip);
        alpha = (sum.named("sum") + log_y.rows(rows)).named("alpha");
    }
    if ended.is_empty() {
        return alpha;
    }
    ended.push(alpha);
    ended.reverse();
    Var::concat_rows(&ended)
}

/// ln α_0.
fn start<'t, T: Scalar>(batch: &Batch, log_y: Var<'t, T>) -> Var<'t, T> {
    let tape = log_y.tape();
    let _step = tape.step(0);
    (log_y.rows(batch.rows(0)) + batch.starts(tape)).named("alpha")
}
