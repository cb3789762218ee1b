//! Phrases: recordings of one speaker after each other, with pauses; and what may be changed in them so that there
//! is more to learn from.

use std::collections::BTreeMap;
use std::ops::Range;

use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rayon::prelude::*;
use sound::{Recording, Sound};

use crate::features::{RATE, Sample};

/// Digits of a phrase: from one to this.
const LONGEST: usize = 5;
/// How long a pause between digits is, in seconds; before the first and after the last it may be shorter.
const PAUSE: Range<f64> = 0.06..0.3;
const EDGE: Range<f64> = 0.02..0.2;
/// How loud the noise is that fills the pauses: about what the quietest recordings have.
const HISS: f32 = 1e-3;

/// How recordings are changed, each phrase in another way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Changes {
    /// Each is played from 1 / (1 + s) to 1 + s times as fast: tempo and pitch change together.
    pub speed: f64,
    /// White noise of up to that amplitude, on all of the phrase.
    pub noise: f32,
}

/// Some digits spoken after each other.
#[derive(Clone, Debug)]
pub struct Phrase {
    pub sound: Sound,
    pub digits: Vec<usize>,
    /// The samples at which each digit is spoken.
    pub spans: Vec<Range<usize>>,
}

/// Deals out recordings `rounds` times into phrases of one to five digits of one speaker; each recording is in
/// `rounds` phrases.
pub fn deal(recordings: &[Recording], rounds: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<usize>> {
    let mut of_speaker = BTreeMap::<_, Vec<_>>::new();
    for (i, recording) in recordings.iter().enumerate() {
        of_speaker.entry(&recording.speaker).or_default().push(i);
    }
    let mut phrases = Vec::new();
    for _ in 0..rounds {
        for recordings in of_speaker.values_mut() {
            recordings.shuffle(rng);
            let mut rest = &recordings[..];
            while !rest.is_empty() {
                let (phrase, others) = rest.split_at(rng.random_range(1..=LONGEST).min(rest.len()));
                phrases.push(phrase.to_vec());
                rest = others;
            }
        }
    }
    phrases
}

/// The phrases of a deal, as they come or changed. Each has its own seed, so that threads do not matter.
pub fn phrases(
    recordings: &[Recording],
    rounds: usize,
    changes: Option<Changes>,
    seed: u64,
) -> Vec<Phrase> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let dealt: Vec<_> = deal(recordings, rounds, &mut rng)
        .into_iter()
        .map(|phrase| (phrase, rng.random()))
        .collect();
    let joined = |(phrase, seed): &(Vec<usize>, u64)| {
        let spoken: Vec<_> = phrase.iter().map(|&i| &recordings[i]).collect();
        join(&spoken, changes, &mut ChaCha8Rng::seed_from_u64(*seed))
    };
    dealt.par_iter().map(joined).collect()
}

/// What is learned from phrases of these recordings.
pub fn samples(
    recordings: &[Recording],
    rounds: usize,
    changes: Option<Changes>,
    seed: u64,
) -> Vec<Sample> {
    let phrases = phrases(recordings, rounds, changes, seed);
    let sample = |phrase: &Phrase| Sample::new(&phrase.sound, &phrase.digits);
    phrases.par_iter().map(sample).collect()
}

/// The phrase of these recordings.
fn join(spoken: &[&Recording], changes: Option<Changes>, rng: &mut ChaCha8Rng) -> Phrase {
    let (mut samples, mut spans) = (Vec::new(), Vec::new());
    let speed = changes.map_or(1.0, |Changes { speed, .. }| {
        (1.0 + speed).powf(rng.random_range(-1.0..=1.0))
    });
    for (i, recording) in spoken.iter().enumerate() {
        hush(&mut samples, if i == 0 { EDGE } else { PAUSE }, rng);
        let start = samples.len();
        match changes {
            None => samples.extend(&recording.sound.samples),
            Some(_) => samples.extend(recording.sound.faster(speed).samples),
        }
        spans.push(start..samples.len());
    }
    hush(&mut samples, EDGE, rng);
    if let Some(Changes { noise, .. }) = changes {
        let loud = noise * rng.random::<f32>().powi(3); // mostly little
        for x in &mut samples {
            *x += loud * rng.random_range(-1.0..1.0);
        }
    }
    Phrase {
        sound: Sound {
            rate: RATE,
            samples,
        },
        digits: spoken.iter().map(|recording| recording.digit).collect(),
        spans,
    }
}

