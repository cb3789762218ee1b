//! Recurrent layers as unrolled graphs on a tape.

mod parameters;

pub use parameters::{Bound, ParameterId, ParameterSet};
