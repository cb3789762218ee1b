//! What is learned from, and what is held out.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use train::program::{Outcome, at_least_one};
use train::{Dataset, escaped, split_at_random};

use crate::strokes::{Character, read};

/// Excerpts of Omniglot and of KanjiVG: see examples/data/README.md.
const EXCERPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/strokes");
/// The share that is held out where no file says what is.
const HELD_OUT: f64 = 0.1;

/// Where the characters come from.
#[derive(Args, Clone, Debug)]
pub struct CorpusFiles {
    /// The excerpt to learn from where no files are given
    #[arg(long, value_enum, default_value_t = Script::Omniglot, conflicts_with = "data")]
    script: Script,
    /// File of characters to learn from, gzip or not: on each line a JSON array of [dx, dy, pen lifted after]
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// File of characters that tell which epoch is the best; else a tenth of --data
    #[arg(long, value_name = "FILE", requires = "data")]
    valid: Option<PathBuf>,
    /// File of characters that figures are made with; else a tenth of --data
    #[arg(long, value_name = "FILE", requires = "data")]
    test: Option<PathBuf>,
    /// Learn from so many characters only, the first of the file
    #[arg(long, value_name = "COUNT", value_parser = at_least_one::<usize>)]
    characters: Option<usize>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Script {
    /// 3,000 characters of 50 alphabets, drawn by people
    Omniglot,
    /// 1,000 Kanji, in a single hand
    Kanji,
}

/// Characters in three parts.
#[derive(Clone, Debug)]
pub struct Corpus {
    pub training: Vec<Character>,
    pub validation: Vec<Character>,
    pub test: Vec<Character>,
}

impl Corpus {
    /// Reads the files, and holds out what no file has.
    pub fn read(files: &CorpusFiles, seed: u64) -> Outcome<Self> {
        let excerpt = |part: &str| {
            let script = files.script.to_possible_value().expect("none is skipped");
            Path::new(EXCERPTS).join(format!("{}.{part}.jsonl.gz", script.get_name()))
        };
        let data = files.data.clone().unwrap_or_else(|| excerpt("train"));
        let test = match &files.data {
            Some(_) => files.test.clone(),
            None => Some(excerpt("test")),
        };
        let mut training = read_of("data", &data)?;
        let held_out =
            |file: &Option<PathBuf>, flag: &str, training: &mut Vec<Character>| match file {
                Some(file) => read_of(flag, file),
                None if training.len() < 2 => Err(format!(
                    "--data {}: a single character: none can be held out",
                    escaped(&data)
                )
                .into()),
                None => {
                    let (rest, held_out) =
                        split_at_random(std::mem::take(training), HELD_OUT, seed);
                    *training = rest.to_vec();
                    Ok(held_out.to_vec())
                }
            };
        let test = held_out(&test, "test", &mut training)?;
        let validation = held_out(&files.valid, "valid", &mut training)?;
        training.truncate(files.characters.unwrap_or(usize::MAX));
        Ok(Corpus {
            training,
            validation,
            test,
        })
    }
}

fn read_of(flag: &str, file: &Path) -> Outcome<Vec<Character>> {
    read(file).map_err(|e| format!("--{flag} {e}").into())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn files(data: Option<PathBuf>) -> CorpusFiles {
        CorpusFiles {
            script: Script::Kanji,
            data,
            valid: None,
            test: None,
            characters: None,
        }
    }

    #[test]
    fn the_excerpts_are_there_and_no_test_character_is_learned() {
        for (script, test) in [(Script::Omniglot, 500), (Script::Kanji, 200)] {
            let corpus = Corpus::read(
                &CorpusFiles {
                    script,
                    ..files(None)
                },
                1,
            )
            .unwrap();
            assert_eq!(corpus.test.len(), test);
            assert_eq!(corpus.training.len(), 9 * corpus.validation.len());
            let learned =
                |c: &&Character| corpus.training.contains(c) || corpus.validation.contains(c);
            assert!(
                corpus.test.iter().filter(learned).count() <= 1,
                "but for a twin of KanjiVG"
            );
        }
    }

    #[test]
    fn what_no_file_has_is_held_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| Some(folder.path().join(name));
        let lines = |n: i32| {
            (0..n)
                .map(|i| format!("[[0,0,0],[{i},1,1]]\n"))
                .collect::<String>()
        };
        fs::write(path("a").unwrap(), lines(100)).unwrap();
        fs::write(path("b").unwrap(), lines(7)).unwrap();
        let sizes = |files| {
            let corpus = Corpus::read(&files, 1).unwrap();
            [corpus.training, corpus.validation, corpus.test].map(|part| part.len())
        };
        assert_eq!(sizes(files(path("a"))), [81, 9, 10]);
        assert_eq!(
            sizes(CorpusFiles {
                test: path("b"),
                ..files(path("a"))
            }),
            [90, 10, 7]
        );
        assert_eq!(
            sizes(CorpusFiles {
                test: path("b"),
                valid: path("b"),
                characters: Some(5),
                ..files(path("a"))
            }),
            [5, 7, 7]
        );
        fs::write(path("c").unwrap(), lines(1)).unwrap();
        let error = Corpus::read(&files(path("c")), 1).unwrap_err().to_string();
        assert!(
            error.ends_with("a single character: none can be held out"),
            "{error}"
        );
        let error = Corpus::read(
            &CorpusFiles {
                test: path("none"),
                ..files(path("a"))
            },
            1,
        )
        .unwrap_err();
        assert!(error.to_string().starts_with("--test "), "{error}");
    }
}
