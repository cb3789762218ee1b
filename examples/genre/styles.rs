//! Scores made up in three styles, in ABC notation: blues, rock and classical, as far as a few rules go.
//!
//! - *Blues*: twelve bars of I I I I, IV IV I I, V IV I V, in swung rhythm, with the flattened third, fifth and
//!   seventh.
//! - *Rock*: riffs of power chords (root and fifth) in straight eighths, that are repeated.
//! - *Classical*: broken chords in the order low, high, middle, high (Alberti bass) under phrases that move by steps
//!   and end in a cadence.
//!
//! A bar may be of any style: each score has a share of bars that are plain melody, up to most of them, so that no
//! listener can be right about all scores.

use std::fmt::Write;

use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

/// The classes, in the order of their numbers.
pub const STYLES: [&str; 3] = ["blues", "rock", "classical"];

/// Semitones of a major scale and of a minor one.
const MAJOR: [i32; 7] = [0, 2, 4, 5, 7, 9, 11];
const MINOR: [i32; 7] = [0, 2, 3, 5, 7, 8, 10];
const BLUES: [i32; 6] = [0, 3, 5, 6, 7, 10];

/// A score of a style, in ABC notation with the unit 1/16.
pub fn score(style: usize, seed: u64) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let writer = Writer::new(style, &mut rng);
    let bars = match style {
        0 => 12 * rng.random_range(1..=2),
        _ => 4 * rng.random_range(2..=7),
    };
    let name = STYLES[style];
    let mut abc = format!(
        "X:1\nT:{name} {}\nM:{}/4\nL:1/16\nK:{}\n",
        seed as u32, writer.beats, writer.key
    );
    for bar in 0..bars {
        let plain = rng.random::<f64>() < writer.plain;
        let notes = match style {
            _ if plain => writer.plain(&mut rng),
            0 => writer.blues(bar, &mut rng),
            1 => writer.rock(bar),
            _ => writer.classical(bar, bars, &mut rng),
        };
        let end = if (bar + 1) % 4 == 0 { "|\n" } else { "| " };
        abc += &(write_bar(&notes) + end);
    }
    abc
}

/// Pitches that sound together, MIDI's numbers, for so many sixteenths; none for a rest.
type Notes = (Vec<i32>, u32);

struct Writer {
    beats: u32,
    key: String,
    /// The tonic, MIDI's number.
    tonic: i32,
    scale: [i32; 7],
    /// The share of bars that are of no style.
    plain: f64,
    /// Roots of a riff, two bars of eighths, in semitones above the tonic.
    riff: Vec<Option<i32>>,
}

impl Writer {
    fn new(style: usize, rng: &mut ChaCha8Rng) -> Self {
        let keys = ["C", "D", "E", "F", "G", "A", "Bb"];
        let tonics = [60, 62, 64, 65, 67, 57, 58];
        let key = rng.random_range(0..keys.len());
        let is_minor = rng.random_bool(if style == 1 { 0.6 } else { 0.25 });
        let beats = match style {
            2 => *[2, 3, 4].choose(rng).unwrap_or(&4),
            _ => 4,
        };
        let roots = [0, 0, 0, 3, 5, 7, 10, -2];
        let root = |rng: &mut ChaCha8Rng| {
            let root = *roots.choose(rng).unwrap_or(&0);
            rng.random_bool(0.85).then_some(root)
        };
        Writer {
            beats,
            key: format!("{}{}", keys[key], if is_minor { "m" } else { "" }),
            tonic: tonics[key],
            scale: if is_minor { MINOR } else { MAJOR },
            plain: rng.random_range(0.1..0.97),
            riff: (0..16).map(|_| root(rng)).collect(),
        }
    }

    /// The step of the scale, which goes on in both directions.
    fn degree(&self, degree: i32) -> i32 {
        self.tonic + 12 * degree.div_euclid(7) + self.scale[degree.rem_euclid(7) as usize]
    }

    /// A melody that moves by steps and small leaps, which any style may have.
    fn plain(&self, rng: &mut ChaCha8Rng) -> Vec<Notes> {
        let mut degree = rng.random_range(0..7);
        let rhythm = rhythm(self.beats, &[&[4], &[2, 2], &[8], &[3, 1], &[4]], rng);
        let mut note = |length| {
            degree = (degree + rng.random_range(-2..=2)).clamp(-3, 10);
            (vec![self.degree(degree)], length)
        };
        rhythm.into_iter().map(&mut note).collect()
    }

