//! The methods that the engine's types have for pictures.

use autograd::inspect::{GradientFlow, Replay, Triangle};
use autograd::{Gradients, Scalar, Tape, Var};

use crate::{Drawing, HeatMap, LineChart, Overview, Page};

/// Nobody else implements these traits.
trait Sealed {}

impl<T> Sealed for Tape<T> {}
impl<T> Sealed for Var<'_, T> {}
impl<T: Scalar> Sealed for Replay<'_, T> {}
impl<T: Scalar> Sealed for Triangle<T> {}
impl Sealed for GradientFlow {}

/// Pictures of a [`Tape`].
#[expect(private_bounds, reason = "sealed")]
pub trait TapePictures<T: Scalar>: Sealed {
    /// The graph, unrolled over time. With gradients, boxes are the darker the larger the norm of
    /// theirs.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// # use pictures::TapePictures;
    /// let tape = Tape::<f64>::new();
    /// let w = tape.var(Matrix::scalar(0.5)).named("W");
    /// let mut h = tape.constant(Matrix::scalar(1.0)).named("h");
    /// for t in 0..3 {
    ///     let _step = tape.step(t);
    ///     h = h.matmul_t(w).tanh().named("h");
    /// }
    /// let e = h.sum().named("E");
    /// let drawing = tape.drawing(Some(&e.backward()));
    /// let svg = drawing.svg().to_string(); // to be written to a file
    /// assert!(svg.contains("t = 2"));
    /// assert!(drawing.dot().starts_with("digraph"));
    /// ```
    ///
    /// # Panics
    /// If the gradients are of another tape.
    fn drawing(&self, gradients: Option<&Gradients<'_, T>>) -> Drawing;

    /// The norms of the gradients of all named nodes over time, or without gradients of the values.
    /// This is where one sees gradients vanish or explode.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// # use pictures::TapePictures;
    /// let tape = Tape::<f64>::new();
    /// let w = tape.var(Matrix::scalar(0.5)).named("W");
    /// let mut h = tape.constant(Matrix::scalar(1.0));
    /// for t in 0..1000 {
    ///     let _step = tape.step(t);
    ///     h = h.matmul_t(w).tanh().named("h");
    /// }
    /// let overview = tape.overview(Some(&h.sum().backward()));
    /// println!("{overview}");
    /// let svg = overview.svg(); // to be written to a file
    /// ```
    ///
    /// # Panics
    /// If the gradients are of another tape.
    fn overview(&self, gradients: Option<&Gradients<'_, T>>) -> Overview;

    /// Displays what has been recorded in a notebook: the [drawing](Self::drawing).
    fn evcxr_display(&self) {
        self.drawing(None).evcxr_display();
    }
}

impl<T: Scalar> TapePictures<T> for Tape<T> {
    fn drawing(&self, gradients: Option<&Gradients<'_, T>>) -> Drawing {
        Drawing::of(self, gradients)
    }

    fn overview(&self, gradients: Option<&Gradients<'_, T>>) -> Overview {
        Overview::of(self, gradients)
    }
}

/// Pictures of the sweep that starts at a [`Var`].
#[expect(private_bounds, reason = "sealed")]
pub trait VarPictures: Sealed {
    /// The reverse sweep from this node, which must be of shape [1, 1], as a page that plays it.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// # use pictures::VarPictures;
    /// let tape = Tape::<f64>::new();
    /// let x = tape.var(Matrix::scalar(2.0)).named("x");
    /// let page = x.square().named("E").page();
    /// assert!(page.to_string().starts_with("<!DOCTYPE html>"));
    /// ```
    ///
    /// # Panics
    /// If the shape is another.
    fn page(self) -> Page;
}

impl<T: Scalar> VarPictures for Var<'_, T> {
    #[track_caller]
    fn page(self) -> Page {
        Page::of(self)
    }
}

/// Pictures of a [`Replay`].
#[expect(private_bounds, reason = "sealed")]
pub trait ReplayPictures: Sealed {
    /// The whole sweep as a page that plays it, however far the replay has gone.
    fn page(&self) -> Page;

    /// Displays that page in a notebook.
    fn evcxr_display(&self) {
        self.page().evcxr_display();
    }
}

impl<T: Scalar> ReplayPictures for Replay<'_, T> {
    fn page(&self) -> Page {
        Page::of(self.start())
    }
}

/// Pictures of a [`Triangle`].
#[expect(private_bounds, reason = "sealed")]
pub trait TrianglePictures: Sealed {
    /// The norms of the parts: a row for each error, a column for each step.
    ///
    /// # Panics
    /// As [`Triangle::norms`].
    fn heat_map(&self) -> HeatMap;
}

impl<T: Scalar> TrianglePictures for Triangle<T> {
    #[track_caller]
    fn heat_map(&self) -> HeatMap {
        HeatMap::of(&self.norms())
            .titled(&format!("‖∂E/∂{}‖ by step", self.parameter()))
            .labelled(self.error_names().to_vec(), self.step_names())
    }
}

/// Pictures of a [`GradientFlow`].
#[expect(private_bounds, reason = "sealed")]
pub trait FlowPictures: Sealed {
    /// Its three series as lines, on a logarithmic axis.
    fn chart(&self) -> LineChart;
}

impl FlowPictures for GradientFlow {
    fn chart(&self) -> LineChart {
        LineChart::new("gradient flow", "state", "norm")
            .line("‖∂E/∂h_t‖", &self.gradients)
            .line("‖∂h_T/∂h_t‖", &self.jacobians)
            .line("σ₁(∂h_T/∂h_t)", &self.largest)
            .log()
    }
}