/// A pause of some length.
fn hush(samples: &mut Vec<f32>, seconds: Range<f64>, rng: &mut ChaCha8Rng) {
    let count = rng.random_range(seconds) * f64::from(RATE);
    samples.extend((0..count as usize).map(|_| HISS * rng.random_range(-1.0..1.0f32)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recordings() -> Vec<Recording> {
        let recording = |i: usize| Recording {
            digit: i % 10,
            speaker: ["a", "b"][i / 20].into(),
            index: i % 20 / 10,
            sound: Sound {
                rate: RATE,
                samples: vec![0.5; 1000 + i],
            },
        };
        (0..40).map(recording).collect()
    }

    #[test]
    fn every_recording_is_dealt_as_often_and_speakers_do_not_mix() {
        let recordings = recordings();
        let phrases = deal(&recordings, 3, &mut ChaCha8Rng::seed_from_u64(1));
        let mut counts = vec![0; 40];
        for phrase in &phrases {
            assert!((1..=LONGEST).contains(&phrase.len()));
            let speaker = &recordings[phrase[0]].speaker;
            assert!(phrase.iter().all(|&i| recordings[i].speaker == *speaker));
            phrase.iter().for_each(|&i| counts[i] += 1);
        }
        assert_eq!(counts, [3; 40]);
        let longest = phrases.iter().map(Vec::len).max();
        assert_eq!(longest, Some(LONGEST));
    }

    #[test]
    fn a_phrase_has_its_recordings_where_it_says() {
        let recordings = recordings();
        let spoken = [&recordings[7], &recordings[7], &recordings[2]];
        let phrase = join(&spoken, None, &mut ChaCha8Rng::seed_from_u64(1));
        assert_eq!(phrase.digits, [7, 7, 2]);
        let mut end = 0;
        for (span, recording) in phrase.spans.iter().zip(spoken) {
            let samples = &phrase.sound.samples;
            assert_eq!(samples[span.clone()], recording.sound.samples);
            assert!(samples[end..span.start].iter().all(|x| x.abs() <= HISS));
            assert!(end == 0 || span.start - end >= 479);
            end = span.end;
        }
        assert!(end < phrase.sound.samples.len());
    }

    #[test]
    fn a_seed_gives_the_same_phrases_and_changes_are_such() {
        let recordings = recordings();
        let changes = Some(Changes {
            speed: 0.2,
            noise: 0.05,
        });
        let sounds = |changes, seed| -> Vec<Sound> {
            let phrases = phrases(&recordings, 1, changes, seed);
            phrases.into_iter().map(|phrase| phrase.sound).collect()
        };
        assert_eq!(sounds(changes, 1), sounds(changes, 1));
        assert_ne!(sounds(changes, 1), sounds(changes, 2));
        let changed = phrases(&recordings, 1, changes, 1);
        for phrase in &changed {
            for (span, _) in phrase.spans.iter().zip(&phrase.digits) {
                assert!((1000 * 10 / 12 - 1..=1040 * 12 / 10 + 1).contains(&span.len()));
            }
            assert!(phrase.sound.samples.iter().all(|x| x.abs() < 1.0));
        }
        let lengths: Vec<_> = changed.iter().map(|p| p.spans[0].len()).collect();
        assert!(lengths.iter().any(|&n| n < 950) && lengths.iter().any(|&n| n > 1100));
    }
}
