//! Losses. All give one number, [1, 1], and are safe from overflow.

use super::same_shapes;
use crate::kernels::reduce;
use crate::{Inputs, MatrixMut, Operation, Pullback, Scalar, Shape, Var};

/// E = 1/n Σ_r w_r (ln Σ_k e^x_rk − x_r,target(r)), for logits x (operand 0), their softmax p
/// (operand 1, so that it is computed once) and weights w (operand 2, if present).
struct CrossEntropy<T> {
    n: T,
    is_weighted: bool,
}

impl<T: Scalar> CrossEntropy<T> {
    /// w_r / n.
    fn weight(&self, inputs: &Inputs<'_, T>, r: usize) -> T {
        let one_nth = T::ONE / self.n;
        match self.is_weighted {
            true => one_nth * inputs.value(2).row(r)[0].detached(),
            false => one_nth,
        }
    }
}

impl<T: Scalar> Operation<T> for CrossEntropy<T> {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        let (x, targets) = (inputs.shape(0), inputs.integers());
        if targets.len() != x.rows {
            return Err(format!("{} targets for {} rows", targets.len(), x.rows));
        }
        if let Some((r, &class)) = targets.iter().enumerate().find(|(_, c)| **c >= x.cols) {
            return Err(format!(
                "target {class} of row {r} is not below {} classes",
                x.cols
            ));
        }
        if self.is_weighted && inputs.shape(2) != Shape::new(x.rows, 1) {
            return Err(format!("the weights must be a column of {} rows", x.rows));
        }
        Ok(Shape::new(1, 1))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, mut y: MatrixMut<'_, T>) {
        let (x, p) = (inputs.value(0), inputs.value(1));
        let row_loss = |(r, &target): (usize, &usize)| {
            let (x, p) = (x.row(r), p.row(r));
            // The largest p is at least 1 / classes, so its logarithm loses nothing; and logits are
            // subtracted from each other before it is, as they may be so large that it would be lost.
            let top = reduce::argmax(x);
            self.weight(inputs, r) * ((x[top] - x[target]) - p[top].ln())
        };
        y.fill(inputs.integers().iter().enumerate().map(row_loss).sum());
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let (p, grad, inputs) = (back.input(1), back.grad().item(), *back.inputs());
        back.send(0, |mut to| {
            for (r, &target) in inputs.integers().iter().enumerate() {
                let weight = grad * self.weight(&inputs, r);
                to.add_row(r, p.row(r).iter().map(|&p| weight * p));
                to.subtract(r, target, weight);
            }
        });
    }
    fn rule(&self, operand: usize) -> String {
        let n = match self.n == T::ONE {
            true => String::new(),
            false => format!(" / {}", self.n),
        };
        match (operand, self.is_weighted) {
            (0, true) => format!("ȳ w ⊙ (p − c){n}"),
            (0, false) => format!("ȳ (p − c){n}"),
            _ => "0".into(),
        }
    }
    fn letters(&self) -> &'static str {
        "xpw"
    }
}

/// E = 1/n Σ (a − b)².
struct MeanSquaredError;

impl<T: Scalar> Operation<T> for MeanSquaredError {
    fn name(&self) -> &'static str {
        "mean_squared_error"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        same_shapes(inputs).map(|_| Shape::new(1, 1))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, mut y: MatrixMut<'_, T>) {
        let (a, b) = (inputs.value(0), inputs.value(1));
        let n = T::from_f64(a.shape().len() as f64);
        y.fill(
            a.iter()
                .zip(b.iter())
                .map(|(a, b)| (a - b) * (a - b))
                .sum::<T>()
                / n,
        );
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let (a, b) = (back.input(0), back.input(1));
        let scale = back.grad().item() * T::from_f64(2.0 / a.shape().len() as f64);
        for (operand, scale) in [(0, scale), (1, -scale)] {
            back.send(operand, |to| to.map([a, b], |[a, b]| scale * (a - b)));
        }
    }
    fn rule(&self, operand: usize) -> String {
        ["2 ȳ (a − b) / n", "2 ȳ (b − a) / n"][operand].into()
    }
}

