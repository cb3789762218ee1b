//! [`Lengths`]: how long the sequences of a mini-batch are, and where their steps lie.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::{SequenceError, check};

/// How many steps each sample of a mini-batch has, and so where each of its steps lies in a matrix of
/// all of them; cheap to clone.
///
/// The steps of all samples are stacked, step by step: first the rows of step 0, one for each sample,
/// then those of step 1, and so on; `[Σ_t B_t, F]` for F features. Where samples end early, step t has
/// only the B_t rows of those that still run: nothing is padded. For that the samples of a step lie
/// longest first, so that those that go on are the first rows, whichever step it is:
///
/// ```text
/// sample a: a0 a1                 step 0:  b0 c0 a0
/// sample b: b0 b1 b2 b3           step 1:  b1 c1 a1
/// sample c: c0 c1 c2              step 2:  b2 c2
///                                 step 3:  b3
/// ```
///
/// Whoever uses it sees nothing of this order: samples go in and come out in the caller's.
///
/// ```
/// use layers::Lengths;
/// let lengths = Lengths::new(&[2, 4, 3])?;
/// assert_eq!((lengths.samples(), lengths.steps(), lengths.row_count()), (3, 4, 9));
/// assert_eq!(lengths.rows(2), 6..8); // two samples have a step 2
/// assert_eq!(lengths.stack(&[vec!["a0", "a1"], vec!["b0", "b1", "b2", "b3"], vec!["c0", "c1", "c2"]])?,
///     ["b0", "c0", "a0", "b1", "c1", "a1", "b2", "c2", "b3"]);
/// # Ok::<(), layers::SequenceError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Lengths(Layout);

#[derive(Clone, PartialEq, Eq)]
enum Layout {
    /// All samples have as many steps, and lie in their own order.
    Equal {
        samples: usize,
        steps: usize,
    },
    Packed(Arc<Packed>),
}

#[derive(PartialEq, Eq)]
struct Packed {
    /// The number of steps of each sample.
    lengths: Vec<usize>,
    /// Which sample each row of a step is of, the longest first.
    samples: Vec<usize>,
    /// Which row of a step each sample is: the inverse.
    places: Vec<usize>,
    /// Step t has the rows `starts[t]..starts[t + 1]`.
    starts: Vec<usize>,
}

impl Lengths {
    /// Of samples that have so many steps each.
    ///
    /// # Errors
    /// If there are no samples, or one has no steps.
    pub fn new(lengths: &[usize]) -> Result<Self, SequenceError> {
        let &first = lengths.first().ok_or(SequenceError::NoSamples)?;
        if let Some(sample) = lengths.iter().position(|&length| length == 0) {
            return Err(SequenceError::NoSteps { sample });
        }
        Ok(match lengths.iter().all(|&length| length == first) {
            true => Lengths::equal(lengths.len(), first),
            false => Lengths(Layout::Packed(Arc::new(Packed::new(lengths)))),
        })
    }

    /// Of samples that all have the same number of steps.
    ///
    /// # Panics
    /// If there are no samples.
    #[track_caller]
    pub fn equal(samples: usize, steps: usize) -> Self {
        check::batch(samples);
        Lengths(Layout::Equal { samples, steps })
    }

    /// The number B of samples.
    pub fn samples(&self) -> usize {
        match &self.0 {
            Layout::Equal { samples, .. } => *samples,
            Layout::Packed(packed) => packed.samples.len(),
        }
    }

    /// The number of steps of the longest sample.
    pub fn steps(&self) -> usize {
        match &self.0 {
            Layout::Equal { steps, .. } => *steps,
            Layout::Packed(packed) => packed.starts.len() - 1,
        }
    }

    /// The number Σ_t B_t of rows: the steps of all samples.
    pub fn row_count(&self) -> usize {
        match &self.0 {
            Layout::Equal { samples, steps } => samples * steps,
            Layout::Packed(packed) => packed.starts[packed.starts.len() - 1],
        }
    }

    /// Whether all samples have as many steps.
    pub fn are_equal(&self) -> bool {
        matches!(self.0, Layout::Equal { .. })
    }

