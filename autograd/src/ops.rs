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
mod formula;
pub mod loss;
pub mod product;
pub mod recompute;
pub mod reduce;
pub mod softmax;
mod spread;
pub mod unary;
pub mod view;

pub use binary::Binary;
pub use unary::Unary;

use crate::{Inputs, Scalar, Shape};

fn same_shapes<T: Scalar>(inputs: &Inputs<'_, T>) -> Result<Shape, String> {
    let first = inputs.shape(0);
    match (1..inputs.len()).all(|i| inputs.shape(i) == first) {
        true => Ok(first),
        false => Err("the shapes must be equal".into()),
    }
}
