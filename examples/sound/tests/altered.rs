//! WAV files altered at random: a sound or an error of one line, and memory for what is in the file.
#![allow(missing_docs)]

use std::io::Cursor;

use hound::{SampleFormat, WavSpec, WavWriter};
use sound::Sound;

#[global_allocator]
static ALLOCATOR: altered::Counting = altered::Counting;

fn wav(bits_per_sample: u16, sample_format: SampleFormat, channels: u16) -> Vec<u8> {
    let spec = WavSpec {
        channels,
        sample_rate: 11_025,
        bits_per_sample,
        sample_format,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
    for i in 0..200_i32 {
        match sample_format {
            SampleFormat::Int => writer.write_sample(i % 100 - 50).unwrap(),
            SampleFormat::Float => writer.write_sample((i as f32 * 0.1).sin()).unwrap(),
        }
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

#[test]
fn altered_sounds_are_sounds_or_refused() {
    let files = [
        wav(8, SampleFormat::Int, 1),
        wav(16, SampleFormat::Int, 1),
        wav(24, SampleFormat::Int, 1),
        wav(32, SampleFormat::Float, 1),
        wav(16, SampleFormat::Int, 2),
    ];
    let files: Vec<_> = files.iter().map(Vec::as_slice).collect();
    altered::check(&files, |bytes| {
        let sound = Sound::from_wav(bytes).map_err(|e| e.to_string())?;
        let is_sound = |x: &f32| (-1.0..=1.0).contains(x);
        assert!(sound.samples.iter().all(is_sound), "{sound:?}");
        let sound = sound.at_rate(8000).map_err(|e| e.to_string())?;
        assert!(sound.samples.iter().all(|x| x.is_finite()), "{sound:?}");
        Ok(())
    });
}
