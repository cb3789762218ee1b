//! Sums, means and maxima.

use crate::kernels::reduce;
use crate::{Inputs, MatrixMut, Operation, Pullback, Scalar, Shape, Var};

/// y = c Σ x, over all elements, where c is 1 or one over their number.
struct Sum {
    mean: bool,
}

impl Sum {
    fn factor<T: Scalar>(&self, inputs: &Inputs<'_, T>) -> T {
        let n = inputs.shape(0).len();
        if self.mean {
            T::from_f64(1.0 / n as f64)
        } else {
            T::ONE
        }
    }
}

impl<T: Scalar> Operation<T> for Sum {
    fn name(&self) -> &'static str {
        if self.mean { "mean" } else { "sum" }
    }
    fn shape(&self, _: &Inputs<'_, T>) -> Result<Shape, String> {
        Ok(Shape::new(1, 1))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, mut y: MatrixMut<'_, T>) {
        y.fill(self.factor(inputs) * reduce::total(inputs.value(0)));
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let part = back.grad().item() * self.factor(back.inputs());
        back.send(0, |to| to.map([], |[]| part));
    }
    fn rule(&self, _: usize) -> String {
        if self.mean { "ȳ / n" } else { "ȳ" }.into()
    }
}

/// y_c = Σ_r x_rc.
struct SumRows;

impl<T: Scalar> Operation<T> for SumRows {
    fn name(&self) -> &'static str {
        "sum_rows"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        Ok(Shape::new(1, inputs.shape(0).cols))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, y: MatrixMut<'_, T>) {
        reduce::sum_over_rows(inputs.value(0), y, false);
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let grad = back.grad().broadcast_row(back.input(0).row_count());
        back.send(0, |to| to.add(grad));
    }
    fn rule(&self, _: usize) -> String {
        "ȳ".into() // on each row
    }
}

/// y_r = Σ_c x_rc.
struct SumCols;

impl<T: Scalar> Operation<T> for SumCols {
    fn name(&self) -> &'static str {
        "sum_cols"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        Ok(Shape::new(inputs.shape(0).rows, 1))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, mut y: MatrixMut<'_, T>) {
        for r in 0..y.shape().rows {
            y.row(r)[0] = reduce::sum(inputs.value(0).row(r));
        }
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let grad = back.grad();
        back.send(0, |mut to| {
            for r in 0..grad.row_count() {
                to.add_row(r, std::iter::repeat(grad.row(r)[0]));
            }
        });
    }
    fn rule(&self, _: usize) -> String {
        "ȳ".into() // on each column
    }
}

/// y_r = max_c x_rc.
struct RowMax;

impl<T: Scalar> Operation<T> for RowMax {
    fn name(&self) -> &'static str {
        "row_max"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        Ok(Shape::new(inputs.shape(0).rows, 1))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, mut y: MatrixMut<'_, T>) {
        for r in 0..y.shape().rows {
            let row = inputs.value(0).row(r);
            y.row(r)[0] = row[reduce::argmax(row)];
        }
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let (x, grad) = (back.input(0), back.grad());
        back.send(0, |to| {
            let mut to = to.zeroed();
            for r in 0..x.row_count() {
                to.row(r)[reduce::argmax(x.row(r))] += grad.row(r)[0];
            }
        });
    }
    fn rule(&self, _: usize) -> String {
        "ȳ ⊙ [x = y]".into()
    }
}

impl<'t, T: Scalar> Var<'t, T> {
    /// The sum of all elements → [1, 1].
    #[track_caller]
    pub fn sum(self) -> Self {
        self.tape.record(Sum { mean: false }, &[self])
    }

    /// The mean of all elements → [1, 1].
    #[track_caller]
    pub fn mean(self) -> Self {
        self.tape.record(Sum { mean: true }, &[self])
    }

    /// The sum over rows: [n, m] → [1, m].
    #[track_caller]
    pub fn sum_rows(self) -> Self {
        self.tape.record(SumRows, &[self])
    }

    /// The sum over columns: [n, m] → [n, 1].
    #[track_caller]
    pub fn sum_cols(self) -> Self {
        self.tape.record(SumCols, &[self])
    }

    /// The largest element of each row: [n, m] → [n, 1]. Among equals the gradient goes to the
    /// first; a NaN counts as the largest.
    #[track_caller]
    pub fn row_max(self) -> Self {
        self.tape.record(RowMax, &[self])
    }
}
