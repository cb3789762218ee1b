//! Losses. All give one number, [1, 1], and are safe from overflow.

use super::{Operation, put, same_shapes};
use crate::kernels::reduce;
use crate::{Inputs, MatrixMut, Pullback, Scalar, Shape, Var};

/// E = s Σ_r w_r (ln Σ_k e^x_rk − x_r,target(r)), for logits x (operand 0), their softmax p
/// (operand 1, so that it is computed once) and weights w (operand 2, if present).
struct CrossEntropy<T> {
    scale: T,
}

impl<T: Scalar> CrossEntropy<T> {
    fn weight(&self, inputs: &Inputs<'_, T>, r: usize) -> T {
        if inputs.len() > 2 {
            self.scale * inputs.value(2).row(r)[0]
        } else {
            self.scale
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
        if inputs.len() > 2 && inputs.shape(2) != Shape::new(x.rows, 1) {
            return Err(format!("the weights must be a column of {} rows", x.rows));
        }
        Ok(Shape::new(1, 1))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, mut y: MatrixMut<'_, T>) {
        let (x, p) = (inputs.value(0), inputs.value(1));
        let row_loss = |(r, &target): (usize, &usize)| {
            let (x, p) = (x.row(r), p.row(r));
            // The largest p is at least 1 / classes, so its logarithm loses nothing.
            let (x_top, p_top) = (reduce::max(x), reduce::max(p));
            self.weight(inputs, r) * (x_top - p_top.ln() - x[target])
        };
        y.fill(inputs.integers().iter().enumerate().map(row_loss).sum());
    }
    fn backward(&self, pullback: &mut Pullback<'_, '_, '_, T>) {
        let (p, grad) = (pullback.input(1), pullback.grad().item());
        let inputs = *pullback.inputs();
        pullback.send(0, |mut to, accumulate| {
            for (r, &target) in inputs.integers().iter().enumerate() {
                let weight = grad * self.weight(&inputs, r);
                let to = to.row(r);
                for (to, &p) in to.iter_mut().zip(p.row(r)) {
                    put(to, weight * p, accumulate);
                }
                to[target] -= weight;
            }
        });
    }
    fn rule(&self, operand: usize) -> String {
        ["ȳ w ⊙ (p − c)", "0", "0"][operand].into()
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
    fn backward(&self, p: &mut Pullback<'_, '_, '_, T>) {
        let (a, b) = (p.input(0), p.input(1));
        let scale = p.grad().item() * T::from_f64(2.0 / a.shape().len() as f64);
        for (operand, scale) in [(0, scale), (1, -scale)] {
            p.send(operand, |mut to, accumulate| {
                for r in 0..a.row_count() {
                    let pairs = a.row(r).iter().zip(b.row(r));
                    for (to, (&a, &b)) in to.row(r).iter_mut().zip(pairs) {
                        put(to, scale * (a - b), accumulate);
                    }
                }
            });
        }
    }
    fn rule(&self, operand: usize) -> String {
        ["ȳ 2 (a − b) / n", "ȳ 2 (b − a) / n"][operand].into()
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
    fn backward(&self, p: &mut Pullback<'_, '_, '_, T>) {
        let (x, c) = (p.input(0), p.input(1));
        let scale = p.grad().item() * T::from_f64(1.0 / x.shape().len() as f64);
        for operand in [0, 1] {
            p.send(operand, |mut to, accumulate| {
                for r in 0..x.row_count() {
                    let pairs = x.row(r).iter().zip(c.row(r));
                    for (to, (&x, &c)) in to.row(r).iter_mut().zip(pairs) {
                        let part = if operand == 0 { x.sigmoid() - c } else { -x };
                        put(to, scale * part, accumulate);
                    }
                }
            });
        }
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
        let scale = T::from_f64(1.0 / self.row_count() as f64);
        let p = self.softmax().named("p");
        self.tape
            .record_with(CrossEntropy { scale }, &[self, p], targets)
    }

    /// Like [`Var::cross_entropy`], but the sum over rows.
    #[track_caller]
    pub fn cross_entropy_sum(self, targets: &[usize]) -> Self {
        let p = self.softmax().named("p");
        self.tape
            .record_with(CrossEntropy { scale: T::ONE }, &[self, p], targets)
    }

    /// The weighted mean of the rows' cross-entropies, Σ w E / Σ w; weights that are 0 or 1 are a
    /// mask. If they are all 0, so are loss and gradient. No gradient goes to the weights.
    ///
    /// # Panics
    /// As [`Var::cross_entropy`], and if the weights are not a column of shape [rows, 1].
    #[track_caller]
    pub fn cross_entropy_weighted(self, targets: &[usize], weights: Self) -> Self {
        let total = reduce::total(weights.value());
        let scale = if total == T::ZERO {
            T::ZERO
        } else {
            T::ONE / total
        };
        let p = self.softmax().named("p");
        self.tape
            .record_with(CrossEntropy { scale }, &[self, p, weights], targets)
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
