//! Text: reading it, and its characters as numbers.

mod reading;

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::escaped;

pub use reading::{Corpus, SkipReason, Skipped, read_text};

/// Text that cannot be read or encoded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TextError {
    /// A character that is not in the vocabulary.
    #[error(
        "character {character:?} at position {position} is not in the vocabulary: {}",
        first(vocabulary)
    )]
    UnknownCharacter {
        /// The character.
        character: char,
        /// How many characters come before it.
        position: usize,
        /// The characters that are.
        vocabulary: Vec<char>,
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
    #[error("{} is not UTF-8 at byte {offset}", escaped(path))]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// How many bytes before it are.
        offset: usize,
    },
    /// No file at all.
    #[error("no text file found in {}", list(paths))]
    NoFile {
        /// Where it was looked for.
        paths: Vec<PathBuf>,
    },
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
fn first(vocabulary: &[char]) -> String {
    const MOST: usize = 120;
    let shown: String = vocabulary.iter().take(MOST).collect();
    match vocabulary.len() {
        n if n > MOST => format!("{shown:?} and {} more", n - MOST),
        _ => format!("{shown:?}"),
    }
}

/// The distinct characters of a text, sorted; a character's number is its position.
///
/// ```
/// use train::Vocabulary;
/// let vocabulary = Vocabulary::new("hello");
/// assert_eq!(vocabulary.chars(), ['e', 'h', 'l', 'o']);
/// let numbers = vocabulary.encode("hole")?;
/// assert_eq!(numbers, [1, 3, 2, 0]);
/// assert_eq!(vocabulary.decode(&numbers), "hole");
/// # Ok::<(), train::TextError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    chars: Vec<char>,
}

impl Vocabulary {
    /// The characters of this text.
    pub fn new(text: &str) -> Self {
        let chars = text.chars().collect::<std::collections::BTreeSet<_>>();
        Vocabulary {
            chars: chars.into_iter().collect(),
        }
    }

    /// The characters, sorted. As a string, they make this vocabulary again.
    pub fn chars(&self) -> &[char] {
        &self.chars
    }

    /// The number of characters.
    pub fn len(&self) -> usize {
        self.chars.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.chars.is_empty()
    }

    /// The numbers of the characters of a text.
    ///
    /// # Errors
    /// [`TextError::UnknownCharacter`] at the first one that is not in the vocabulary.
    pub fn encode(&self, text: &str) -> Result<Vec<usize>, TextError> {
        let number = |(position, character)| {
            let unknown = |_| TextError::UnknownCharacter {
                character,
                position,
                vocabulary: self.chars.clone(),
            };
            self.chars.binary_search(&character).map_err(unknown)
        };
        text.chars().enumerate().map(number).collect()
    }

    /// The text of these numbers.
    ///
    /// # Panics
    /// If a number is not below [`Vocabulary::len`].
    #[track_caller]
    pub fn decode(&self, numbers: &[usize]) -> String {
        let len = self.len();
        if let Some(position) = numbers.iter().position(|&n| n >= len) {
            let number = numbers[position];
            panic!("number {number} at position {position} is of none of the {len} characters");
        }
        numbers.iter().map(|&n| self.chars[n]).collect()
    }
}
