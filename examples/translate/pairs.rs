//! Pairs of sentences, of which one is the translation of the other: read from files with a sentence on each line.

use std::path::{Path, PathBuf};

use train::program::Outcome;
use train::{escaped, read_text_file};

/// A sentence and its translation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    pub source: String,
    pub target: String,
}

/// Pairs that nothing is learned from.
#[derive(Clone, Debug)]
pub struct Test {
    /// "digits into words".
    pub what: String,
    /// What the names of its figures end with.
    pub suffix: &'static str,
    pub pairs: Vec<Pair>,
}

impl Test {
    pub fn new(what: impl Into<String>, suffix: &'static str, pairs: Vec<Pair>) -> Self {
        let what = what.into();
        Test {
            what,
            suffix,
            pairs,
        }
    }
}

/// Pairs to learn from, to see how it goes, and to be judged by.
#[derive(Clone, Debug)]
pub struct Parts {
    pub training: Vec<Pair>,
    pub validation: Vec<Pair>,
    pub tests: Vec<Test>,
}

impl Parts {
    /// Reads a folder with `train.en`, `train.fr`, `val.en`, `val.fr` and the same of a part for tests: such as
    /// Multi30k (Elliott et al. 2016), where it is `test_2016_flickr`. Each may be compressed: `train.en.gz`.
    ///
    /// # Errors
    /// If one is missing, cannot be read, or has no sentence on a line; if two that belong together have different
    /// numbers of lines.
    pub fn read(folder: &Path, languages: [&str; 2], test: &str) -> Outcome<Self> {
        let read = |part| read_pairs(folder, part, languages).map_err(|e| format!("--data: {e}"));
        let [from, into] = languages;
        Ok(Parts {
            training: read("train")?,
            validation: read("val")?,
            tests: vec![Test::new(
                format!("{from} into {into}, {test}"),
                "",
                read(test)?,
            )],
        })
    }
}

fn read_pairs(folder: &Path, part: &str, [from, into]: [&str; 2]) -> Result<Vec<Pair>, String> {
    let path = |language| find(folder, &format!("{part}.{language}"));
    let [from, into] = [path(from)?, path(into)?];
    let (sources, targets) = (sentences(&from)?, sentences(&into)?);
    if sources.len() != targets.len() {
        return Err(format!(
            "{} has {} lines, and {} has {}: expected a sentence and its translation on each",
            escaped(&from),
            sources.len(),
            escaped(&into),
            targets.len()
        ));
    }
    let pairs = sources.into_iter().zip(targets);
    Ok(pairs
        .map(|(source, target)| Pair { source, target })
        .collect())
}

/// The file of that name, or a compressed one.
fn find(folder: &Path, name: &str) -> Result<PathBuf, String> {
    let paths = [name.into(), format!("{name}.gz")].map(|name| folder.join(name));
    let found = paths.into_iter().find(|path| path.exists());
    let (folder, name) = (escaped(folder), escaped(name));
    found.ok_or_else(|| format!("expected a file {name} or {name}.gz in {folder}"))
}

/// The lines of a file, without the white space around them.
fn sentences(path: &Path) -> Result<Vec<String>, String> {
    let name = escaped(path);
    let text = read_text_file(path).map_err(|e| e.to_string())?;
    let sentences: Vec<String> = text.lines().map(|line| line.trim().into()).collect();
    if sentences.is_empty() {
        return Err(format!(
            "{name}: expected a sentence on each line, and there is none"
        ));
    }
    match sentences.iter().position(String::is_empty) {
        Some(empty) => Err(format!("{name}, line {}: expected a sentence", empty + 1)),
        None => Ok(sentences),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const LANGUAGES: [&str; 2] = ["en", "fr"];

    /// A folder in which all is as it should be.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, content) in [
            ("train.en", "A dog.\r\n  Two cats. \n"),
            ("train.fr.gz", "Un chien.\nDeux chats."),
            ("val.en.gz", "A cat.\n"),
            ("val.fr", "Un chat.\n"),
            ("flickr.en", "Two dogs.\n"),
            ("flickr.fr", "Deux chiens.\n"),
        ] {
            fs::write(folder.path().join(name), content).expect("a file");
        }
        folder
    }

    #[test]
    fn files_are_read_compressed_or_not() {
        let parts = Parts::read(folder().path(), LANGUAGES, "flickr").expect("parts");
        let expected = Pair {
            source: "Two cats.".into(),
            target: "Deux chats.".into(),
        };
        assert_eq!((parts.training.len(), &parts.training[1]), (2, &expected));
        assert_eq!(parts.validation[0].target, "Un chat.");
        assert_eq!(parts.tests[0].what, "en into fr, flickr");
        assert_eq!(parts.tests[0].pairs[0].source, "Two dogs.");
    }

    #[test]
    fn wrong_files_are_refused_in_one_line() {
        let refused = |name: &str, content: &[u8]| {
            let folder = folder();
            fs::write(folder.path().join(name), content).expect("a file");
            let error = Parts::read(folder.path(), LANGUAGES, "flickr").expect_err("refused");
            let error = error.to_string();
            assert!(
                error.starts_with("--data: ") && !error.contains('\n'),
                "{error}"
            );
            error
        };
        let error = refused("train.en", b"A dog.\n");
        assert!(error.contains("train.en has 1 lines, and "), "{error}");
        assert!(error.contains("train.fr.gz has 2: expected"), "{error}");
        let error = refused("val.fr", b"");
        assert!(error.ends_with("val.fr: expected a sentence on each line, and there is none"));
        let error = refused("train.en", b"A dog.\n \n");
        assert!(
            error.ends_with("train.en, line 2: expected a sentence"),
            "{error}"
        );
        let error = refused("train.en", b"A dog.\nTwo c\xe4ts.\n");
        assert!(
            error.ends_with("train.en is not UTF-8 at byte 12, in line 2"),
            "{error}"
        );
        let error = refused("train.fr.gz", b"\x1f\x8b\x08");
        assert!(
            error.contains("train.fr.gz: cut off or damaged gzip"),
            "{error}"
        );
        let error = Parts::read(folder().path(), LANGUAGES, "test")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("expected a file test.en or test.en.gz in "),
            "{error}"
        );
    }
}
