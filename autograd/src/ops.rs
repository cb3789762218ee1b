//! Every operation: forward, derivative and printed rule side by side.
//!
//! | where | operations |
//! |---|---|
//! | [`unary`] | functions of each element: `tanh`, `sigmoid`, `exp`, … and with a number: `x * c` |
//! | [`binary`] | `+ - * /` of two nodes, with broadcasting of row vectors and scalars |
//! | [`product`] | `matmul`, `matmul_t`, `add_matmul_t` |
//! | [`reduce`] | `sum`, `mean`, sums over rows or columns, `row_max` |
//! | [`softmax`] | `softmax`, `log_softmax`, `log_sum_exp` |
//! | [`loss`] | cross-entropy, mean squared error, binary cross-entropy |
//! | [`view`] | rows, columns, `detach`: parts that share storage |
//! | [`arrange`] | transpose, concatenate, look up rows, select, dropout |
//! | [`recompute`] | any function as one node, computed again on the way back |
//!
//! The rules are written with ȳ for ∂E/∂y, the gradient of the result, and send a contribution
//! to the gradient of each operand.

pub mod arrange;
pub mod binary;
#[doc(hidden)]
pub mod compiled;
mod element;
pub mod loss;
pub mod product;
pub mod recompute;
pub mod reduce;
pub mod softmax;
pub mod unary;
pub mod view;

pub use binary::Binary;
pub use unary::Unary;

use crate::kernels::elementwise::put;
use crate::{Inputs, MatrixMut, Pullback, Scalar, Shape};

/// An operation that a tape can record: all built-in ones implement it, and so can yours.
///
/// An element-wise function is less work as a [`Unary`]. Check a new operation with
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
///     fn backward(&self, p: &mut Pullback<'_, '_, '_, T>) {
///         let (x, y, grad) = (p.input(0), p.output(), p.grad());
///         p.send(0, |mut to, accumulate| {
///             for r in 0..x.row_count() {
///                 for (to, &x) in to.row(r).iter_mut().zip(x.row(r)) {
///                     let part = grad[(r, 0)] * x / y[(r, 0)];
///                     *to = if accumulate { *to + part } else { part };
///                 }
///             }
///         });
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

    /// Computes the result. The elements of `y` are unspecified before.
    fn forward(&self, inputs: &Inputs<'_, T>, y: MatrixMut<'_, T>);

    /// Sends contributions to the gradients of the operands.
    fn backward(&self, pullback: &mut Pullback<'_, '_, '_, T>);

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

    /// Whether gradients pass; `detach` says no.
    fn passes_gradient(&self) -> bool {
        true
    }
}

/// A rectangle of a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First row.
    pub row: usize,
    /// First column.
    pub col: usize,
    /// Number of rows and columns.
    pub shape: Shape,
}

/// What a node without operands is recorded as.
pub(crate) struct Leaf {
    pub name: &'static str,
}

impl Leaf {
    pub const VARIABLE: &'static str = "variable";
    pub const CONSTANT: &'static str = "constant";
    /// A constant whose buffer is the tape's.
    pub const POOLED: &'static str = "data";
}

impl<T: Scalar> Operation<T> for Leaf {
    fn name(&self) -> &'static str {
        self.name
    }
    fn shape(&self, _: &Inputs<'_, T>) -> Result<Shape, String> {
        Err("a leaf has no operands".into())
    }
    fn forward(&self, _: &Inputs<'_, T>, _: MatrixMut<'_, T>) {}
    fn backward(&self, _: &mut Pullback<'_, '_, '_, T>) {}
    fn rule(&self, _: usize) -> String {
        String::new()
    }
}

fn same_shapes<T: Scalar>(inputs: &Inputs<'_, T>) -> Result<Shape, String> {
    let first = inputs.shape(0);
    match (1..inputs.len()).all(|i| inputs.shape(i) == first) {
        true => Ok(first),
        false => Err("the shapes must be equal".into()),
    }
}

/// Rust's spelling of a derivative as a formula: `1.0 - y * y` becomes "1 − y²".
fn pretty(source: &str) -> String {
    let mut text = source.split_whitespace().collect::<Vec<_>>().join(" ");
    let spellings = [
        ("x * x", "x²"),
        ("y * y", "y²"),
        ("b * b", "b²"),
        (".0", ""),
        (" * ", " ⊙ "),
        ("-", "−"),
        ("2 ⊙ x", "2 x"),
        ("n as f64 ⊙ x.powi(n − 1)", "n xⁿ⁻¹"),
    ];
    for (rust, print) in spellings {
        text = text.replace(rust, print);
    }
    text
}

/// The rule of an element-wise operation: the incoming gradient times a derivative.
fn chain(derivative: &str) -> String {
    let formula = pretty(derivative);
    match formula.as_str() {
        "1" => "ȳ".into(),
        "−1" => "−ȳ".into(),
        f if f.contains(['+', '−', ' ']) => format!("ȳ ⊙ ({f})"),
        f => format!("ȳ ⊙ {f}"),
    }
}

#[cfg(test)]
mod tests {
    use super::chain;

    #[test]
    fn rules_print_as_formulas() {
        assert_eq!(chain("1.0 - y * y"), "ȳ ⊙ (1 − y²)");
        assert_eq!(chain("1.0"), "ȳ");
        assert_eq!(chain("- 1.0"), "ȳ ⊙ (− 1)");
        assert_eq!(chain("-1.0"), "−ȳ");
        assert_eq!(chain("y"), "ȳ ⊙ y");
        assert_eq!(chain("2.0 * x"), "ȳ ⊙ (2 x)");
        assert_eq!(chain("n as f64 * x.powi(n - 1)"), "ȳ ⊙ (n xⁿ⁻¹)");
    }
}
