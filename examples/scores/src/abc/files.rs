//! [`read_files`]: the tunes of files and folders.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{Tunebook, decode, read};

/// A file or folder that cannot be read.
#[derive(Debug, Error)]
#[error("{}: {source}", path.to_string_lossy().escape_debug())]
pub struct FileError {
    /// Which one.
    pub path: PathBuf,
    /// What the system says.
    pub source: io::Error,
}

/// Reads files, and of folders the files whose names end in `.abc`, in their order; gives each with its tunes.
///
/// # Errors
/// If one cannot be read.
pub fn read_files(paths: &[PathBuf]) -> Result<Vec<(PathBuf, Tunebook)>, FileError> {
    let mut books = Vec::new();
    for path in paths {
        let files = if path.is_dir() {
            folder(path)?
        } else {
            vec![path.clone()]
        };
        for file in files {
            let bytes = fs::read(&file).map_err(|source| wrong(&file, source))?;
            books.push((file, read(&decode(&bytes))));
        }
    }
    Ok(books)
}

fn folder(path: &Path) -> Result<Vec<PathBuf>, FileError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(|source| wrong(path, source))? {
        files.push(entry.map_err(|source| wrong(path, source))?.path());
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "abc"));
    files.sort();
    Ok(files)
}

fn wrong(path: &Path, source: io::Error) -> FileError {
    let path = path.into();
    FileError { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_its_files_in_order_and_what_is_missing_is_named() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/nottingham");
        let one = data.join("slip.abc");
        let books = read_files(&[one.clone(), data]).unwrap();
        assert_eq!(books.len(), 7);
        assert!(books[1..].is_sorted_by_key(|(file, _)| file.clone()));
        let tunes = |books: &[(PathBuf, Tunebook)]| -> usize {
            books.iter().map(|(_, book)| book.tunes.len()).sum()
        };
        assert_eq!(tunes(&books[1..]), 305);
        let missing = read_files(&[one, "no\nwhere".into()]).unwrap_err();
        assert!(missing.to_string().starts_with(r"no\nwhere: "), "{missing}");
    }
}
