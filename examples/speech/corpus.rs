//! What is learned from: recordings as levels, frame by frame.

use std::path::Path;

use sound::{Parts, Recording, speakers};
use train::escaped;
use train::program::Outcome;

use crate::mu_law::{SILENCE, level, sample};

/// An excerpt of the Free Spoken Digit Dataset: see examples/data/README.md.
pub const EXCERPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/digits");
/// Samples a second.
pub const RATE: u32 = 8000;
/// Samples of a frame, 5 ms.
pub const FRAME: usize = 40;

/// The loudest sample of every recording, once it is played as loud as the others.
const PEAK: f32 = 0.9;
/// How quiet a recording may be: what is quieter is left so.
const QUIETEST: f32 = 1e-3;

/// A digit, said by somebody, or as far as it is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Utterance {
    pub digit: usize,
    /// By their number.
    pub speaker: usize,
    /// Of whole frames, where it is said to the end.
    pub levels: Vec<u8>,
}

impl Utterance {
    /// All recordings are made as loud as each other; what is left behind the last whole frame, less than 5 ms, is cut
    /// off.
    fn of(recording: &Recording, speakers: &[String]) -> Self {
        let samples = &recording.sound.samples;
        let whole = samples.len() / FRAME * FRAME;
        let peak = samples.iter().fold(QUIETEST, |peak, x| peak.max(x.abs()));
        let speaker = speakers.iter().position(|s| *s == recording.speaker);
        Utterance {
            digit: recording.digit,
            speaker: speaker.expect("a speaker who is one of them"),
            levels: samples[..whole]
                .iter()
                .map(|x| level(PEAK / peak * x))
                .collect(),
        }
    }

    pub fn frames(&self) -> usize {
        self.levels.len() / FRAME
    }

    /// The levels before sample `i`, the last one first; before the first one it is silent for ever.
    pub fn before(&self, i: usize) -> impl Iterator<Item = u8> {
        let known = self.levels[..i].iter().rev().copied();
        known.chain(std::iter::repeat(SILENCE))
    }

    /// The sound pressure that the levels stand for.
    pub fn samples(&self) -> Vec<f64> {
        self.levels.iter().map(|&q| f64::from(sample(q))).collect()
    }
}

/// A frame of an utterance, which is to be foreseen from those before; or the end, behind the last one.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub of: &'a Utterance,
    /// From 0 to the number of frames, which is that of the end.
    pub frame: usize,
}

impl Place<'_> {
    pub fn is_end(&self) -> bool {
        self.frame == self.of.frames()
    }

    /// Those of the frame, of which there are none at the end.
    pub fn levels(&self) -> impl Iterator<Item = u8> {
        let rest = self.of.levels[self.frame * FRAME..].iter();
        rest.take(FRAME).copied()
    }
}

/// Every place of an utterance.
pub fn places(of: &Utterance) -> impl Iterator<Item = Place<'_>> {
    (0..=of.frames()).map(move |frame| Place { of, frame })
}

/// The utterances of some speakers.
#[derive(Clone, Debug)]
pub struct Corpus {
    pub speakers: Vec<String>,
    pub training: Vec<Utterance>,
    pub test: Vec<Utterance>,
}

