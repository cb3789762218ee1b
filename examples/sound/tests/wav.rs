//! WAV files: what is written is read, and whatever stands in a file, it is a sound or one line.

use proptest::prelude::*;
use sound::{MelSpectrogram, Sound, SoundError};

fn wav(samples: usize) -> Vec<u8> {
    let sample = |i: usize| (i as f32 * 0.1).sin() * 0.9;
    let samples = (0..samples).map(sample).collect();
    Sound {
        rate: 8000,
        samples,
    }
    .to_wav()
    .unwrap()
}

fn refused(bytes: &[u8]) -> String {
    Sound::from_wav(bytes).unwrap_err().to_string()
}

/// A file with a header of 44 bytes, altered at some place.
fn altered(at: usize, with: &[u8]) -> Vec<u8> {
    let mut bytes = wav(50);
    bytes[at..at + with.len()].copy_from_slice(with);
    bytes
}

/// A header as it stands in most files, and data behind it.
fn file(format: u16, channels: u16, bits: u16, data: &[u8]) -> Vec<u8> {
    let block = channels * bits / 8;
    let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
    bytes.extend(format.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(8000u32.to_le_bytes());
    bytes.extend((8000 * u32::from(block)).to_le_bytes());
    bytes.extend(block.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn what_is_written_is_read() {
    let samples = vec![0.0, 0.5, -0.5, -1.0, 32767.0 / 32768.0, 1.0 / 32768.0];
    let sound = Sound {
        rate: 22_050,
        samples,
    };
    assert_eq!(
        Sound::from_wav(&sound.to_wav().unwrap()[..]).unwrap(),
        sound
    );
    let loud = Sound {
        rate: 8000,
        samples: vec![7.0, -7.0],
    };
    let again = Sound::from_wav(&loud.to_wav().unwrap()[..]).unwrap();
    assert_eq!(again.samples, [32767.0 / 32768.0, -1.0]);
}

#[test]
fn integers_and_floats_of_any_width_are_read() {
    let samples = |bytes: Vec<u8>| Sound::from_wav(&bytes[..]).unwrap().samples;
    assert_eq!(samples(file(1, 1, 8, &[128, 192, 0])), [0.0, 0.5, -1.0]);
    assert_eq!(
        samples(file(1, 1, 24, &[0, 0, 0x40, 0, 0, 0x80])),
        [0.5, -1.0]
    );
    assert_eq!(samples(file(1, 1, 32, &[0, 0, 0, 0x40])), [0.5]);
    let floats: Vec<_> = [0.25f32, 3.0]
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .collect();
    assert_eq!(samples(file(3, 1, 32, &floats)), [0.25, 1.0]);
}

#[test]
fn what_is_no_sound_is_refused_in_one_line() {
    assert_eq!(refused(b""), "the file is empty, and should be a WAV file");
    let text = refused(b"some text that is long enough to be something");
    assert_eq!(text, "no WAV file that can be read: no RIFF tag found");
    assert_eq!(
        refused(&wav(9)[..30]),
        "the WAV file is cut: it ends within its header"
    );
    let cut = wav(50);
    let cut = refused(&cut[..cut.len() - 31]);
    assert_eq!(cut, "the WAV file is cut: 34 of 50 samples are there");
    assert_eq!(refused(&wav(0)), "the WAV file has no samples");
    let stereo = refused(&file(1, 2, 16, &[0; 8]));
    assert_eq!(stereo, "2 channels, and there should be one (mono)");
    let encoding = refused(&altered(20, &[7, 0])); // μ-law
    assert_eq!(encoding, "no WAV file that can be read: unknown encoding");
    let nan = refused(&file(3, 1, 32, &f32::NAN.to_le_bytes()));
    assert_eq!(nan, "sample 0 is NaN");
    let missing = Sound::read("no such file.wav").unwrap_err();
    assert!(matches!(missing, SoundError::Io(_)), "{missing}");
    Sound::read(env!("CARGO_MANIFEST_DIR")).unwrap_err();
}

#[test]
fn a_header_that_promises_much_costs_nothing() {
    let promised = altered(40, &[0xfe, 0xff, 0xff, 0xff]);
    let error = refused(&promised);
    assert_eq!(
        error,
        "the WAV file is cut: 50 of 2147483647 samples are there"
    );
}

proptest! {
    #[test]
    fn altered_bytes_are_a_sound_or_one_line(
        changes in prop::collection::vec((0usize..144, any::<u8>()), 1..6),
        kept in 0usize..=144,
        as_float in any::<bool>(),
    ) {
        let mut bytes = if as_float { file(3, 1, 32, &[63; 100]) } else { wav(50) };
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        bytes.truncate(kept);
        match Sound::from_wav(&bytes[..]) {
            Ok(sound) => {
                prop_assert!(!sound.samples.is_empty() && sound.samples.len() <= bytes.len());
                prop_assert!(sound.samples.iter().all(|x| x.abs() <= 1.0));
                if let Ok(sound) = sound.at_rate(8000) {
                    let seen = MelSpectrogram::new(8000, 32).of(&sound.samples);
                    prop_assert!(seen.data().iter().all(|x| x.is_finite()));
                }
            }
            Err(error) => {
                let line = error.to_string();
                prop_assert!(!line.is_empty() && !line.contains('\n'), "{}", line);
            }
        }
    }
}
