//! Parts of a node that share its storage: rows, columns, and [`Var::detach`].
//!
//! A view is its parent's elements, so the sweep has nothing to do for it: whoever uses the view
//! writes into the parent's gradient. Only a cut in dual numbers has elements of its own, without
//! tangents.

use std::ops::Range;

use crate::kernels::elementwise::map;
use crate::matrix::range_complaint;
use crate::recording::Window;
use crate::{Inputs, MatrixMut, Operation, Pullback, Scalar, Shape, Var};

/// A view that gradients pass, or not.
#[derive(Clone, Debug)]
enum View {
    Rows(Range<usize>),
    Cols(Range<usize>),
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
        let (range, len, what) = match self {
            View::Rows(range) => (range, x.rows, "rows"),
            View::Cols(range) => (range, x.cols, "columns"),
            View::Detach => return Ok(x),
        };
        if let Some(complaint) = range_complaint(range, len, what) {
            return Err(complaint);
        }
        Ok(match self {
            View::Rows(_) => Shape::new(range.len(), x.cols),
            _ => Shape::new(x.rows, range.len()),
        })
    }
    fn forward(&self, inputs: &Inputs<'_, T>, y: MatrixMut<'_, T>) {
        map([inputs.value(0)], y, false, |[x]| x.detached());
    }
    fn backward(&self, _: &mut Pullback<'_, T>) {}
    fn rule(&self, _: usize) -> String {
        match self {
            View::Rows(range) => format!("ȳ at rows {range:?}"),
            View::Cols(range) => format!("ȳ at columns {range:?}"),
            View::Detach => "0".into(),
        }
    }
    fn arguments(&self) -> String {
        match self {
            View::Rows(range) | View::Cols(range) => format!("{range:?}"),
            View::Detach => String::new(),
        }
    }
    fn view(&self, shape: Shape) -> Option<Window> {
        let (row, col) = match self {
            View::Rows(range) => (range.start, 0),
            View::Cols(range) => (0, range.start),
            View::Detach if T::HAS_TANGENT => return None,
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
        self.tape.record(View::Rows(range), &[self])
    }

    /// Some of the columns, sharing their storage.
    #[track_caller]
    pub fn cols(self, range: Range<usize>) -> Self {
        self.tape.record(View::Cols(range), &[self])
    }

    /// The same value with the graph cut: no gradient passes, and no tangent of dual numbers. This is
    /// what truncates backpropagation through time.
    #[track_caller]
    pub fn detach(self) -> Self {
        self.tape.record(View::Detach, &[self])
    }
}
