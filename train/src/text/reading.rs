//! [`read_text`]: files and directories as one text.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::TextError;
use super::file::{read_text_file, unreadable};
use crate::{FileKind, escaped};

/// A text, and what of the files that it was looked for in is not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corpus {
    /// The text of all files, one behind the other.
    pub text: String,
    /// What was skipped, for whoever gave the paths to know: one line each.
    pub skipped: Vec<Skipped>,
}

/// A path that was skipped: "skipped corpus/a.txt: a link that leads nowhere".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The path.
    pub path: PathBuf,
    /// Why it was skipped.
    pub reason: SkipReason,
}

/// Why a path was skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// It is a link to what is not there.
    Dangling,
    /// It is something in a directory that is no file: a FIFO, say, where one would wait for a writer.
    NotAFile(FileKind),
    /// It is what was read before, under this path.
    Again(PathBuf),
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "skipped {}: ", escaped(&self.path))?;
        match &self.reason {
            SkipReason::Dangling => f.write_str("a link that leads nowhere"),
            SkipReason::NotAFile(kind) => write!(f, "{kind}"),
            SkipReason::Again(first) => write!(f, "it is {}, and counts once", escaped(first)),
        }
    }
}

/// Reads files, one behind the other, as one text. A directory stands for all files below it, in
/// sorted order, with one of these extensions ("txt"; with any, if none are given); a file that is
/// named itself may have any. Links to directories are not followed.
///
/// A file or directory counts once, however often and by whatever links it is given, and nothing in a
/// directory is waited for: what is skipped is told in [`Corpus::skipped`]. Each is read as [`read_text_file`] reads it.
///
/// # Errors
/// If a file is missing, cannot be read or is not UTF-8, and if there is no file or no text.
pub fn read_text(paths: &[PathBuf], extensions: &[String]) -> Result<Corpus, TextError> {
    let mut search = Search::new(extensions);
    search.find(paths)?;
    let paths = || paths.to_vec();
    if search.files.is_empty() {
        return Err(TextError::NoFile { paths: paths() });
    }
    let mut text = String::new();
    for file in search.files {
        text.push_str(&read_text_file(&file)?);
    }
    if text.is_empty() {
        return Err(TextError::Empty { paths: paths() });
    }
    let skipped = search.skipped;
    Ok(Corpus { text, skipped })
}

/// Texts of several classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// The text of each file, and its class.
    pub samples: Vec<(String, usize)>,
    /// The names of the classes.
    pub classes: Vec<String>,
    /// What was skipped.
    pub skipped: Vec<Skipped>,
}

/// Reads a folder of folders: each is a class, by its name, in sorted order, and the files below it are its
/// samples. For extensions, and what is skipped, see [`read_text`].
///
/// # Errors
/// If the folder cannot be read, has no folders, or one has no file; if a file cannot be read or is not UTF-8.
pub fn read_classes(
    folder: impl AsRef<Path>,
    extensions: &[String],
) -> Result<Labelled, TextError> {
    let folder = folder.as_ref();
    let children = sorted_children(folder).map_err(|e| unreadable(folder, e))?;
    let folders: Vec<_> = children.into_iter().filter(|path| path.is_dir()).collect();
    if folders.is_empty() {
        let paths = vec![folder.into()];
        return Err(TextError::NoFile { paths });
    }
    let mut search = Search::new(extensions);
    let (mut samples, mut classes) = (Vec::new(), Vec::new());
    for folder in folders {
        let class = classes.len();
        classes.push(
            folder
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into()),
        );
        search.find(std::slice::from_ref(&folder))?;
        if search.files.is_empty() {
            let paths = vec![folder];
            return Err(TextError::NoFile { paths });
        }
        for file in search.files.drain(..) {
            samples.push((read_text_file(&file)?, class));
        }
    }
    let skipped = search.skipped;
    Ok(Labelled {
        samples,
        classes,
        skipped,
    })
}

/// What has been found so far.
struct Search<'e> {
    extensions: &'e [String],
    files: Vec<PathBuf>,
    skipped: Vec<Skipped>,
    /// All files and directories, with the path by which each was found first.
    seen: HashMap<Identity, PathBuf>,
}

impl<'e> Search<'e> {
    fn new(extensions: &'e [String]) -> Self {
        Search {
            extensions,
            files: Vec::new(),
            skipped: Vec::new(),
            seen: HashMap::new(),
        }
    }

    /// Finds all files, directories walked with a stack of what is still to be visited.
    fn find(&mut self, paths: &[PathBuf]) -> Result<(), TextError> {
        let named = paths.iter().rev().map(|p| (p.clone(), true));
        let mut stack: Vec<_> = named.collect();
        while let Some((path, is_named)) = stack.pop() {
            let metadata = match fs::metadata(&path) {
                Ok(metadata) => metadata,
                Err(_) if !is_named && path.is_symlink() => {
                    self.skip_unless_ignored(path, SkipReason::Dangling);
                    continue;
                }
                Err(e) => return Err(unreadable(&path, e)),
            };
            if !metadata.is_dir() {
                self.add_file(path, &metadata, is_named);
            } else if (is_named || !path.is_symlink()) && self.is_new(&path, &metadata) {
                let children = sorted_children(&path).map_err(|e| unreadable(&path, e))?;
                stack.extend(children.into_iter().rev().map(|p| (p, false)));
            }
        }
        Ok(())
    }

    /// Who names a FIFO means it: it may be the output of another program.
    fn add_file(&mut self, path: PathBuf, metadata: &Metadata, is_named: bool) {
        let kind = FileKind::of(metadata);
        if !is_named && kind != FileKind::File {
            self.skip_unless_ignored(path, SkipReason::NotAFile(kind));
        } else if (is_named || self.is_wanted(&path)) && self.is_new(&path, metadata) {
            self.files.push(path);
        }
    }

    /// Whether this file or directory has not been seen; if it has, it is skipped.
    fn is_new(&mut self, path: &Path, metadata: &Metadata) -> bool {
        let first = self.seen.get(&identity(path, metadata)).cloned();
        match first {
            None => {
                self.seen.insert(identity(path, metadata), path.into());
                true
            }
            Some(first) => {
                self.skip(path.into(), SkipReason::Again(first));
                false
            }
        }
    }

    fn skip_unless_ignored(&mut self, path: PathBuf, reason: SkipReason) {
        if self.is_wanted(&path) {
            self.skip(path, reason);
        }
    }

    fn skip(&mut self, path: PathBuf, reason: SkipReason) {
        self.skipped.push(Skipped { path, reason });
    }

    /// Whether it has one of the extensions.
    fn is_wanted(&self, path: &Path) -> bool {
        let found = path.extension();
        let is = |wanted: &String| found.is_some_and(|e| e == wanted.trim_start_matches('.'));
        self.extensions.is_empty() || self.extensions.iter().any(is)
    }
}

/// What a file has for itself, whatever path leads to it: its device and its number there.
#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(_path: &Path, metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// The path that all links lead to.
#[cfg(not(unix))]
type Identity = PathBuf;

#[cfg(not(unix))]
fn identity(path: &Path, _metadata: &Metadata) -> Identity {
    fs::canonicalize(path).unwrap_or_else(|_| path.into())
}

fn sorted_children(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory)?;
    let mut paths = entries
        .map(|e| Ok(e?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
