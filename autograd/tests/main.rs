//! The tests of this crate from outside, as one program: linked once, and so that many of them run side by side.
#![allow(missing_docs)]

mod chain;
mod checker;
mod dual;
mod gradients;
mod inspect;
mod kit;
mod matrix;
mod ndarray;
mod numbers;
mod programs;
mod singular;
mod tape;