impl Corpus {
    /// Reads a folder, and takes the recordings of these speakers, or of all. The data set's own test part is held
    /// out.
    pub fn read(folder: &Path, wanted: &[String]) -> Outcome<Self> {
        let wrong = |e| format!("--data: {e}");
        let mut recordings = Recording::read_all(folder, RATE).map_err(wrong)?;
        let all = speakers(&recordings);
        if let Some(nobody) = wanted.iter().find(|name| !all.contains(name)) {
            let (nobody, all) = (escaped(nobody), escaped(all.join(", ")));
            return Err(format!("--speakers {nobody}: expected some of {all}").into());
        }
        if !wanted.is_empty() {
            recordings.retain(|recording| wanted.contains(&recording.speaker));
        }
        let speakers = speakers(&recordings);
        let Parts { training, test } = Parts::split(&recordings).map_err(wrong)?;
        let utterances = |part: Vec<Recording>| {
            let of = part
                .iter()
                .map(|recording| Utterance::of(recording, &speakers));
            of.collect()
        };
        Ok(Corpus {
            training: utterances(training),
            test: utterances(test),
            speakers,
        })
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// So many utterances by two speakers, in which digit and speaker can be heard: tones of different pitch and length.
    pub fn tones(count: usize) -> Vec<Utterance> {
        let tone = |i: usize| {
            let (digit, speaker) = (i % 3, i / 3 % 2);
            let frames = 4 + 2 * digit + i % 2;
            let pitch = 0.2 + 0.25 * digit as f32 + 0.1 * speaker as f32;
            let sample = |n: usize| 0.4 * (pitch * n as f32).sin();
            Utterance {
                digit,
                speaker,
                levels: (0..frames * FRAME).map(|n| level(sample(n))).collect(),
            }
        };
        (0..count).map(tone).collect()
    }

    #[test]
    fn recordings_become_levels_of_whole_frames_as_loud_as_each_other() {
        let corpus = Corpus::read(Path::new(EXCERPT), &["theo".into()]).expect("a corpus");
        assert_eq!(corpus.speakers, ["theo"]);
        assert_eq!((corpus.training.len(), corpus.test.len()), (40, 10));
        for utterance in corpus.training.iter().chain(&corpus.test) {
            assert_eq!(utterance.levels.len(), utterance.frames() * FRAME);
            let peak = utterance
                .samples()
                .iter()
                .fold(0.0, |peak: f64, x| peak.max(x.abs()));
            assert!((0.8..0.93).contains(&peak), "{peak}");
        }
        let all = Corpus::read(Path::new(EXCERPT), &[]).expect("a corpus");
        assert_eq!(all.speakers, ["nicolas", "theo", "yweweler"]);
        let of_theo = all.test.iter().filter(|utterance| utterance.speaker == 1);
        assert!(
            of_theo
                .map(|u| (&u.levels, u.digit))
                .eq(corpus.test.iter().map(|u| (&u.levels, u.digit)))
        );
    }

    #[test]
    fn before_the_beginning_it_is_silent() {
        let utterance = &tones(1)[0];
        let before: Vec<_> = utterance.before(2).take(4).collect();
        let [first, second] = [utterance.levels[0], utterance.levels[1]];
        assert_eq!(before, [second, first, SILENCE, SILENCE]);
        let ends: Vec<_> = places(utterance).map(|place| place.is_end()).collect();
        assert_eq!(ends, [false, false, false, false, true]);
    }

    #[test]
    fn what_is_wrong_is_told_in_one_line() {
        let refused = |folder: &Path, speakers: &[&str]| {
            let speakers: Vec<_> = speakers.iter().map(ToString::to_string).collect();
            let error = Corpus::read(folder, &speakers).unwrap_err().to_string();
            assert!(!error.contains('\n'), "{error}");
            error
        };
        let expected = "--speakers bob: expected some of nicolas, theo, yweweler";
        assert_eq!(refused(Path::new(EXCERPT), &["theo", "bob"]), expected);
        assert!(refused(Path::new("/nowhere"), &[]).starts_with("--data: /nowhere: "));
        let folder = tempfile::tempdir().expect("a folder");
        assert!(refused(folder.path(), &[]).ends_with("no files DIGIT_SPEAKER_INDEX.wav"));
        let wav = |rate| {
            let samples = vec![0.1; 2000];
            sound::Sound { rate, samples }.to_wav().expect("a WAV file")
        };
        for (name, bytes, expected) in [
            (
                "0_a_0.wav",
                vec![],
                "0_a_0.wav: the file is empty, and should be a WAV file",
            ),
            (
                "0_a_0.wav",
                wav(8000)[..2000].to_vec(),
                "978 of 2000 samples are there",
            ),
            (
                "0_a_0.wav",
                wav(4000),
                "4000 samples a second, and there should be 8000 or more",
            ),
            (
                "0_a_0.wav",
                wav(8000),
                "for test, and 0 others to learn from",
            ),
            (
                "a_zero.wav",
                wav(8000),
                "expected a name like 7_theo_12.wav: digit, speaker, index",
            ),
        ] {
            std::fs::write(folder.path().join(name), bytes).expect("a file");
            let error = refused(folder.path(), &[]);
            assert!(
                error.starts_with("--data: ") && error.ends_with(expected),
                "{error}"
            );
        }
    }
}
