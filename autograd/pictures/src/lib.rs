//! What is on a tape, as pictures.
//!
//! | what | shows |
//! |---|---|
//! | [`tape.drawing(…)`](TapePictures::drawing) | the graph, unrolled over time |
//! | [`tape.overview(…)`](TapePictures::overview) | how large the gradients are, on tapes too long to draw |
//! | [`loss.page()`](VarPictures::page) | the reverse sweep as a page that plays it |
//! | [`triangle.heat_map()`](TrianglePictures::heat_map) | ∂E_i/∂U by the step j it came through |
//! | [`flow.chart()`](FlowPictures::chart) | how the gradient grows or shrinks on its way back |
//! | [`HeatMap`], [`LineChart`], [`BarChart`], [`FadingMemory`] | numbers as pictures |
//! | [`ColouredText`] | a number for each character or word of a text |
//!
//! They are [`Svg`] documents, but for the page, which is HTML; all display themselves in a notebook.
//! The engine, [`autograd`], knows nothing of them: they are made of what [`autograd::inspect`] and a
//! [`Var`](autograd::Var) tell anybody. The methods come from traits, one for each type that has them:
//!
//! ```
//! use autograd::{Matrix, Tape};
//! use pictures::TapePictures;
//!
//! let tape = Tape::<f64>::new();
//! let x = tape.var(Matrix::scalar(2.0)).named("x");
//! let e = x.square().named("E");
//! assert!(tape.drawing(None).svg().to_string().starts_with("<svg"));
//! ```

#[doc(hidden)]
pub mod compiled;
mod drawing;
mod extend;
mod overview;
mod page;
mod plot;
mod svg;
mod times;

pub use drawing::Drawing;
pub use extend::{FlowPictures, ReplayPictures, TapePictures, TrianglePictures, VarPictures};
pub use overview::Overview;
pub use page::Page;
pub use plot::{BarChart, ColouredText, FadingMemory, HeatMap, LineChart};
pub use svg::Svg;

/// The examples of the README run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
