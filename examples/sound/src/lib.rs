//! Sound, for the examples: how it is read, written, resampled, and seen.
//!
//! | what | where |
//! |---|---|
//! | samples of one channel, from and for WAV files | [`Sound`] |
//! | another sample rate, another speed | [`Sound::at_rate`], [`Sound::faster`] |
//! | how loud each band of frequencies is over time | [`MelSpectrogram`] |
//! | the same wherever and however loud it was recorded | [`standardised`] |
//! | a colour for how loud it is | [`shade`] |
//! | recordings of spoken digits, and their parts for training and test | [`Recording`], [`Parts`] |
//!
//! ```
//! use sound::{MelSpectrogram, Sound};
//!
//! let tone = |i: u32| 0.5 * (i as f32 * 0.35).sin();
//! let sound = Sound { rate: 8000, samples: (0..4000).map(tone).collect() };
//! let again = Sound::from_wav(&sound.to_wav()?[..])?;
//! assert_eq!(again.samples.len(), 4000);
//! let seen = MelSpectrogram::new(8000, 32).of(&again.samples); // 32 bands, every 10 ms
//! assert_eq!(seen.shape().to_string(), "[48, 32]");
//! # Ok::<(), sound::SoundError>(())
//! ```

mod error;
mod mel;
mod recordings;
mod resample;
mod shade;
mod wav;

pub use error::SoundError;
pub use mel::{MelSpectrogram, standardised};
pub use recordings::{Parts, Recording, RecordingsError, speakers};
pub use shade::shade;
pub use wav::Sound;
