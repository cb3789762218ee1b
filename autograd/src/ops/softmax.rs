//! Softmax of each row and its relatives; all subtract the row's maximum first, so none overflows.

use crate::kernels::reduce;
use crate::{Inputs, MatrixMut, Operation, Pullback, Scalar, Shape, Var};

/// y_rc = e^x_rc / Σ_k e^x_rk.
struct Softmax;

impl<T: Scalar> Operation<T> for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        Ok(inputs.shape(0))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, y: MatrixMut<'_, T>) {
        reduce::softmax(inputs.value(0), y);
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let (y, grad) = (back.output(), back.grad());
        back.send(0, |mut to| {
            for r in 0..y.row_count() {
                let pairs = y.row(r).iter().zip(grad.row(r));
                let dot = pairs.clone().map(|(&y, &g)| y * g).sum::<T>();
                to.add_row(r, pairs.map(|(&y, &g)| y * (g - dot)));
            }
        });
    }
    fn rule(&self, _: usize) -> String {
        "y ⊙ (ȳ − Σ (ȳ ⊙ y))".into()
    }
}

/// y_rc = x_rc − ln Σ_k e^x_rk.
struct LogSoftmax;

impl<T: Scalar> Operation<T> for LogSoftmax {
    fn name(&self) -> &'static str {
        "log_softmax"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        Ok(inputs.shape(0))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, mut y: MatrixMut<'_, T>) {
        for r in 0..y.shape().rows {
            let x = inputs.value(0).row(r);
            // Apart from each other: the maximum may be so large that the logarithm would be lost.
            let (top, log_sum) = reduce::log_sum_exp_parts(x);
            let shift = |(y, &x): (&mut T, &T)| *y = (x - top) - log_sum;
            y.row(r).iter_mut().zip(x).for_each(shift);
        }
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let (y, grad) = (back.output(), back.grad());
        back.send(0, |mut to| {
            for r in 0..y.row_count() {
                let total = reduce::sum(grad.row(r));
                let pairs = y.row(r).iter().zip(grad.row(r));
                to.add_row(r, pairs.map(|(&y, &g)| g - y.exp() * total));
            }
        });
    }
    fn rule(&self, _: usize) -> String {
        "ȳ − eʸ ⊙ Σ ȳ".into()
    }
}

/// y_r = ln Σ_c e^x_rc.
struct LogSumExp;

impl<T: Scalar> Operation<T> for LogSumExp {
    fn name(&self) -> &'static str {
        "log_sum_exp"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        Ok(Shape::new(inputs.shape(0).rows, 1))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, mut y: MatrixMut<'_, T>) {
        for r in 0..y.shape().rows {
            y.row(r)[0] = reduce::log_sum_exp(inputs.value(0).row(r));
        }
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let (x, grad) = (back.input(0), back.grad());
        back.send(0, |mut to| {
            for r in 0..x.row_count() {
                // As in the softmax: e^(x - y) would lose what y, a rounded number, has lost.
                let (top, log_sum) = reduce::log_sum_exp_parts(x.row(r));
                let softmax = x.row(r).iter().map(|&x| ((x - top) - log_sum).exp());
                to.add_row(r, softmax.map(|p| grad.row(r)[0] * p));
            }
        });
    }
    fn rule(&self, _: usize) -> String {
        "ȳ ⊙ softmax(x)".into()
    }
}

impl<'t, T: Scalar> Var<'t, T> {
    /// The softmax of each row: positive numbers that sum to 1.
    #[track_caller]
    pub fn softmax(self) -> Self {
        self.tape.record(Softmax, &[self])
    }

    /// The logarithm of the softmax of each row, without the loss of precision of `softmax().ln()`.
    #[track_caller]
    pub fn log_softmax(self) -> Self {
        self.tape.record(LogSoftmax, &[self])
    }

    /// ln Σ e^x of each row: [n, m] → [n, 1].
    #[track_caller]
    pub fn log_sum_exp(self) -> Self {
        self.tape.record(LogSumExp, &[self])
    }
}
