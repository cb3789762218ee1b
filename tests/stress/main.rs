//! What happens to long runs: they are killed, their disk is full, their terminal is lost.
//!
//! The longer form is the script `run`, beside this file.
#![allow(missing_docs)]
#![cfg(unix)]

mod files;
mod killed;
#[path = "../programs/mod.rs"]
mod programs;
mod signals;
