//! What is heard: a spectrogram, a row for each 20 ms.

use std::sync::OnceLock;

use sound::{MelSpectrogram, Sound, standardised};
use train::prelude::*;

/// Samples a second that it hears.
pub const RATE: u32 = 8000;
/// Bands of the spectrogram.
pub const BANDS: usize = 32;
/// Frames that are one step.
pub const FRAMES: usize = 2;

/// What is learned from: what is heard, and the digits that are said.
#[derive(Clone, Debug)]
pub struct Sample {
    pub x: Matrix,
    pub digits: Vec<usize>,
}

impl Sample {
    pub fn new(sound: &Sound, digits: &[usize]) -> Self {
        Sample {
            x: features(&spectrogram(sound)),
            digits: digits.to_vec(),
        }
    }
}

/// The spectrogram of a sound, `[T, BANDS]`.
pub fn spectrogram(sound: &Sound) -> Matrix {
    static MELS: OnceLock<MelSpectrogram> = OnceLock::new();
    MELS.get_or_init(|| MelSpectrogram::new(RATE, BANDS))
        .of(&sound.samples)
}

/// A row for each step: the standardised frames of a step side by side, `[⌈T / FRAMES⌉, FRAMES BANDS]`. The last
/// frame is repeated where one is missing.
pub fn features(spectrogram: &Matrix) -> Matrix {
    let s = standardised(spectrogram);
    let frames = s.row_count();
    Matrix::from_fn(frames.div_ceil(FRAMES), FRAMES * BANDS, |t, c| {
        s[((t * FRAMES + c / BANDS).min(frames - 1), c % BANDS)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_two_frames() {
        let spectrogram = Matrix::from_fn(5, BANDS, |t, b| (t * t + b) as f32);
        let (x, s) = (features(&spectrogram), standardised(&spectrogram));
        assert_eq!(x.shape().to_string(), format!("[3, {}]", 2 * BANDS));
        assert_eq!(x.row(1), [s.row(2), s.row(3)].concat());
        assert_eq!(x.row(2), [s.row(4), s.row(4)].concat());
    }
}
