//! Tunes, for the examples: what they are, and how they are read, written and drawn.
//!
//! | what | where |
//! |---|---|
//! | notes in time, bars, keys | [`Tune`] |
//! | text in ABC notation | [`abc::read`], [`abc::write`] |
//! | MIDI files | [`midi()`] |
//! | pictures | [`PianoRoll`] |

pub mod abc;
mod bars;
mod key;
mod midi;
mod roll;
mod tune;

pub use key::Key;
pub use midi::midi;
pub use roll::PianoRoll;
pub use tune::{Bar, Event, Line, TICKS_PER_WHOLE, Tune};
