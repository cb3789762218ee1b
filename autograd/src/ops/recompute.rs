//! Recomputation: memory for time.
//!
//! A function that is recorded as one node keeps nothing of its inside. On the way back it is
//! recorded again, from the same operands, and swept. So a long sequence in T/k segments of k steps
//! needs memory for T/k + k steps, not for T, and one more forward pass (Chen et al. 2016,
//! *Training deep nets with sublinear memory cost*).

use std::cell::Cell;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{Gradients, Inputs, Keep, MatrixMut, Operation, Pullback, Scalar, Shape, Tape, Var};

/// y = f(inputs), on a tape of its own.
struct Recompute<F, T> {
    f: F,
    /// Shared by all that is recomputed for one tape, one after the other.
    inner: Arc<Mutex<Tape<T>>>,
    /// The result's node on that tape, between `shape` and `forward`.
    result: Cell<usize>,
}

/// The tape that is recomputed on. What a function that panicked has left on it does no harm.
pub(super) fn locked<T>(inner: &Mutex<Tape<T>>) -> MutexGuard<'_, Tape<T>> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends what a sweep of the inner tape owes the first operands, by their copies there.
pub(super) fn send_owed<T: Scalar>(
    copies: &[Var<'_, T>],
    gradients: &Gradients<'_, T>,
    back: &mut Pullback<'_, T>,
) {
    for (i, &copy) in copies.iter().enumerate() {
        if let Some(owed) = gradients.get(copy) {
            back.send(i, |to| to.add(owed));
        }
    }
}

/// Copies of some operands as variables of another tape.
pub(super) fn bring<'t, T: Scalar>(
    inputs: &Inputs<'_, T>,
    which: Range<usize>,
    to: &'t Tape<T>,
) -> Vec<Var<'t, T>> {
    let copy = |i| to.var_with(inputs.shape(i), |m| m.view_mut().copy_from(inputs.value(i)));
    which.map(copy).collect()
}

impl<T, F> Operation<T> for Recompute<F, T>
where
    T: Scalar,
    F: for<'t> Fn(&[Var<'t, T>]) -> Var<'t, T> + Send + 'static,
{
    fn name(&self) -> &'static str {
        "recompute"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        let mut inner = locked(&self.inner);
        inner.clear();
        let y = (self.f)(&bring(inputs, 0..inputs.len(), &inner));
        self.result.set(y.index());
        Ok(y.shape())
    }
    fn forward(&self, _: &Inputs<'_, T>, mut y: MatrixMut<'_, T>) {
        let mut inner = locked(&self.inner);
        y.copy_from(inner.value(self.result.get()));
        inner.clear();
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let (inputs, seed) = (*back.inputs(), back.grad().to_matrix());
        let mut inner = locked(&self.inner);
        {
            let operands = bring(&inputs, 0..inputs.len(), &inner);
            let y = (self.f)(&operands);
            let gradients = y.backward_from_keeping(&seed, Keep::Leaves);
            send_owed(&operands, &gradients, back);
        }
        inner.clear();
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
        let (inner, result) = (Arc::clone(self.inner()), Cell::new(0));
        self.record(Recompute { f, inner, result }, inputs)
    }
}
