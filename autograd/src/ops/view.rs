//! Parts of a node that share its storage: rows, columns, and [`Var::detach`].
//!
//! A view is its parent's elements, so the sweep has nothing to do for it: whoever uses the view
//! writes into the parent's gradient.

use std::ops::Range;

use super::{Operation, Window};
use crate::{Inputs, MatrixMut, Pullback, Scalar, Shape, Var};

/// A view that gradients pass, or not.
#[derive(Clone, Copy)]
enum View {
    Rows(u32, u32),
    Cols(u32, u32),
    Detach,
}

impl<T: Scalar> Operation<T> for View {
    fn name(&self) -> &'static str {
        match self {
            View::Rows(..) => "rows",
            View::Cols(..) => "cols",
            View::Detach => "detach",
        }
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        let x = inputs.shape(0);
        let (start, end, len, what) = match *self {
            View::Rows(start, end) => (start as usize, end as usize, x.rows, "rows"),
            View::Cols(start, end) => (start as usize, end as usize, x.cols, "columns"),
            View::Detach => return Ok(x),
        };
        if start >= end || end > len {
            return Err(format!("{start}..{end} of {len} {what}"));
        }
        Ok(match self {
            View::Rows(..) => Shape::new(end - start, x.cols),
            _ => Shape::new(x.rows, end - start),
        })
    }
    fn forward(&self, _: &Inputs<'_, T>, _: MatrixMut<'_, T>) {}
    fn backward(&self, _: &mut Pullback<'_, '_, '_, T>) {}
    fn rule(&self, _: usize) -> String {
        match self {
            View::Rows(..) => "ȳ in these rows",
            View::Cols(..) => "ȳ in these columns",
            View::Detach => "0",
        }
        .into()
    }
    fn arguments(&self) -> String {
        match *self {
            View::Rows(start, end) | View::Cols(start, end) => format!("{start}..{end}"),
            View::Detach => String::new(),
        }
    }
    fn view(&self, shape: Shape) -> Option<Window> {
        let (row, col) = match *self {
            View::Rows(start, _) => (start as usize, 0),
            View::Cols(start, _) => (0, start as usize),
            View::Detach => (0, 0),
        };
        Some(Window { row, col, shape })
    }
    fn passes_gradient(&self) -> bool {
        !matches!(self, View::Detach)
    }
}

impl<'t, T: Scalar> Var<'t, T> {
    /// Some of the rows, sharing their storage.
    #[track_caller]
    pub fn rows(self, range: Range<usize>) -> Self {
        self.tape
            .record(View::Rows(range.start as u32, range.end as u32), &[self])
    }

    /// Some of the columns, sharing their storage.
    #[track_caller]
    pub fn cols(self, range: Range<usize>) -> Self {
        self.tape
            .record(View::Cols(range.start as u32, range.end as u32), &[self])
    }

    /// The same value with the graph cut: no gradient passes. This is what truncates
    /// backpropagation through time.
    #[track_caller]
    pub fn detach(self) -> Self {
        self.tape.record(View::Detach, &[self])
    }
}
