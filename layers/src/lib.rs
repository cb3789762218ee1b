//! Recurrent layers as unrolled graphs on a tape.
//!
//! A [`Cell`] is one time step of a layer, written as its equations; [`unroll`] repeats it over a
//! sequence. Backpropagation through time is the tape's ordinary reverse sweep over the result:
//!
//! ```
//! use autograd::{Matrix, Tape};
//! use layers::{Cell, Linear, Lstm, ParameterSet, unroll};
//! use rand::{SeedableRng, rngs::ChaCha8Rng};
//!
//! let mut rng = ChaCha8Rng::seed_from_u64(1);
//! let mut set = ParameterSet::<f32>::new();
//! let lstm = Lstm::new(&mut set, "lstm1", 3, 8, &mut rng);
//! let output = Linear::new(&mut set, "output", 8, 2, &mut rng);
//!
//! let (steps, batch) = (5, 4);
//! let tape = Tape::new();
//! let p = set.bind(&tape);
//! let x = tape.constant(Matrix::from_fn(steps * batch, 3, |r, c| (r + c) as f32 * 0.1));
//! let zx = lstm.project(&p, x); // one product for all steps
//! let unrolled = unroll(&lstm, &p, zx, batch, lstm.initial_state(&p, batch));
//! let logits = output.apply(&p, unrolled.state.h);
//! let gradients = logits.cross_entropy(&[0, 1, 1, 0]).backward();
//! assert!(gradients.of(p.var(lstm.weights.w)).norm() > 0.0);
//! ```
//!
//! Sequences are time-major: T steps of a mini-batch of B rows are stacked to `[T*B, features]`,
//! whose row blocks are the steps.

mod attention;
mod beam;
mod bound;
mod carried;
mod cell;
mod char_model;
mod check;
mod combine;
mod coupled_lstm;
mod decoder;
mod decoding;
mod dropout;
mod embedding;
mod gather;
mod generator;
mod gru;
mod init;
mod layer;
mod layer_norm;
mod layer_norm_gru;
mod layer_norm_lstm;
mod lengths;
mod linear;
pub mod loss;
mod lstm;
mod padded;
mod parameters;
mod peephole_lstm;
mod pool;
mod projection;
mod recurrent;
mod rnn;
mod sampling;
mod scheduled_sampling;
mod segments;
mod sequence;
mod sequence_error;
mod stack;
mod state;
#[cfg(feature = "proptest")]
pub mod testing;
pub mod torch;
mod unroll;
mod weights;

pub use attention::{Attended, Attention, Memory};
pub use beam::{Beam, beam_search};
pub use bound::Bound;
pub use carried::Carried;
pub use cell::Cell;
pub use char_model::{CellKind, CharModel, UnknownCell};
pub use combine::{Map, Residual};
pub use coupled_lstm::CoupledLstm;
pub use decoder::{Decoded, Decoder};
pub use decoding::{DecodingError, Hypothesis, Stop, greedy, sample_sequence};
pub use dropout::{Dropout, RecurrentDropout, dropout};
pub use embedding::Embedding;
pub use gather::GatherRows;
pub use generator::Generator;
pub use gru::{Gru, Reset};
pub use init::{Init, uniform};
pub use layer::{Layer, StateSize, States};
pub use layer_norm::LayerNorm;
pub use layer_norm_gru::LayerNormGru;
pub use layer_norm_lstm::LayerNormLstm;
pub use lengths::{IntoLengths, Lengths};
pub use linear::Linear;
pub use lstm::Lstm;
pub use padded::Padded;
pub use parameters::{ParameterId, ParameterSet};
pub use peephole_lstm::PeepholeLstm;
pub use pool::Pool;
pub use projection::Projection;
pub use recurrent::{Backward, Bidirectional, Forward};
pub use rnn::{Activation, SimpleRnn};
pub use sampling::{Sampling, SamplingError, sample};
pub use scheduled_sampling::{ScheduledSampling, scheduled_inputs};
pub use segments::{Segments, unroll_in_segments};
pub use sequence::Sequence;
pub use sequence_error::SequenceError;
pub use stack::Stack;
pub use state::State;
pub use unroll::{Direction, Unrolled, unroll, unroll_from};
pub use weights::Weights;

pub use loss::{
    BinaryCrossEntropy, CrossEntropy, Ctc, CtcError, CtcProblem, Labelling, MixtureDensity,
    MixtureError, Reduction, absolute_error, huber_error, squared_error,
};

/// The examples of the README run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
