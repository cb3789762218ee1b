//! Text: reading it, and its characters as numbers.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Text that cannot be read or encoded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TextError {
    /// A character that is not in the vocabulary.
    #[error("character {character:?} at position {position} is not in the vocabulary")]
    UnknownCharacter {
        /// The character.
        character: char,
        /// How many characters come before it.
        position: usize,
    },
    /// A file or directory that is not there or cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file that is not UTF-8.
    #[error("{} is not UTF-8 at byte {offset}", path.display())]
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
    let names = paths.iter().map(|p| p.display().to_string());
    names.collect::<Vec<_>>().join(", ")
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

/// Reads files, one behind the other, as one text. A directory stands for all files below it, in
/// sorted order, with one of these extensions ("txt"; with any, if none are given); a file that is
/// named itself may have any. Links to directories are not followed.
///
/// # Errors
/// If a file is missing, cannot be read or is not UTF-8, and if there is no file or no text.
pub fn read_text(paths: &[PathBuf], extensions: &[String]) -> Result<String, TextError> {
    let files = find_files(paths, extensions)?;
    let paths = || paths.to_vec();
    if files.is_empty() {
        return Err(TextError::NoFile { paths: paths() });
    }
    let mut text = String::new();
    for file in files {
        text.push_str(&read_file(file)?);
    }
    if text.is_empty() {
        return Err(TextError::Empty { paths: paths() });
    }
    Ok(text)
}

fn read_file(path: PathBuf) -> Result<String, TextError> {
    let bytes = fs::read(&path).map_err(|e| unreadable(&path, e))?;
    String::from_utf8(bytes).map_err(|e| TextError::NotUtf8 {
        path,
        offset: e.utf8_error().valid_up_to(),
    })
}

fn unreadable(path: &Path, source: io::Error) -> TextError {
    let path = path.to_path_buf();
    TextError::Read { path, source }
}

/// All files, directories walked with a stack of what is still to be visited.
fn find_files(paths: &[PathBuf], extensions: &[String]) -> Result<Vec<PathBuf>, TextError> {
    let mut files = Vec::new();
    let mut stack: Vec<(PathBuf, bool)> = paths.iter().rev().map(|p| (p.clone(), true)).collect();
    while let Some((path, named)) = stack.pop() {
        let metadata = fs::metadata(&path).map_err(|e| unreadable(&path, e))?;
        if !metadata.is_dir() {
            if named || has_extension(&path, extensions) {
                files.push(path);
            }
        } else if named || !path.is_symlink() {
            let children = sorted_children(&path).map_err(|e| unreadable(&path, e))?;
            stack.extend(children.into_iter().rev().map(|p| (p, false)));
        }
    }
    Ok(files)
}

fn sorted_children(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory)?;
    let mut paths = entries
        .map(|e| Ok(e?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn has_extension(path: &Path, extensions: &[String]) -> bool {
    let is = |wanted: &String| {
        path.extension()
            .is_some_and(|e| e == wanted.trim_start_matches('.'))
    };
    extensions.is_empty() || extensions.iter().any(is)
}