/// E = 1/n Σ ln(1 + eˣ) − x c, for logits x and targets c between 0 and 1.
struct BinaryCrossEntropy;

impl<T: Scalar> Operation<T> for BinaryCrossEntropy {
    fn name(&self) -> &'static str {
        "binary_cross_entropy"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        same_shapes(inputs).map(|_| Shape::new(1, 1))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, mut y: MatrixMut<'_, T>) {
        let (x, c) = (inputs.value(0), inputs.value(1));
        let n = T::from_f64(x.shape().len() as f64);
        y.fill(
            x.iter()
                .zip(c.iter())
                .map(|(x, c)| x.softplus() - x * c)
                .sum::<T>()
                / n,
        );
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let (x, c) = (back.input(0), back.input(1));
        let scale = back.grad().item() * T::from_f64(1.0 / x.shape().len() as f64);
        back.send(0, |to| to.map([x, c], |[x, c]| scale * (x.sigmoid() - c)));
        back.send(1, |to| to.map([x], |[x]| scale * -x));
    }
    fn rule(&self, operand: usize) -> String {
        ["ȳ (σ(x) − c) / n", "−ȳ x / n"][operand].into()
    }
    fn letters(&self) -> &'static str {
        "xc"
    }
}

impl<'t, T: Scalar> Var<'t, T> {
    /// The mean over rows of −ln softmax(logits)\[target\]: the cross-entropy of one class index per
    /// row, in nats.
    ///
    /// Softmax and loss are one step of the derivation: the logits get (p − c) / rows, with p the
    /// softmax, which is recorded as a node of its own, and c the one-hot target.
    ///
    /// # Panics
    /// If there are not as many targets as rows, or a target is not below the number of columns.
    #[track_caller]
    pub fn cross_entropy(self, targets: &[usize]) -> Self {
        self.record_cross_entropy(targets, T::from_f64(self.row_count() as f64), None)
    }

    /// Like [`Var::cross_entropy`], but the sum over rows.
    #[track_caller]
    pub fn cross_entropy_sum(self, targets: &[usize]) -> Self {
        self.record_cross_entropy(targets, T::ONE, None)
    }

    /// The weighted mean of the rows' cross-entropies, Σ w E / Σ w; weights that are 0 or 1 are a
    /// mask. If they are all 0, so are loss and gradient. Neither a gradient goes to
    /// the weights, nor does a tangent of theirs count.
    ///
    /// # Panics
    /// As [`Var::cross_entropy`], and if the weights are not a column of shape [rows, 1].
    #[track_caller]
    pub fn cross_entropy_weighted(self, targets: &[usize], weights: Self) -> Self {
        let total = reduce::total(weights.value()).detached();
        let n = if total == T::ZERO { T::ONE } else { total };
        self.record_cross_entropy(targets, n, Some(weights))
    }

    #[track_caller]
    fn record_cross_entropy(self, targets: &[usize], n: T, weights: Option<Self>) -> Self {
        let p = self.softmax().named("p");
        let is_weighted = weights.is_some();
        let operands = [self, p, weights.unwrap_or(p)];
        let operands = &operands[..2 + usize::from(is_weighted)];
        self.tape
            .record_with(CrossEntropy { n, is_weighted }, operands, targets)
    }

    /// The mean of (self − target)² over all elements.
    #[track_caller]
    pub fn mean_squared_error(self, target: Self) -> Self {
        self.tape.record(MeanSquaredError, &[self, target])
    }

    /// The mean over all elements of the cross-entropy between σ(self) and targets between 0 and
    /// 1, in nats.
    #[track_caller]
    pub fn binary_cross_entropy(self, targets: Self) -> Self {
        self.tape.record(BinaryCrossEntropy, &[self, targets])
    }
}
