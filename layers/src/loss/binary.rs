//! [`BinaryCrossEntropy`]: yes or no, for each element.

use autograd::{Matrix, Scalar, Var};

use super::{Reduction, check};

/// The cross-entropy, in nats, between the probability p = σ(x) of a logit x and a target c between 0
/// and 1, over all elements:
///
/// E = −w c ln p − (1 − c) ln(1 − p),
///
/// with a weight w of what is positive, 1 unless given. As −ln σ(x) is softplus(−x), no logit is too
/// large.
///
/// ```
/// use autograd::{Matrix, Tape};
/// use layers::loss::BinaryCrossEntropy;
///
/// let tape = Tape::<f64>::new();
/// let x = tape.var(Matrix::from([[0.0, 2.0]]));
/// let c = tape.constant(Matrix::from([[1.0, 0.0]]));
/// let e = BinaryCrossEntropy::new().positive_weights([3.0, 1.0]).loss(x, c);
/// assert!((e.item() - (3.0 * 2f64.ln() + 2f64.exp().ln_1p()) / 2.0).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use = "a loss does nothing until it is applied"]
pub struct BinaryCrossEntropy {
    positive_weights: Option<Vec<f64>>,
    reduction: Reduction,
}

impl BinaryCrossEntropy {
    /// The mean over all elements, without weights.
    pub fn new() -> Self {
        Self::default()
    }

    /// The weight w of the positive, for each column, or one for all: with 3, one positive counts as
    /// much as three negatives. The mean stays that over all elements, whatever they weigh (PyTorch's
    /// `pos_weight`).
    ///
    /// # Panics
    /// If there are none, or one is not finite or below 0.
    #[track_caller]
    pub fn positive_weights(mut self, weights: impl Into<Vec<f64>>) -> Self {
        let weights = weights.into();
        assert!(
            !weights.is_empty(),
            "binary_cross_entropy: no positive weights"
        );
        check::weights("binary_cross_entropy", "column", &weights);
        self.positive_weights = Some(weights);
        self
    }

    /// Mean or sum.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// The loss of logits `[N, F]` and targets of this shape.
    ///
    /// # Panics
    /// If the shapes differ, a target is not between 0 and 1, or there is not one weight for each
    /// column.
    #[track_caller]
    pub fn loss<'t, T: Scalar>(&self, logits: Var<'t, T>, targets: Var<'t, T>) -> Var<'t, T> {
        let name = "binary_cross_entropy";
        let valid = |x| (0.0..=1.0).contains(&x);
        check::targets(name, logits, targets, valid, "between 0 and 1");
        if self.positive_weights.is_none() && self.reduction == Reduction::Mean {
            return logits.binary_cross_entropy(targets);
        }
        let mut positive = targets * (-logits).softplus();
        if let Some(weights) = &self.positive_weights {
            let (found, columns) = (weights.len(), logits.col_count());
            assert!(
                found == 1 || found == columns,
                "{name}: {found} positive weights for {columns} columns"
            );
            let w = Matrix::from_fn(1, found, |_, c| T::from_f64(weights[c]));
            positive = positive * logits.tape().constant(w).named("w");
        }
        let negative = targets.sub_from(T::ONE) * logits.softplus();
        self.reduction.of(positive + negative)
    }
}
