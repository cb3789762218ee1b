//! The tunes that are learned from.

use std::collections::HashSet;
use std::path::PathBuf;

use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use scores::{Tune, abc};
use train::escaped;
use train::program::{Outcome, note};

use crate::measures::{longest_in_common, notes};
use crate::words;

/// An excerpt of the Nottingham Music Database.
pub const DEFAULT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/nottingham");

/// Tunes that are compared with all others.
const COMPARED: usize = 100;

/// Tunes with their words.
pub struct Songbook {
    /// As the words have them.
    pub tunes: Vec<Tune>,
    /// All words, a line for each tune.
    pub words: Vec<String>,
    /// Pitch and length of the notes of each.
    pub notes: Vec<Vec<(u8, u32)>>,
}

impl Songbook {
    /// Reads files, and folders' files whose names end in `.abc`. Says what was skipped.
    pub fn read(paths: &[PathBuf]) -> Outcome<Self> {
        let (mut read, mut skipped) = (Vec::new(), 0);
        let books = abc::read_files(paths);
        let books = books.map_err(|e| format!("--data {}: {}", escaped(&e.path), e.source))?;
        for (path, book) in books {
            for what in &book.skipped {
                note(format_args!("{}, {what}", escaped(&path)));
            }
            skipped += book.skipped.len();
            read.extend(book.tunes);
        }
        let words: Vec<_> = read.iter().filter_map(words::words).collect();
        println!(
            "{} tunes read, {skipped} lines or tunes skipped; {} left out: free time, a bar \
             that is too long, unusual lengths",
            read.len(),
            read.len() - words.len()
        );
        if words.len() < 2 {
            return Err("--data: expected two tunes at least in ABC notation".into());
        }
        let tunes: Vec<_> = words.iter().map(|words| words::tune(words)).collect();
        let notes = tunes.iter().map(notes).collect();
        Ok(Songbook {
            tunes,
            words,
            notes,
        })
    }

    /// All words, the tunes in a random order.
    pub fn text(&self, rng: &mut ChaCha8Rng) -> String {
        let mut words = self.words.clone();
        words.shuffle(rng);
        words
            .iter()
            .map(|words| format!("{words}{}", words::END))
            .collect()
    }

    /// The first of these words that no tune has.
    pub fn unknown<'a>(&self, words: &'a str) -> Option<&'a str> {
        let known = self.words.iter().flat_map(|words| words::split(words));
        let known: HashSet<_> = known.collect();
        words::split(words).find(|word| !known.contains(word))
    }

    /// For some tunes, the longest stretch that each has in common with another one. What stands in the
    /// collection twice, note for note, counts as one tune.
    pub fn in_common(&self) -> Vec<usize> {
        let each = self.notes.len().div_ceil(COMPARED);
        let some = self.notes.iter().step_by(each);
        let others = |notes: &Vec<_>| {
            let others = self.notes.iter().filter(|other| *other != notes);
            longest_in_common(notes, others)
        };
        some.map(others).collect()
    }
}
