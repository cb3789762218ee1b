//! [`Recording`]s of spoken digits, as the Free Spoken Digit Dataset has them: read from a folder, and dealt out for
//! training and test.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use train::escaped;

use crate::{Sound, SoundError};

/// Recordings with an index below this are the data set's own test part.
const TEST: usize = 5;
/// A recording that is shorter, in seconds, cannot be a digit; nor one that is longer.
const SHORTEST: f64 = 0.1;
const LONGEST: f64 = 5.0;

/// A digit, spoken by somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Which one, from 0 to 9.
    pub digit: usize,
    /// By whom.
    pub speaker: String,
    /// Which one of that digit and speaker.
    pub index: usize,
    /// What is heard.
    pub sound: Sound,
}

/// Recordings to learn from, and to be judged by.
#[derive(Clone, Debug)]
pub struct Parts {
    /// To learn from.
    pub training: Vec<Recording>,
    /// To be judged by.
    pub test: Vec<Recording>,
}

/// What is wrong with a folder of recordings.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordingsError {
    /// It cannot be read.
    #[error("{}: {source}", escaped(folder))]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It has no recordings.
    #[error("{}: no files DIGIT_SPEAKER_INDEX.wav", escaped(.0))]
    Nothing(PathBuf),
    /// The name of a WAV file does not tell what is spoken.
    #[error(
        "{}: expected a name like 7_theo_12.wav: digit, speaker, index",
        escaped(.0)
    )]
    Name(PathBuf),
    /// A file cannot be read as sound.
    #[error("{}: {source}", escaped(path))]
    Sound {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: SoundError,
    },
    /// It cannot be a digit.
    #[error(
        "{}: {seconds:.3} s of sound: expected a digit, {SHORTEST} to {LONGEST} s",
        escaped(path)
    )]
    Length {
        /// The file.
        path: PathBuf,
        /// How long it is.
        seconds: f64,
    },
    /// Nothing to learn from, or nothing to be judged by.
    #[error("{test} recordings with {what} for test, and {training} others to learn from")]
    Parts {
        /// How many there are for test.
        test: usize,
        /// What they have.
        what: String,
        /// How many others there are.
        training: usize,
    },
}

impl Recording {
    /// Reads all files DIGIT_SPEAKER_INDEX.wav of a folder, in the order of their names, with so many samples a
    /// second. Files that are not called .wav are passed over.
    ///
    /// # Errors
    /// If there are none, or one has another name, cannot be read, has fewer samples a second, or is no digit by its
    /// length: 0.1 to 5 s.
    ///
    /// # Panics
    /// If the rate is 0.
    #[track_caller]
    pub fn read_all(folder: &Path, rate: u32) -> Result<Vec<Self>, RecordingsError> {
        let files = files(folder).map_err(|source| RecordingsError::Folder {
            folder: folder.into(),
            source,
        })?;
        if files.is_empty() {
            return Err(RecordingsError::Nothing(folder.into()));
        }
        files.iter().map(|path| recording(path, rate)).collect()
    }
}

/// The WAV files of a folder, sorted.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "wav"));
    paths.sort();
    Ok(paths)
}

fn recording(path: &Path, rate: u32) -> Result<Recording, RecordingsError> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let (digit, speaker, index) = label(&stem).ok_or_else(|| RecordingsError::Name(path.into()))?;
    let sound = Sound::read(path).and_then(|sound| sound.at_rate(rate));
    let sound = sound.map_err(|source| RecordingsError::Sound {
        path: path.into(),
        source,
    })?;
    let seconds = sound.seconds();
    if !(SHORTEST..=LONGEST).contains(&seconds) {
        let path = path.into();
        return Err(RecordingsError::Length { path, seconds });
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

impl Parts {
    /// The data set's own split: the first five recordings of each digit and speaker, with indices from 0 to 4, are
    /// for test.
    ///
    /// # Errors
    /// If there is nothing to learn from, or nothing to be judged by.
    pub fn split(recordings: &[Recording]) -> Result<Self, RecordingsError> {
        let what = format!("an index from 0 to {}", TEST - 1);
        Parts::of(recordings, |r| r.index < TEST, what)
    }

    /// All of one speaker for test, and nothing of them to learn from.
    ///
    /// # Errors
    /// As [`Parts::split`].
    pub fn hold_out(recordings: &[Recording], speaker: &str) -> Result<Self, RecordingsError> {
        let what = format!("the speaker {}", escaped(speaker));
        Parts::of(recordings, |r| r.speaker == speaker, what)
    }

    fn of(
        recordings: &[Recording],
        is_test: impl Fn(&Recording) -> bool,
        what: String,
    ) -> Result<Self, RecordingsError> {
        let (test, training): (Vec<_>, Vec<_>) = recordings.iter().cloned().partition(is_test);
        match (training.len(), test.len()) {
            (1.., 1..) => Ok(Parts { training, test }),
            (training, test) => Err(RecordingsError::Parts {
                test,
                what,
                training,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXCERPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/digits");
    const RATE: u32 = 8000;

    fn read(folder: &Path) -> Result<Vec<Recording>, RecordingsError> {
        Recording::read_all(folder, RATE)
    }

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
        let recordings = read(Path::new(EXCERPT)).expect("the recordings of the example");
        let Parts { training, test } = Parts::split(&recordings).unwrap();
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
            let Parts { training, test } = Parts::hold_out(&recordings, &speaker).unwrap();
            assert!(training.iter().all(|r| r.speaker != speaker));
            assert!(test.iter().all(|r| r.speaker == speaker));
        }
        assert!(Parts::hold_out(&recordings, "nobody").is_err());
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
        let error = Parts::split(&read(folder.path()).unwrap())
            .unwrap_err()
            .to_string();
        assert!(error.ends_with("and 0 others to learn from"), "{error}");
        write("eight.wav", &wav(8000, 2000));
        assert!(refused().contains("expected a name like 7_theo_12.wav"));
        let missing = read(&folder.path().join("none")).unwrap_err();
        assert!(
            matches!(missing, RecordingsError::Folder { .. }),
            "{missing}"
        );
    }
}
