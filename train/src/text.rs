//! Text: reading it, and what can be wrong with it.

mod file;
mod reading;

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::escaped;

pub use file::read_text_file;
pub use reading::{Corpus, Labelled, SkipReason, Skipped, read_classes, read_text};

/// Text that cannot be read or encoded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TextError {
    /// A character that is not in the vocabulary.
    #[error(
        "{token:?} at position {position} is not in the vocabulary: {}",
        first(vocabulary)
    )]
    Unknown {
        /// The character.
        token: String,
        /// How many come before it.
        position: usize,
        /// Those that are.
        vocabulary: Vec<String>,
    },
    /// A file or directory that is not there or cannot be read.
    #[error("cannot read {}: {source}", escaped(path))]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file that is not UTF-8.
    #[error("{} is not UTF-8 at byte {offset}, in line {line}", escaped(path))]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// How many bytes before it are.
        offset: usize,
        /// The line, from 1.
        line: usize,
    },
    /// A file that begins as gzip does, and does not go on or end so.
    #[error("{}: cut off or damaged gzip: {source}", escaped(path))]
    Gzip {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// No file at all.
    #[error("no text file found in {}", list(paths))]
    NoFile {
        /// Where it was looked for.
        paths: Vec<PathBuf>,
    },
    /// Nothing to go on from.
    #[error("a text is written from what comes before it, and that is empty")]
    NoPrime,
    /// Files without a character in them.
    #[error("no text in {}: the files are empty", list(paths))]
    Empty {
        /// Where it was looked for.
        paths: Vec<PathBuf>,
    },
}

fn list(paths: &[PathBuf]) -> String {
    let names = paths.iter().map(escaped);
    names.collect::<Vec<_>>().join(", ")
}

/// `"\n !abc"`, or the first of many characters.
fn first(vocabulary: &[String]) -> String {
    const MOST: usize = 120;
    let shown = vocabulary[..MOST.min(vocabulary.len())].concat();
    match vocabulary.len() {
        n if n > MOST => format!("{shown:?} and {} more", n - MOST),
        _ => format!("{shown:?}"),
    }
}
