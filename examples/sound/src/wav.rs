//! [`Sound`]: samples of one channel, from and for WAV files.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

use crate::error::{SoundError, is_end};

/// Samples of one channel.
#[derive(Clone, PartialEq)]
pub struct Sound {
    /// Samples a second, in Hz.
    pub rate: u32,
    /// From −1 to 1.
    pub samples: Vec<f32>,
}

impl Sound {
    /// Reads a WAV file of one channel: integers of 8 to 32 bits, or floats of 32. What is louder than 1 is
    /// clipped, as it would be by a loudspeaker.
    ///
    /// # Errors
    /// If there is none, or it is not such a file, is cut, or has no samples: see [`SoundError`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, SoundError> {
        Sound::from_wav(File::open(path)?)
    }

    /// [`Sound::read`] from bytes. Memory is taken for samples that are there, and not for those of which the
    /// header tells.
    ///
    /// # Errors
    /// As [`Sound::read`].
    pub fn from_wav(reader: impl Read) -> Result<Self, SoundError> {
        let mut reader = BufReader::new(reader);
        if reader.fill_buf()?.is_empty() {
            return Err(SoundError::EmptyFile);
        }
        let wav = WavReader::new(reader)?;
        let WavSpec {
            channels,
            sample_rate: rate,
            bits_per_sample: bits,
            sample_format,
        } = wav.spec();
        match (channels, rate, wav.duration()) {
            (2.., _, _) => return Err(SoundError::Channels(channels)),
            (_, 0, _) => return Err(SoundError::NotWav("0 samples a second".into())),
            (_, _, 0) => return Err(SoundError::NoSamples),
            _ => {}
        }
        let scale = (1.0 - f32::from(bits)).exp2();
        let samples = match sample_format {
            SampleFormat::Int => samples(wav, |x: i32| x as f32 * scale),
            SampleFormat::Float => samples(wav, |x: f32| x),
        }?;
        Ok(Sound { rate, samples })
    }

    /// The bytes of a WAV file with integers of 16 bits. What is louder than 1 is clipped.
    ///
    /// # Errors
    /// If it has more samples than such a file can have.
    pub fn to_wav(&self) -> Result<Vec<u8>, SoundError> {
        let spec = WavSpec {
            channels: 1,
            sample_rate: self.rate,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut bytes, spec)?;
        for x in &self.samples {
            writer.write_sample((x * 32768.0).round() as i16)?; // the nearest that there is
        }
        writer.finalize()?;
        Ok(bytes.into_inner())
    }

    /// How long it is.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.rate)
    }
}

/// All samples of a file, as numbers from −1 to 1.
fn samples<R: Read, S: hound::Sample>(
    mut wav: WavReader<R>,
    number: impl Fn(S) -> f32,
) -> Result<Vec<f32>, SoundError> {
    let (mut samples, expected) = (Vec::new(), wav.len());
    for sample in wav.samples::<S>() {
        let found = samples.len();
        let sample = sample.map_err(|e| match e {
            hound::Error::IoError(e) if is_end(&e) => SoundError::Cut { found, expected },
            other => other.into(),
        })?;
        let value = number(sample);
        if !value.is_finite() {
            let position = found;
            return Err(SoundError::NotFinite { position, value });
        }
        samples.push(value.clamp(-1.0, 1.0));
    }
    Ok(samples)
}

impl fmt::Debug for Sound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Sound({} samples at {} Hz)",
            self.samples.len(),
            self.rate
        )
    }
}
