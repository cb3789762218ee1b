//! Recordings of spoken digits: read from a folder, and dealt out for training and test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sound::Sound;
use train::escaped;
use train::program::Outcome;

use crate::features::RATE;

/// An excerpt of the Free Spoken Digit Dataset: see examples/data/README.md.
pub const DEFAULT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/digits");

/// Recordings with an index below this are the data set's own test part.
const TEST: usize = 5;
/// A recording that is shorter, in seconds, cannot be a digit; nor one that is longer.
const SHORTEST: f64 = 0.1;
const LONGEST: f64 = 5.0;

/// A digit, spoken by somebody.
#[derive(Clone, Debug)]
pub struct Recording {
    pub digit: usize,
    pub speaker: String,
    /// Which one of that speaker's.
    pub index: usize,
    pub sound: Sound,
}

/// Recordings to learn from, and to be judged by.
#[derive(Clone, Debug)]
pub struct Parts {
    pub training: Vec<Recording>,
    pub test: Vec<Recording>,
}

/// Reads all files DIGIT_SPEAKER_INDEX.wav of a folder, in the order of their names.
pub fn read(folder: &Path) -> Outcome<Vec<Recording>> {
    let files = files(folder).map_err(|e| format!("--data {}: {e}", escaped(folder)))?;
    if files.is_empty() {
        let folder = escaped(folder);
        return Err(format!("--data {folder}: no files DIGIT_SPEAKER_INDEX.wav").into());
    }
    let read = |path: &PathBuf| {
        let recording = recording(path);
        recording.map_err(|e| format!("--data: {}: {e}", escaped(path)).into())
    };
    files.iter().map(read).collect()
}

/// The WAV files of a folder, sorted.
fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<std::io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "wav"));
    paths.sort();
    Ok(paths)
}

fn recording(path: &Path) -> Outcome<Recording> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let (digit, speaker, index) =
        label(&stem).ok_or("expected a name like 7_theo_12.wav: digit, speaker, index")?;
    let sound = Sound::read(path)?.at_rate(RATE)?;
    let seconds = sound.seconds();
    if !(SHORTEST..=LONGEST).contains(&seconds) {
        let expected = format!("expected a digit, {SHORTEST} to {LONGEST} s");
        return Err(format!("{seconds:.3} s of sound: {expected}").into());
    }
    Ok(Recording {
        digit,
        speaker,
        index,
        sound,
    })
}

/// "7_theo_12" is the digit 7, by theo, number 12.
fn label(stem: &str) -> Option<(usize, String, usize)> {
    let (digit, rest) = stem.split_once('_')?;
    let (speaker, index) = rest.rsplit_once('_')?;
    let digit = digit.parse().ok().filter(|&digit| digit < 10)?;
    let index = index.parse().ok()?;
    (!speaker.is_empty()).then(|| (digit, speaker.into(), index))
}

/// All speakers, in the order of the alphabet.
pub fn speakers(recordings: &[Recording]) -> Vec<String> {
    let speakers: BTreeSet<_> = recordings.iter().map(|r| &r.speaker).collect();
    speakers.into_iter().cloned().collect()
}

/// The data set's own split: the first five recordings of each digit and speaker are for test.
pub fn split(recordings: &[Recording]) -> Outcome<Parts> {
    let what = format!("an index from 0 to {}", TEST - 1);
    parts(recordings, |r| r.index < TEST, &what)
}

/// All of one speaker for test, and nothing of them to learn from.
pub fn hold_out(recordings: &[Recording], speaker: &str) -> Outcome<Parts> {
    parts(
        recordings,
        |r| r.speaker == speaker,
        &format!("the speaker {speaker}"),
    )
}

fn parts(
    recordings: &[Recording],
    is_test: impl Fn(&Recording) -> bool,
    what: &str,
) -> Outcome<Parts> {
    let (test, training): (Vec<_>, Vec<_>) = recordings.iter().cloned().partition(is_test);
    match (training.len(), test.len()) {
        (1.., 1..) => Ok(Parts { training, test }),
        (training, test) => Err(format!(
            "--data: {test} recordings with {what} for test, and {training} others to learn from"
        )
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_what_is_spoken() {
        assert_eq!(label("7_theo_12"), Some((7, "theo".into(), 12)));
        assert_eq!(label("0_a_b_3"), Some((0, "a_b".into(), 3)));
        for wrong in [
            "",
            "7",
            "7_theo",
            "10_theo_1",
            "x_theo_1",
            "7__1",
            "7_theo_x",
        ] {
            assert_eq!(label(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn no_recording_is_on_both_sides() {
        let recordings = read(Path::new(DEFAULT)).expect("the recordings of the example");
        let Parts { training, test } = split(&recordings).unwrap();
        assert_eq!(training.len() + test.len(), recordings.len());
        assert!(test.iter().all(|r| r.index < 5) && training.iter().all(|r| r.index >= 5));
        for speaker in speakers(&recordings) {
            for part in [&training, &test] {
                let of = |digit| {
                    part.iter()
                        .any(|r| r.speaker == speaker && r.digit == digit)
                };
                assert!((0..10).all(of), "{speaker}");
            }
            let Parts { training, test } = hold_out(&recordings, &speaker).unwrap();
            assert!(training.iter().all(|r| r.speaker != speaker));
            assert!(test.iter().all(|r| r.speaker == speaker));
        }
        assert!(hold_out(&recordings, "nobody").is_err());
    }

    #[test]
    fn a_folder_that_is_wrong_is_refused_in_one_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let refused = || read(folder.path()).unwrap_err().to_string();
        assert!(refused().ends_with("no files DIGIT_SPEAKER_INDEX.wav"));
        let write = |name: &str, bytes: &[u8]| {
            fs::write(folder.path().join(name), bytes).expect("a file");
        };
        let wav = |rate, samples| {
            let samples = vec![0.1; samples];
            Sound { rate, samples }.to_wav().expect("a WAV file")
        };
        for (bytes, expected) in [
            (
                vec![],
                "0_a_0.wav: the file is empty, and should be a WAV file",
            ),
            (
                wav(8000, 2000)[..2000].to_vec(),
                "978 of 2000 samples are there",
            ),
            (
                wav(4000, 2000),
                "4000 samples a second, and there should be 8000 or more",
            ),
            (
                wav(8000, 400),
                "0.050 s of sound: expected a digit, 0.1 to 5 s",
            ),
        ] {
            write("0_a_0.wav", &bytes);
            assert!(refused().ends_with(expected), "{}", refused());
        }
        write("0_a_0.wav", &wav(8000, 2000));
        assert_eq!(read(folder.path()).unwrap()[0].sound.samples.len(), 2000);
        let error = split(&read(folder.path()).unwrap())
            .unwrap_err()
            .to_string();
        assert!(error.ends_with("and 0 others to learn from"), "{error}");
        write("eight.wav", &wav(8000, 2000));
        assert!(refused().contains("expected a name like 7_theo_12.wav"));
        let missing = read(&folder.path().join("none")).unwrap_err().to_string();
        assert!(missing.starts_with("--data "), "{missing}");
    }
}
