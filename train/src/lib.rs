//! Training of recurrent networks on an [`autograd`] tape: gradients of a parameter set, clipping,
//! optimizers, schedules, averages of weights, text and batches, the training step, checkpoints, weights from
//! and for PyTorch.
//!
//! It knows nothing of any one cell: a model is a [`ParameterSet`](layers::ParameterSet) and a
//! function that records its loss.
//!
//! ```
//! use train::prelude::*;
//!
//! let mut parameters = ParameterSet::<f64>::new();
//! let w = parameters.add("line.W", Matrix::from([[0.0]]));
//! let mut trainer = Trainer::new(parameters, Sgd::new(0.1));
//! for _ in 0..100 {
//!     trainer.step(|p| {
//!         let x = p.tape().constant(Matrix::from([[1.0], [2.0]]));
//!         let y = p.tape().constant(Matrix::from([[3.0], [6.0]]));
//!         x.matmul_t(p.var(w)).mean_squared_error(y)
//!     })?;
//! }
//! assert!((trainer.parameters().get(w)[(0, 0)] - 3.0).abs() < 1e-6);
//! # Ok::<(), train::TrainError>(())
//! ```

pub use autograd;
pub use layers;
pub use pictures;
pub use rand;

mod batches;
mod blocks;
mod checkpoint;
mod classifier;
mod clip;
#[doc(hidden)]
pub mod compiled;
mod data;
mod ema;
mod files;
mod fit;
mod gradient;
mod grads;
mod memory;
mod metrics;
#[cfg(feature = "npy")]
mod npy;
mod optimizer;
mod optimizers;
mod plateau;
#[cfg(feature = "program")]
pub mod program;
mod ranks;
mod schedule;
mod sequential;
mod shard;
mod state_dict;
mod tensors;
mod text;
mod text_model;
mod trainer;
mod vocabulary;

pub use batches::{BatchError, Windows, split};
pub use checkpoint::{Checkpoint, CheckpointError, Replace};
pub use classifier::Classifier;
pub use clip::{clip_by_global_norm, clip_by_value, clipping_factor};
pub use data::{
    Batch, DataError, Dataset, Input, Samples, Source, Streams, Stretch, Subset, Target, k_fold,
    k_fold_by_class, split_at_random, split_by_class,
};
pub use ema::Ema;
pub use files::{FileError, FileKind, escaped};
pub use fit::{Ended, EpochReport, Fit, FitError, History, Scores, evaluate};
pub use grads::ParameterGradients;
pub use metrics::{Bleu, Confusion, Edits, Measures, Spread, bits, edit_distance, perplexity};
#[cfg(feature = "npy")]
pub use npy::{NpyError, read_npy, read_npz, write_npy, write_npz};
pub use optimizer::{Optimizer, StateError};
pub use optimizers::{
    Adadelta, AdadeltaRule, Adagrad, AdagradRule, Adam, AdamRule, Descent, Elements, Group, NAdam,
    NAdamRule, RAdam, RAdamRule, RmsProp, RmsPropRule, Sgd, SgdRule, Step, UpdateRule,
};
pub use plateau::Plateau;
pub use ranks::{Link, OnRank, Ranks, RanksError};
pub use schedule::{OneCycle, Schedule};
pub use sequential::Sequential;
pub use state_dict::{StateDictError, read_state_dict, read_state_dict_of, write_state_dict};
pub use text::{
    Corpus, Labelled, SkipReason, Skipped, TextError, read_classes, read_text, read_text_file,
};
pub use text_model::{TextModel, TextModelError};
pub use trainer::{StepReport, TrainError, Trainer};
pub use vocabulary::Vocabulary;

/// What a program or a notebook needs, from one import: `use train::prelude::*;`.
pub mod prelude {
    pub use crate::{
        Adadelta, Adagrad, Adam, Batch, Bleu, Checkpoint, Classifier, Confusion, DataError,
        Dataset, Edits, Ema, Ended, EpochReport, Fit, FitError, Group, History, Measures, NAdam,
        OneCycle, Optimizer, ParameterGradients, Plateau, RAdam, Ranks, Replace, RmsProp, Samples,
        Schedule, Scores, Sequential, Sgd, Source, Spread, StepReport, Streams, Stretch, Subset,
        TextError, TextModel, TrainError, Trainer, Vocabulary, Windows, clip_by_global_norm,
        clip_by_value, evaluate, k_fold, k_fold_by_class, read_classes, read_state_dict,
        read_state_dict_of, read_text, read_text_file, split, split_at_random, split_by_class,
        write_state_dict,
    };
    pub use autograd::ops::Unary;
    pub use autograd::{
        Dual, Gradients, Inputs, Keep, Matrix, MatrixMut, MatrixView, Operation, Pullback, Scalar,
        Shape, Tape, Var, gradcheck, gradcheck_second_order, hessian_vector_product, jvp,
    };
    pub use layers::{
        Activation, Attended, Attention, Backward, Bidirectional, Bound, Carried, Cell, CellKind,
        CharModel, CoupledLstm, Direction, Dropout, Embedding, Forward, Generator, Gru, Init,
        Layer, LayerNorm, LayerNormGru, LayerNormLstm, Lengths, Linear, Lstm, Map, ParameterId,
        ParameterSet, PeepholeLstm, Pool, RecurrentDropout, Reset, Residual, Segments, Sequence,
        SimpleRnn, Stack, State, States, Unrolled, Weights, dropout, sample, torch, uniform,
        unroll, unroll_from,
    };
    pub use layers::{
        Beam, Decoder, GatherRows, Hypothesis, IntoLengths, Memory, Sampling, ScheduledSampling,
        Stop, beam_search, greedy, sample_sequence, scheduled_inputs,
    };
    pub use pictures::{
        BarChart, ColouredText, FadingMemory, FlowPictures, HeatMap, LineChart, ReplayPictures,
        TapePictures, TrianglePictures, VarPictures,
    };
    pub use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
}

/// How to do what: each recipe is a program that runs.
#[doc = include_str!("../COOKBOOK.md")]
pub mod cookbook {}

/// The examples of the README run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
