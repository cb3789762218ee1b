//! Recomputation: memory for time.
//!
//! A function that is recorded as one node keeps nothing of its inside. On the way back it is
//! recorded again, from the same operands, and swept. So a long sequence in T/k segments of k steps
//! needs memory for T/k + k steps, not for T, and one more forward pass (Chen et al. 2016,
//! *Training deep nets with sublinear memory cost*).

use std::cell::Cell;

use super::Operation;
use crate::kernels::elementwise::assign;
use crate::{Inputs, Keep, MatrixMut, Pullback, Scalar, Shape, Tape, Var};

/// y = f(inputs), on a tape of its own.
struct Recompute<F> {
    f: F,
    /// The result's node on that tape, between `shape` and `forward`.
    result: Cell<usize>,
}

/// Copies of the operands as variables of another tape.
fn bring<'t, T: Scalar>(inputs: &Inputs<'_, T>, to: &'t Tape<T>) -> Vec<Var<'t, T>> {
    let bring = |i| {
        let Shape { rows, cols } = inputs.shape(i);
        to.var_with(rows, cols, |m| m.view_mut().copy_from(inputs.value(i)))
    };
    (0..inputs.len()).map(bring).collect()
}

impl<T, F> Operation<T> for Recompute<F>
where
    T: Scalar,
    F: for<'t> Fn(&[Var<'t, T>]) -> Var<'t, T> + Send + 'static,
{
    fn name(&self) -> &'static str {
        "recompute"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        let mut inner = inputs.tape.take_inner();
        inner.clear();
        let y = (self.f)(&bring(inputs, &inner));
        let shape = y.shape();
        self.result.set(y.index());
        inputs.tape.return_inner(inner);
        Ok(shape)
    }
    fn forward(&self, inputs: &Inputs<'_, T>, mut y: MatrixMut<'_, T>) {
        let mut inner = inputs.tape.take_inner();
        y.copy_from(inner.value(self.result.get()));
        inner.clear();
        inputs.tape.return_inner(inner);
    }
    fn backward(&self, p: &mut Pullback<'_, '_, '_, T>) {
        let (inputs, seed) = (*p.inputs(), p.grad().to_matrix());
        let mut inner = inputs.tape.take_inner();
        {
            let operands = bring(&inputs, &inner);
            let y = (self.f)(&operands);
            let gradients = y.backward_from_keeping(&seed, Keep::Leaves);
            for (i, &operand) in operands.iter().enumerate() {
                if let Some(gradient) = gradients.get(operand) {
                    p.send(i, |to, accumulate| assign(gradient, to, accumulate));
                }
            }
        }
        inner.clear();
        inputs.tape.return_inner(inner);
    }
    fn rule(&self, _: usize) -> String {
        "as the function's own sweep, from ȳ".into()
    }
}

impl<T: Scalar> Tape<T> {
    /// Records a function of some nodes as one node, which keeps nothing of the function's inside:
    /// it is computed again on the way back.
    ///
    /// The function must give the same result each time, and use no nodes but those it is given.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// let tape = Tape::<f64>::new();
    /// let x = tape.var(Matrix::scalar(0.5));
    /// let y = tape.recompute(&[x], |v| (0..100).fold(v[0], |x, _| x.sigmoid()));
    /// assert_eq!(tape.len(), 2);
    /// assert!(y.backward().of(x).norm() > 0.0);
    /// ```
    #[track_caller]
    pub fn recompute<'t, F>(&'t self, inputs: &[Var<'t, T>], f: F) -> Var<'t, T>
    where
        F: for<'i> Fn(&[Var<'i, T>]) -> Var<'i, T> + Send + 'static,
    {
        let result = Cell::new(0);
        self.record(Recompute { f, result }, inputs)
    }
}
