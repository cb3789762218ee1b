//! Every operation: forward, derivative and printed rule side by side.
//!
//! | where | operations |
//! |---|---|
//! | [`unary`] | functions of each element: `tanh`, `sigmoid`, `relu`, `softplus`, `exp`, `ln`, `sqrt`, `square`, `abs`, `powi`, `clamp`; and with a number: `negate`, `shift`, `scale`, `sub_from`, `div_into`, written `-x`, `x + c`, `c * x`, `c - x`, `c / x` |
//! | [`binary`] | `add`, `sub`, `mul`, `div`, written `+ - * /`, and `log_add_exp`, with broadcasting of row vectors, column vectors and scalars |
//! | [`product`] | `matmul`, `matmul_t`, `add_matmul_t` |
//! | [`reduce`] | `sum`, `mean`, `sum_rows`, `sum_cols`, `row_max` |
//! | [`softmax`] | `softmax`, `log_softmax`, `log_sum_exp` |
//! | [`loss`] | `cross_entropy`, `mean_squared_error`, `binary_cross_entropy` |
//! | [`view`] | parts that share storage: `rows`, `cols`, and `detach`, which cuts the graph |
//! | [`arrange`] | `transpose`, `concat_rows`, `concat_cols`, `gather_rows`, `scatter_add_rows`, `select`, `dropout` |
//! | [`recompute`] | `recompute`: any function as one node, computed again on the way back |
//! | [`chain`] | `recompute_chain`: a long chain of blocks as one node, in as much memory as it is given |
//!
//! The rules are written with ȳ for ∂E/∂y, the gradient of the result, and send a contribution
//! to the gradient of each operand. [`table`] has all operations with operands to try them on; tests
//! and benchmarks go through it.

pub mod arrange;
pub mod binary;
pub mod chain;
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
pub mod table;
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
