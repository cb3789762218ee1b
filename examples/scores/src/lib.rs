//! Tunes, for the examples: what they are, and how they are read, written and drawn.

mod tune;

pub use tune::{Event, Key, TICKS_PER_WHOLE, Tune};
