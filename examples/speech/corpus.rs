//! What is learned from: recordings as levels, frame by frame.

use std::path::Path;

use sound::{Parts, Recording, Sound, speakers};
use train::escaped;
use train::program::Outcome;

use crate::mu_law::{SILENCE, level, sample};

/// Samples a second.
pub const RATE: u32 = 8000;
/// Samples of a frame, 2 ms.
pub const FRAME: usize = 40;

/// A digit, said by somebody, or as far as it is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Utterance {
    pub digit: usize,
    /// By their number.
    pub speaker: usize,
    /// Of whole frames.
    pub levels: Vec<u8>,
}

impl Utterance {
    /// What is left behind the last whole frame, less than 2 ms, is cut off.
    fn of(recording: &Recording, speakers: &[String]) -> Self {
        let peak = recording.sound.samples.iter().fold(1e-3f32, |peak, x| peak.max(x.abs()));
        let mut samples = recording.sound.samples.iter();
        let whole = samples.len() / FRAME * FRAME;
        let speaker = speakers.iter().position(|s| *s == recording.speaker);
        Utterance {
            digit: recording.digit,
            speaker: speaker.expect("a speaker who is one of them"),
            levels: samples.by_ref().take(whole).map(|&x| level(0.9 * x / peak)).collect(),
        }
    }

    pub fn frames(&self) -> usize {
        self.levels.len() / FRAME
    }

    /// The levels before sample `i`, as many, the oldest first; before the first one it is silent.
    pub fn before(&self, i: usize, count: usize) -> impl Iterator<Item = u8> {
        let missing = count.saturating_sub(i);
        let silence = std::iter::repeat_n(SILENCE, missing);
        silence.chain(self.levels[i - (count - missing)..i].iter().copied())
    }

    pub fn samples(&self) -> impl Iterator<Item = f32> {
        self.levels.iter().map(|&q| sample(q))
    }

    pub fn sound(&self) -> Sound {
        Sound {
            rate: RATE,
            samples: self.samples().collect(),
        }
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
            let of = part.iter().map(|recording| Utterance::of(recording, &speakers));
            of.collect()
        };
        Ok(Corpus {
            training: utterances(training),
            test: utterances(test),
            speakers,
        })
    }
}
