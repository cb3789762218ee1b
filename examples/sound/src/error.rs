//! [`SoundError`]: what can be wrong with a file of sound.

use std::io::{self, ErrorKind};

use thiserror::Error;

/// A file that cannot be read. The message goes on from the file's name: "a.wav: 2 channels, …".
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SoundError {
    /// What the system says.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// There is not one byte.
    #[error("the file is empty, and should be a WAV file")]
    EmptyFile,
    /// It is something else.
    #[error("no WAV file that can be read: {0}")]
    NotWav(String),
    /// It ends too early.
    #[error("the WAV file is cut: it ends within its header")]
    CutHeader,
    /// It ends too early.
    #[error("the WAV file is cut: {found} of {expected} samples are there")]
    Cut {
        /// Samples that are there.
        found: usize,
        /// Samples that its header tells of.
        expected: u32,
    },
    /// It has no samples.
    #[error("the WAV file has no samples")]
    NoSamples,
    /// Not one channel.
    #[error("{0} channels, and there should be one (mono)")]
    Channels(u16),
    /// A sample is NaN or infinite.
    #[error("sample {position} is {value}")]
    NotFinite {
        /// Which one, counted from 0.
        position: usize,
        /// What it is.
        value: f32,
    },
    /// The high frequencies are not there, and cannot be made.
    #[error("{found} samples a second, and there should be {lowest} or more")]
    Rate {
        /// Its sample rate, in Hz.
        found: u32,
        /// The rate that was asked for, in Hz.
        lowest: u32,
    },
}

/// What a reader of headers says.
impl From<hound::Error> for SoundError {
    fn from(error: hound::Error) -> Self {
        match error {
            hound::Error::IoError(e) if is_end(&e) => SoundError::CutHeader,
            hound::Error::IoError(e) => SoundError::Io(e),
            hound::Error::Unsupported => SoundError::NotWav("unknown encoding".into()),
            hound::Error::FormatError(what) => SoundError::NotWav(what.into()),
            other => SoundError::NotWav(other.to_string()),
        }
    }
}

/// Whether a file has ended before it should; `hound` has no kind of its own for that.
pub fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::Other | ErrorKind::UnexpectedEof)
}
