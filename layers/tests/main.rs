//! The tests of this crate from outside, as one program: linked once, and so that many of them run side by side.
#![allow(missing_docs)]

// What several of them are held against.
mod cells_reference;
mod common;
mod losses_reference;
mod reference;

mod attention;
mod attention_pytorch;
mod beam;
mod cells;
mod char_model;
mod ctc;
mod decoding;
mod directions;
mod drawing;
mod dropout;
mod gradients;
mod init;
mod inspect;
mod losses;
mod messages;
mod mixture;
mod packed;
mod packed_pytorch;
mod peers;
mod pytorch;
mod sampling;
mod scheduled_sampling;
mod segments;
mod torch_mapping;
