//! [`CrossEntropy`]: one class of several, for each row.

use autograd::{Matrix, Scalar, Var};

use super::{Reduction, check};

const NAME: &str = "cross_entropy";

/// The cross-entropy, in nats, between the softmax p of each row's logits and the row's target class y,
/// with what PyTorch's `CrossEntropyLoss` has. The loss of row r is
///
/// E_r = −Σ_c q_rc ln p_rc, where q_rc = w_c ((1 − ε) \[c = y_r\] + ε / V),
///
/// for weights w_c of the V classes, 1 unless given, and label smoothing ε (Szegedy et al. 2016,
/// *Rethinking the Inception architecture*), 0 unless given. The mean is Σ_r E_r / Σ_r w_y(r), over the
/// rows that are not ignored; where that would be 0 / 0, it is 0.
///
/// With nothing set this records what [`Var::cross_entropy`] does.
///
/// ```
/// use autograd::{Matrix, Tape};
/// use layers::loss::CrossEntropy;
///
/// const PADDING: usize = 0;
/// let tape = Tape::<f64>::new();
/// let logits = tape.var(Matrix::zeros(3, 4));
/// let e = CrossEntropy::new().ignore(&[PADDING]).loss(logits, &[2, 1, PADDING]);
/// assert!((e.item() - 4f64.ln()).abs() < 1e-12);
/// assert_eq!(e.backward().of(logits).row(2), [0.0; 4]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use = "a loss does nothing until it is applied"]
pub struct CrossEntropy {
    ignored: Vec<usize>,
    weights: Option<Vec<f64>>,
    smoothing: f64,
    reduction: Reduction,
}

impl CrossEntropy {
    /// The mean over all rows, without weights and smoothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Targets whose rows do not count. They need not be classes: `usize::MAX` can be one.
    pub fn ignore(mut self, targets: &[usize]) -> Self {
        self.ignored = targets.into();
        self
    }

    /// A weight for each class.
    ///
    /// # Panics
    /// If one is not finite or below 0.
    #[track_caller]
    pub fn weights(mut self, weights: impl Into<Vec<f64>>) -> Self {
        let weights = weights.into();
        check::weights(NAME, "class", &weights);
        self.weights = Some(weights);
        self
    }

    /// The share ε of every target that is spread evenly over all classes.
    ///
    /// # Panics
    /// If it is not in 0..=1.
    #[track_caller]
    pub fn smoothing(mut self, share: f64) -> Self {
        assert!(
            (0.0..=1.0).contains(&share),
            "{NAME}: a smoothing of {share}, which is not in 0..=1"
        );
        self.smoothing = share;
        self
    }

    /// Mean or sum.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// The loss of logits `[N, V]` and a target for each row.
    ///
    /// # Panics
    /// If there are not as many targets as rows, one that is not ignored is not below V, or there is
    /// not one weight for each class.
    #[track_caller]
    pub fn loss<'t, T: Scalar>(&self, logits: Var<'t, T>, targets: &[usize]) -> Var<'t, T> {
        self.check(logits, targets);
        let ignores = |y: &usize| self.ignored.contains(y);
        if self.smoothing > 0.0 {
            self.smoothed(logits, targets)
        } else if self.weights.is_some() || targets.iter().any(ignores) {
            self.weighted(logits, targets)
        } else {
            match self.reduction {
                Reduction::Mean => logits.cross_entropy(targets),
                Reduction::Sum => logits.cross_entropy_sum(targets),
            }
        }
    }

    /// The weight of a row with this target, w_y, or 0 if it is ignored.
    fn weight(&self, target: usize) -> f64 {
        match &self.weights {
            _ if self.ignored.contains(&target) => 0.0,
            Some(weights) => weights[target],
            None => 1.0,
        }
    }

    /// Σ_r w_y(r).
    fn total(&self, targets: &[usize]) -> f64 {
        targets.iter().map(|&y| self.weight(y)).sum()
    }

    #[track_caller]
    fn weighted<'t, T: Scalar>(&self, logits: Var<'t, T>, targets: &[usize]) -> Var<'t, T> {
        let weight = |r: usize, _| T::from_f64(self.weight(targets[r]));
        let weights = Matrix::from_fn(targets.len(), 1, weight);
        let weights = logits.tape().constant(weights).named("w");
        // What stands for an ignored target has a weight of 0.
        let class = |&y: &usize| if self.ignored.contains(&y) { 0 } else { y };
        let classes: Vec<usize> = targets.iter().map(class).collect();
        let mean = logits.cross_entropy_weighted(&classes, weights);
        match self.reduction {
            Reduction::Mean => mean,
            Reduction::Sum => mean * T::from_f64(self.total(targets)),
        }
    }

    #[track_caller]
    fn smoothed<'t, T: Scalar>(&self, logits: Var<'t, T>, targets: &[usize]) -> Var<'t, T> {
        let (rows, classes) = (logits.row_count(), logits.col_count());
        let q = logits.tape().constant_with(rows, classes, |q| {
            let rows = q.data_mut().chunks_exact_mut(classes);
            rows.zip(targets).for_each(|(row, &y)| self.soften(y, row));
        });
        let log_p = logits.log_softmax().named("log_p");
        let share = match (self.reduction, self.total(targets)) {
            (Reduction::Sum, _) => 1.0,
            (Reduction::Mean, 0.0) => 0.0,
            (Reduction::Mean, total) => 1.0 / total,
        };
        (q.named("q") * log_p).sum() * T::from_f64(-share)
    }

    /// q of one row.
    fn soften<T: Scalar>(&self, target: usize, row: &mut [T]) {
        if self.ignored.contains(&target) {
            return row.fill(T::ZERO);
        }
        let even = self.smoothing / row.len() as f64;
        for (class, q) in row.iter_mut().enumerate() {
            let own = if class == target {
                1.0 - self.smoothing
            } else {
                0.0
            };
            let weight = self.weights.as_ref().map_or(1.0, |weights| weights[class]);
            *q = T::from_f64(weight * (own + even));
        }
    }

    #[track_caller]
    fn check<T: Scalar>(&self, logits: Var<'_, T>, targets: &[usize]) {
        let (rows, classes) = (logits.row_count(), logits.col_count());
        assert!(
            targets.len() == rows,
            "{NAME}: {} targets for the {rows} rows of {}",
            targets.len(),
            check::describe(logits)
        );
        let weights = self.weights.as_ref().map_or(classes, Vec::len);
        assert!(
            weights == classes,
            "{NAME}: {weights} weights for {classes} classes"
        );
        let wrong = |y: &usize| *y >= classes && !self.ignored.contains(y);
        if let Some(r) = targets.iter().position(wrong) {
            let y = targets[r];
            panic!("{NAME}: the target {y} of row {r} is not below {classes} classes");
        }
    }
}