    /// The number of steps of a sample.
    ///
    /// # Panics
    /// If there is no such sample.
    #[track_caller]
    pub fn of(&self, sample: usize) -> usize {
        self.check_sample(sample);
        match &self.0 {
            Layout::Equal { steps, .. } => *steps,
            Layout::Packed(packed) => packed.lengths[sample],
        }
    }

    /// The rows of step t, one for each of the B_t samples that have it.
    ///
    /// # Panics
    /// If there is no such step.
    #[track_caller]
    pub fn rows(&self, t: usize) -> Range<usize> {
        let steps = self.steps();
        assert!(t < steps, "step {t} of sequences of {steps} steps at most");
        match &self.0 {
            Layout::Equal { samples, .. } => t * samples..(t + 1) * samples,
            Layout::Packed(packed) => packed.starts[t]..packed.starts[t + 1],
        }
    }

    /// The row of step t of a sample.
    ///
    /// # Panics
    /// If the sample has no such step.
    #[track_caller]
    pub fn row(&self, sample: usize, t: usize) -> usize {
        let steps = self.of(sample);
        assert!(t < steps, "step {t} of sample {sample}, which has {steps}");
        self.rows(t).start + self.place(sample)
    }

    /// The row of the last step of each sample.
    pub fn last_rows(&self) -> Vec<usize> {
        let last = |sample| self.row(sample, self.of(sample) - 1);
        (0..self.samples()).map(last).collect()
    }

    /// The rows of a sample, from its first step to its last.
    ///
    /// # Panics
    /// If there is no such sample.
    #[track_caller]
    pub fn rows_of(&self, sample: usize) -> impl DoubleEndedIterator<Item = usize> + '_ {
        (0..self.of(sample)).map(move |t| self.row(sample, t))
    }

    /// Sample and step of every row.
    pub fn positions(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let of_step = move |t| (0..self.rows(t).len()).map(move |place| (self.sample(place), t));
        (0..self.steps()).flat_map(of_step)
    }

    /// The rows in the order in which the samples read backwards have them: row r of the reversed
    /// sequence is row `reversed()[r]` of this one, and the other way round.
    pub fn reversed(&self) -> Vec<usize> {
        let opposite = |(sample, t)| self.row(sample, self.of(sample) - 1 - t);
        self.positions().map(opposite).collect()
    }

    /// What belongs to the rows, from what belongs to the steps of each sample.
    ///
    /// # Errors
    /// If there are more or fewer samples than lengths, or steps than a sample has.
    pub fn stack<X: Clone, S: AsRef<[X]>>(&self, samples: &[S]) -> Result<Vec<X>, SequenceError> {
        self.check_samples(samples.len())?;
        for (sample, steps) in samples.iter().enumerate() {
            self.check_steps(sample, steps.as_ref().len())?;
        }
        let at = |(sample, t): (usize, usize)| samples[sample].as_ref()[t].clone();
        Ok(self.positions().map(at).collect())
    }

    /// The reverse of [`Lengths::stack`]: what belongs to the steps of each sample.
    ///
    /// # Panics
    /// If there are more or fewer than rows.
    #[track_caller]
    pub fn unstack<X: Clone>(&self, rows: &[X]) -> Vec<Vec<X>> {
        let (found, expected) = (rows.len(), self.row_count());
        assert!(
            found == expected,
            "{found} for sequences of {expected} steps"
        );
        let sample = |sample| self.rows_of(sample).map(|r| rows[r].clone()).collect();
        (0..self.samples()).map(sample).collect()
    }

    /// The samples dealt out to so many parts of the mini-batch, in turn from the longest to the shortest
    /// so that the parts take about as long; fewer if there are fewer samples.
    ///
    /// # Panics
    /// If there are to be no parts.
    #[track_caller]
    pub fn deal(&self, parts: usize) -> Vec<Vec<usize>> {
        assert!(parts > 0, "samples dealt out to no parts");
        let parts = parts.min(self.samples());
        let part = |k| {
            (k..self.samples())
                .step_by(parts)
                .map(|place| self.sample(place))
                .collect()
        };
        (0..parts).map(part).collect()
    }

    /// Which sample a row of a step is of.
    fn sample(&self, place: usize) -> usize {
        match &self.0 {
            Layout::Equal { .. } => place,
            Layout::Packed(packed) => packed.samples[place],
        }
    }

    /// Which row of a step a sample is.
    fn place(&self, sample: usize) -> usize {
        match &self.0 {
            Layout::Equal { .. } => sample,
            Layout::Packed(packed) => packed.places[sample],
        }
    }

    /// Which sample each row of a step is of, and which row each sample is, unless they lie in their own
    /// order.
    pub(crate) fn order(&self) -> Option<(&[usize], &[usize])> {
        match &self.0 {
            Layout::Packed(packed) if !packed.samples.is_sorted() => {
                Some((&packed.samples, &packed.places))
            }
            _ => None,
        }
    }

    /// The rows sample by sample instead of step by step, unless they lie so already.
    pub(crate) fn by_sample(&self) -> Option<Vec<usize>> {
        let is_so = self.samples() == 1 || self.steps() == 1 && self.order().is_none();
        (!is_so).then(|| (0..self.samples()).flat_map(|s| self.rows_of(s)).collect())
    }

    /// These steps only, of the samples that have the first of them, in the order of its rows.
    pub(crate) fn part(&self, steps: Range<usize>) -> Self {
        match &self.0 {
            Layout::Equal { samples, .. } => Lengths::equal(*samples, steps.len()),
            Layout::Packed(_) => {
                let length = |place| self.of(self.sample(place)).min(steps.end) - steps.start;
                let lengths: Vec<_> = (0..self.rows(steps.start).len()).map(length).collect();
                Lengths::new(&lengths).expect("all have the first of the steps")
            }
        }
    }

    fn check_samples(&self, found: usize) -> Result<(), SequenceError> {
        let expected = self.samples();
        match found == expected {
            true => Ok(()),
            false => Err(SequenceError::Samples { found, expected }),
        }
    }

    fn check_steps(&self, sample: usize, found: usize) -> Result<(), SequenceError> {
        let expected = self.of(sample);
        match found == expected {
            true => Ok(()),
            false => Err(SequenceError::Steps {
                sample,
                found,
                expected,
            }),
        }
    }

    #[track_caller]
    fn check_sample(&self, sample: usize) {
        let samples = self.samples();
        assert!(sample < samples, "sample {sample} of {samples}");
    }
}

