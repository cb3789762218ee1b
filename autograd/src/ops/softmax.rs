//! Softmax of each row and its relatives; all subtract the row's maximum first, so none overflows.

use super::{Operation, put};
use crate::kernels::reduce;
use crate::{Inputs, MatrixMut, Pullback, Scalar, Shape, Var};

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
    fn backward(&self, p: &mut Pullback<'_, '_, '_, T>) {
        let (y, grad) = (p.output(), p.grad());
        p.send(0, |mut to, accumulate| {
            for r in 0..y.row_count() {
                let (y, grad) = (y.row(r), grad.row(r));
                let dot = y.iter().zip(grad).map(|(&y, &g)| y * g).sum::<T>();
                for (c, to) in to.row(r).iter_mut().enumerate() {
                    put(to, y[c] * (grad[c] - dot), accumulate);
                }
            }
        });
    }
    fn rule(&self, _: usize) -> String {
        "y ⊙ (ȳ − Σ ȳ ⊙ y)".into()
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
            let log_sum = reduce::log_sum_exp(x);
            y.row(r)
                .iter_mut()
                .zip(x)
                .for_each(|(y, &x)| *y = x - log_sum);
        }
    }
    fn backward(&self, p: &mut Pullback<'_, '_, '_, T>) {
        let (y, grad) = (p.output(), p.grad());
        p.send(0, |mut to, accumulate| {
            for r in 0..y.row_count() {
                let (y, grad) = (y.row(r), grad.row(r));
                let total = reduce::sum(grad);
                for (c, to) in to.row(r).iter_mut().enumerate() {
                    put(to, grad[c] - y[c].exp() * total, accumulate);
                }
            }
        });
    }
    fn rule(&self, _: usize) -> String {
        "ȳ − eʸ Σ ȳ".into()
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
    fn backward(&self, p: &mut Pullback<'_, '_, '_, T>) {
        let (x, y, grad) = (p.input(0), p.output(), p.grad());
        p.send(0, |mut to, accumulate| {
            for r in 0..x.row_count() {
                for (to, &x) in to.row(r).iter_mut().zip(x.row(r)) {
                    put(to, grad.row(r)[0] * (x - y.row(r)[0]).exp(), accumulate);
                }
            }
        });
    }
    fn rule(&self, _: usize) -> String {
        "ȳ ⊙ eˣ⁻ʸ".into()
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
