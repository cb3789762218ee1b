//! A tape of matrix operations and its reverse sweep, made to be read.
//!
//! A [`Tape`] records what is computed with its [`Var`]s; [`Var::backward`] walks the recording
//! back and gives the [`Gradients`]. Unroll a recurrent network on a tape and backpropagation
//! through time falls out:
//!
//! ```
//! use autograd::{Matrix, Tape};
//!
//! let tape = Tape::<f64>::new();
//! let u = tape.var(Matrix::scalar(0.5)).named("U");
//! let w = tape.var(Matrix::scalar(-0.3)).named("W");
//! let mut h = tape.constant(Matrix::scalar(0.0));
//! for (t, x) in [1.0, 0.2, -0.7].into_iter().enumerate() {
//!     let _step = tape.step(t);
//!     let x = tape.constant(Matrix::scalar(x)).named("x");
//!     h = (x.matmul_t(u) + h.matmul_t(w)).tanh().named("h"); // h_t = tanh(U x_t + W h_{t-1})
//! }
//! let gradients = h.sum().backward();
//! assert!((gradients.of(u)[(0, 0)] - -0.615_958_8).abs() < 1e-6);
//! ```
//!
//! Everything is a matrix: rows are the samples of a mini-batch, columns are features. Where to
//! read on: [`ops`] for the operations with their rules, [`gradcheck`](mod@gradcheck) to check a rule of your
//! own, [`Operation`] to write one, [`inspect`] to see what is on a tape.

mod account;
mod checkpoints;
mod directional;
mod dual;
mod error;
pub mod gradcheck;
mod gradients;
pub mod inspect;
mod kernels;
mod matrix;
mod operation;
pub mod ops;
mod recording;
mod scalar;
mod second_order;
mod sink;
mod store;
mod sweep;
mod tape;
#[cfg(feature = "proptest")]
pub mod testing;
mod var;

pub use checkpoints::Checkpoints;
pub use directional::{hessian_vector_product, jvp};
pub use dual::Dual;
pub use error::Error;
pub use gradcheck::{GradCheck, gradcheck};
pub use gradients::{Gradients, Keep, RowGradient};
pub use matrix::{Matrix, MatrixMut, MatrixView, Shape};
pub use operation::{Inputs, Operand, Operation, Pullback};
pub use recording::Window;
pub use scalar::Scalar;
pub use second_order::{
    SecondDerivative, SecondOrderError, SecondOrderReport, gradcheck_second_order,
};
pub use sink::Sink;
pub use tape::{Moment, NodeInfo, Scope, Step, Tape, TapeBytes, TapeStats};
pub use var::Var;

/// The examples of the README run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
