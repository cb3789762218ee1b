//! The tests of this crate from outside, as one program: linked once, and so that many of them run side by side.
//! (Where memory is counted, `altered`, nothing else may run.)
#![allow(missing_docs)]

mod common;
#[path = "../../layers/tests/common/mod.rs"]
#[allow(dead_code)] // the tolerance of layers
mod reference;

mod bleu;
mod checkpoints;
mod classifier;
mod clipping;
mod data;
mod fit;
mod loss_curve;
mod messages;
mod npy;
mod optimizers;
mod peers;
mod ranks;
mod replacing;
mod schedules;
mod sparse;
mod torch_files;
mod training;
