//! The kit for property tests of operations (feature `proptest`): inputs that shrink, and a check of
//! all that an operation has to keep to.
//!
//! ```toml
//! [dev-dependencies]
//! bptt-autograd = { version = "0.1", features = ["proptest"] }
//! proptest = "1"
//! ```
//!
//! A test of an operation of your own:
//!
//! ```
//! use autograd::testing::{Values, check_operation, matrices};
//! use autograd::{Scalar, ops::Unary};
//! use proptest::prelude::*;
//!
//! /// x σ(x), called swish.
//! #[derive(Clone)]
//! struct Swish;
//!
//! impl<T: Scalar> Unary<T> for Swish {
//!     const NAME: &'static str = "swish";
//!     fn f(&self, x: T) -> T {
//!         x * x.sigmoid()
//!     }
//!     fn df(&self, x: T, y: T) -> T {
//!         y + x.sigmoid() * (T::ONE - y)
//!     }
//!     fn derivative(&self) -> String {
//!         "y + σ(x) ⊙ (1 − y)".into()
//!     }
//! }
//!
//! proptest! {
//!     # /*
//!     #[test]
//!     # */
//!     fn swish_keeps_to_the_rules(x in matrices(2, 3, Values::between(-3.0, 3.0))) {
//!         check_operation(Swish, &[x])?;
//!     }
//! }
//! # swish_keeps_to_the_rules();
//! ```
//!
//! [`check_operation`] says what it checks. [`matrices`] and [`inputs`] draw numbers where a function has
//! its derivative, see [`Values`], and shrink them towards simple ones: a failure reads
//! "[[1.0, 1.0, -0.7], …]". [`check_function`] takes any function of nodes, and is what
//! [`operations`], the table of all that the engine has, is tested with.

mod check;
mod meaning;
mod notation;
mod problem;
mod record;
mod rules;
mod strategies;

pub use crate::ops::table::{Example, Function, Shapes, Values, operations};
pub use check::{Checked, check_function, check_operation, check_operation_with};
pub use problem::{CheckError, Setting};
pub use record::{AsBinary, AsOperation, AsUnary, Record};
pub use strategies::{inputs, matrices};