impl Packed {
    fn new(lengths: &[usize]) -> Self {
        let mut samples: Vec<usize> = (0..lengths.len()).collect();
        samples.sort_by_key(|&sample| std::cmp::Reverse(lengths[sample])); // of equal ones, the first first
        let mut places = vec![0; samples.len()];
        samples
            .iter()
            .enumerate()
            .for_each(|(place, &sample)| places[sample] = place);
        let mut starts = vec![0];
        let mut running = samples.len();
        for t in 0..lengths[samples[0]] {
            while lengths[samples[running - 1]] <= t {
                running -= 1;
            }
            starts.push(starts[t] + running);
        }
        Packed {
            lengths: lengths.to_vec(),
            samples,
            places,
            starts,
        }
    }
}

impl fmt::Debug for Lengths {
    /// `Lengths([2, 4, 3])`, or `Lengths(32 of 50)` where they are equal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Layout::Equal { samples, steps } => write!(f, "Lengths({samples} of {steps})"),
            Layout::Packed(packed) => f.debug_tuple("Lengths").field(&packed.lengths).finish(),
        }
    }
}

/// What says which rows are which step: [`Lengths`], or the number of samples where all have as many
/// steps.
pub trait IntoLengths {
    /// The lengths of sequences that have so many rows in all, called `what` in messages.
    ///
    /// # Panics
    /// If the rows are not those.
    #[track_caller]
    fn into_lengths(self, rows: usize, what: &str) -> Lengths;
}

impl IntoLengths for usize {
    #[track_caller]
    fn into_lengths(self, rows: usize, what: &str) -> Lengths {
        let steps = check::steps(rows, what, self);
        Lengths::equal(self, steps)
    }
}

impl IntoLengths for &Lengths {
    #[track_caller]
    fn into_lengths(self, rows: usize, what: &str) -> Lengths {
        let expected = self.row_count();
        assert!(
            rows == expected,
            "{rows} {what} for {} sequences of {expected} steps in all",
            self.samples()
        );
        self.clone()
    }
}
