//! What people see of a tape.
//!
//! | what | shows |
//! |---|---|
//! | [`Tape::program`](crate::Tape::program) | the tape as a program, one `let` a line |
//! | [`Tape::table`](crate::Tape::table) | the nodes with their values and gradients |
//! | [`Var::replay`](crate::Var::replay) | the reverse sweep, node by node |
//! | [`Var::triangle`](crate::Var::triangle) | ∂E_i/∂U by the step j it came through |
//! | [`Var::nested_formula`](crate::Var::nested_formula) | ∂E_2/∂U = ∂E_2/∂h_2 (… + ∂h_2/∂h_1 (…)), with its numbers |
//! | [`Var::jacobian`](crate::Var::jacobian) | ∂h_t/∂h_k, exact |
//! | [`Var::gradient_flow`](crate::Var::gradient_flow) | how the gradient grows or shrinks on its way back |
//! | [`Var::rule`](crate::Var::rule), [`Var::update`](crate::Var::update) | what a node sends to an operand, in print |
//!
//! All of these print themselves, and display themselves in a notebook. Nothing here costs anything
//! until it is asked for. Pictures of a tape, and of what is found here, are a crate of their own:
//! `bptt-pictures`, in the folder `pictures` of this one.

mod display;
mod flow;
mod formula;
pub mod html;
mod jacobian;
pub mod notebook;
mod paths;
mod program;
mod replay;
mod rules;
mod singular;
mod table;
mod text;
mod triangle;

pub use flow::GradientFlow;
pub use formula::NestedFormula;
pub use program::{Line, Program};
pub use replay::{Event, Replay, Sent};
pub use table::{Row, Table};
pub use triangle::{Triangle, When};

use crate::{NodeInfo, Scalar, Var};
use notebook::show;

/// That an error is a number, and of the same tape as what it is to be differentiated by.
#[track_caller]
fn check_error<T: Scalar>(method: &str, error: Var<'_, T>, by: Var<'_, T>) {
    let shape = error.shape();
    assert!(
        shape.len() == 1,
        "{method}() is of [1, 1] nodes, and {} is {shape}",
        error.info()
    );
    let same = std::ptr::eq(error.tape, by.tape);
    assert!(
        same,
        "{method}(): {} is of another tape than {}",
        by.info(),
        error.info()
    );
}

/// That a node can be differentiated by another.
#[track_caller]
fn check_operand<T: Scalar>(method: &str, y: Var<'_, T>, by: Var<'_, T>) {
    let same = std::ptr::eq(y.tape, by.tape);
    assert!(
        same,
        "{method}(): {} is of another tape than {}",
        by.info(),
        y.info()
    );
    let info = by.info();
    assert!(
        info.needs_gradient,
        "{method}(): no gradient is taken by {info}: make it, or what it comes from, a variable with \
         Tape::var()"
    );
}

impl NodeInfo {
    /// Whether the node is of a scope, or of one in it: "lstm1/inner" is in "lstm1". Nothing is in the
    /// scope without a name.
    pub fn is_in(&self, scope: &str) -> bool {
        let rest = self.scope.strip_prefix(scope);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) && !scope.is_empty()
    }
}