    fn blues(&self, bar: u32, rng: &mut ChaCha8Rng) -> Vec<Notes> {
        const ROOTS: [i32; 12] = [0, 0, 0, 0, 5, 5, 0, 0, 7, 5, 0, 7];
        let root = ROOTS[bar as usize % 12];
        let mut place = rng.random_range(0..BLUES.len() as i32);
        let rhythm = rhythm(4, &[&[3, 1], &[3, 1], &[4], &[2, 2], &[8]], rng);
        let mut note = |length| {
            if length >= 4 && rng.random_bool(0.2) {
                return (Vec::new(), length); // and the listener answers
            }
            place += rng.random_range(-2..=2);
            let octave = place.div_euclid(6).clamp(-1, 1);
            let blue = BLUES[place.rem_euclid(6) as usize];
            (vec![self.tonic + root + blue + 12 * octave], length)
        };
        rhythm.into_iter().map(&mut note).collect()
    }

    fn rock(&self, bar: u32) -> Vec<Notes> {
        let bar = bar as usize % 2;
        let chord = |root: &Option<i32>| match root {
            Some(root) => {
                let low = self.tonic - 12 + root;
                (vec![low, low + 7], 2)
            }
            None => (Vec::new(), 2),
        };
        self.riff[8 * bar..8 * bar + 8].iter().map(chord).collect()
    }

    fn classical(&self, bar: u32, bars: u32, rng: &mut ChaCha8Rng) -> Vec<Notes> {
        let is_last = bar + 1 == bars;
        if is_last || bar % 4 == 3 {
            let (low, root) = if is_last { (0, 0) } else { (-3, 4) }; // the tonic, or half a cadence
            let chord = [low, low + 2, low + 4].map(|d| self.degree(d));
            let length = 4 * (self.beats - 1);
            let end = (vec![self.degree(7 + root % 7)], 4);
            return vec![(chord.to_vec(), length), end];
        }
        let root = *[0, 0, 3, 4, 5].choose(rng).unwrap_or(&0);
        let [low, middle, high] = [root - 7, root - 5, root - 3].map(|d| self.degree(d));
        let alberti = [low, high, middle, high];
        let count = (2 * self.beats) as usize;
        if rng.random_bool(0.5) {
            return (0..count).map(|i| (vec![alberti[i % 4]], 2)).collect();
        }
        let mut degree = root + 7;
        let mut note = |i: usize| {
            degree += if rng.random_bool(0.5) { 1 } else { -1 };
            let under = (i.is_multiple_of(2)).then_some(alberti[i % 4]);
            (under.into_iter().chain([self.degree(degree)]).collect(), 2)
        };
        (0..count).map(&mut note).collect()
    }
}

/// Groups of sixteenths that fill so many beats.
fn rhythm(beats: u32, groups: &[&[u32]], rng: &mut ChaCha8Rng) -> Vec<u32> {
    let (mut lengths, mut left) = (Vec::new(), 4 * beats);
    while left > 0 {
        let fitting: Vec<_> = groups
            .iter()
            .filter(|g| g.iter().sum::<u32>() <= left)
            .collect();
        let group = fitting.choose(rng).map_or(&[1][..], |group| group);
        left -= group.iter().sum::<u32>();
        lengths.extend(group);
    }
    lengths
}

fn write_bar(notes: &[Notes]) -> String {
    let mut bar = String::new();
    for (pitches, length) in notes {
        let names: String = pitches.iter().map(|&pitch| name(pitch)).collect();
        // Writing to a string does not fail.
        let _ = match pitches.len() {
            0 => write!(bar, "z{length} "),
            1 => write!(bar, "{names}{length} "),
            _ => write!(bar, "[{names}]{length} "),
        };
    }
    bar
}

/// A pitch in ABC, its sign always written: whatever the key, and whatever came before it in the bar.
fn name(pitch: i32) -> String {
    const NAMES: [&str; 12] = [
        "=C", "^C", "=D", "_E", "=E", "=F", "^F", "=G", "_A", "=A", "_B", "=B",
    ];
    let octave = pitch.div_euclid(12) - 5;
    let name = NAMES[pitch.rem_euclid(12) as usize];
    match octave {
        1.. => name.to_lowercase() + &"'".repeat(octave as usize - 1),
        _ => name.to_string() + &",".repeat(octave.unsigned_abs() as usize),
    }
}

#[cfg(test)]
mod tests {
    use scores::abc;

    use super::*;

    #[test]
    fn every_bar_is_full() {
        for (style, seed) in (0..3).flat_map(|style| (0..40).map(move |seed| (style, seed))) {
            let text = score(style, seed);
            let book = abc::read(&text);
            assert!(book.skipped.is_empty(), "{:?}\n{text}", book.skipped);
            let tune = &book.tunes[0];
            assert_eq!(
                tune.complete_bars(),
                (tune.bars.len(), tune.bars.len()),
                "{text}"
            );
            assert!(tune.bars.len() >= 8 && tune.bars.len() as u32 * tune.bar() == tune.end());
        }
    }

    #[test]
    fn pitches_have_names() {
        assert_eq!(name(60), "=C");
        assert_eq!(name(61 + 12), "^c");
        assert_eq!(name(60 + 24), "=c'");
        assert_eq!(name(48), "=C,");
    }
}
