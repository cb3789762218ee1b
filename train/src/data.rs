//! Data: samples, mini-batches of them, and long texts in stretches.

mod dataset;
mod input;
mod samples;
mod source;
mod streams;

pub use dataset::{Dataset, Subset, k_fold, k_fold_by_class, split_at_random, split_by_class};
pub use input::{DataError, Input, Target};
pub(crate) use input::{check_target, stacked};
pub use samples::{Batch, Samples};
pub use source::Source;
pub use streams::{Streams, Stretch};
