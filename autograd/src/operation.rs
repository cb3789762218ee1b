//! [`Operation`]: what a tape records, with what it is given on both ways.

mod inputs;
mod pullback;

use crate::recording::Window;
use crate::{MatrixMut, Scalar, Shape};

pub use inputs::Inputs;
pub use pullback::{Operand, Pullback};

/// An operation that a tape can record: all built-in ones implement it, and so can yours.
///
/// An element-wise function is less work as a [`Unary`](crate::ops::Unary). Check a new operation with
/// [`gradcheck`](crate::gradcheck()).
///
/// ```
/// use autograd::{Inputs, Matrix, MatrixMut, Operation, Pullback, Scalar, Shape, Tape, gradcheck};
///
/// /// The Euclidean norm of each row: y_r = √(Σ_c x_rc²).
/// struct RowNorm;
///
/// impl<T: Scalar> Operation<T> for RowNorm {
///     fn name(&self) -> &'static str {
///         "row_norm"
///     }
///     fn shape(&self, x: &Inputs<'_, T>) -> Result<Shape, String> {
///         Ok(Shape::new(x.shape(0).rows, 1))
///     }
///     fn forward(&self, x: &Inputs<'_, T>, mut y: MatrixMut<'_, T>) {
///         for r in 0..x.shape(0).rows {
///             y.row(r)[0] = x.value(0).row(r).iter().map(|&x| x * x).sum::<T>().sqrt();
///         }
///     }
///     fn backward(&self, back: &mut Pullback<'_, T>) {
///         let (x, y, grad) = (back.input(0), back.output(), back.grad());
///         back.send(0, |to| to.each(|r, c| grad[(r, 0)] * x[(r, c)] / y[(r, 0)]));
///     }
///     fn rule(&self, _operand: usize) -> String {
///         "ȳ x / y".into()
///     }
/// }
///
/// let x = Matrix::from([[3.0, 4.0], [1.0, -1.0]]);
/// gradcheck(|v| v[0].tape().record(RowNorm, v), &[x]).unwrap();
/// ```
pub trait Operation<T: Scalar>: Send + 'static {
    /// The name in tables, drawings and errors.
    fn name(&self) -> &'static str;

    /// The shape of the result.
    ///
    /// # Errors
    /// What is wrong with the operands' shapes, as the end of a sentence that has named the
    /// operation and its operands.
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String>;

    /// Computes the result. The elements of `y` are unspecified before; every one has to be given.
    fn forward(&self, inputs: &Inputs<'_, T>, y: MatrixMut<'_, T>);

    /// Sends contributions to the gradients of the operands.
    fn backward(&self, back: &mut Pullback<'_, T>);

    /// What the operation was recorded with besides its operands, in print: "4..8".
    fn arguments(&self) -> String {
        String::new()
    }

    /// What is sent to operand number `operand`, in print: "ȳ ⊙ (1 − y²)".
    fn rule(&self, operand: usize) -> String;

    /// The letters that the rules have for the operands, where they are not x for one, and a, b, …
    /// for several: they are printed as the operands' names.
    fn letters(&self) -> &'static str {
        ""
    }

    /// For operations whose result is a part of their only operand: which. Such a node has no
    /// storage of its own, and neither `forward` nor `backward` is called.
    fn view(&self, shape: Shape) -> Option<Window> {
        let _ = shape;
        None
    }

    /// The bytes of what the operation keeps beside its operands, such as states to recompute from, for
    /// [`Tape::stats`](crate::Tape::stats).
    fn kept_bytes(&self) -> usize {
        0
    }

    /// Whether gradients pass; `detach` says no.
    fn passes_gradient(&self) -> bool {
        true
    }
}
