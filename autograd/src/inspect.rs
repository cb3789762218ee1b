//! What people see of a tape.
//!
//! | what | shows |
//! |---|---|
//! | [`Tape::program`](crate::Tape::program) | the tape as a program, one `let` a line |
//! | [`Tape::table`](crate::Tape::table) | the nodes with their values and gradients |
//! | [`Tape::drawing`](crate::Tape::drawing) | the graph, unrolled over time |
//! | [`Tape::overview`](crate::Tape::overview) | how large the gradients are, on tapes too long to draw |
//! | [`Var::replay`](crate::Var::replay) | the reverse sweep, node by node |
//! | [`Var::page`](crate::Var::page) | the same as an interactive page |
//! | [`Var::triangle`](crate::Var::triangle) | ∂E_i/∂U by the step j it came through |
//! | [`Var::nested_formula`](crate::Var::nested_formula) | ∂E_2/∂U = ∂E_2/∂h_2 (… + ∂h_2/∂h_1 (…)), with its numbers |
//! | [`Var::jacobian`](crate::Var::jacobian) | ∂h_t/∂h_k, exact |
//! | [`Var::gradient_flow`](crate::Var::gradient_flow) | how the gradient grows or shrinks on its way back |
//! | [`HeatMap`], [`LineChart`], [`FadingMemory`] | numbers as pictures |
//!
//! All of these print themselves, and display themselves in a notebook. Nothing here costs anything
//! until it is asked for.

mod display;
mod drawing;
mod flow;
mod formula;
mod html;
mod jacobian;
mod notebook;
mod overview;
mod page;
mod paths;
mod plot;
mod program;
mod replay;
mod rules;
mod singular;
mod svg;
mod table;
mod text;
mod triangle;

pub use drawing::Drawing;
pub use flow::GradientFlow;
pub use formula::NestedFormula;
pub use overview::Overview;
pub use page::Page;
pub use plot::{FadingMemory, HeatMap, LineChart};
pub use program::{Line, Program};
pub use replay::{Event, Replay, Sent};
pub use svg::Svg;
pub use table::{Row, Table};
pub use triangle::Triangle;

use crate::{Scalar, Var};
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
    assert!(same, "{method}(): {} is of another tape", by.info());
}

/// That a node can be differentiated by another.
#[track_caller]
fn check_operand<T: Scalar>(method: &str, y: Var<'_, T>, by: Var<'_, T>) {
    let same = std::ptr::eq(y.tape, by.tape);
    assert!(same, "{method}(): {} is of another tape", by.info());
    let info = by.info();
    assert!(
        info.needs_gradient,
        "{method}(): no gradient is taken by {info}: make it, or what it comes from, a variable with \
         Tape::var()"
    );
}

/// Whether a scope is another one, or in it.
fn is_in(scope: &str, outer: &str) -> bool {
    let rest = scope.strip_prefix(outer);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) && !outer.is_empty()
}
