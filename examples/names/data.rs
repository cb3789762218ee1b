//! Surnames with their nationalities: read from a folder, and dealt out so that no name is on both sides.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use train::program::Outcome;
use train::{Dataset, Vocabulary, escaped, read_text, split_by_class};

/// The surnames of PyTorch's tutorial: see examples/data/README.md.
pub const DEFAULT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/names");

/// The share of the names that only the final figures are made with.
const TEST: f64 = 0.15;
/// The share of the others that tells when to stop.
const VALIDATION: f64 = 0.1;

/// A name by its characters' numbers, and its nationality: what a classifier learns from.
pub type Sample = (Vec<usize>, usize);

/// The names of each nationality, each once.
#[derive(Clone, Debug, PartialEq)]
pub struct Names {
    /// The nationalities, in the order of the alphabet.
    pub nationalities: Vec<String>,
    /// Every name with all nationalities that it has, in the order of the alphabet.
    pub names: Vec<(String, Vec<usize>)>,
    /// How many lines the files have: a name may stand there again and again.
    pub lines: usize,
    /// The characters of all names.
    pub alphabet: Vocabulary,
}

/// Names to learn from, to tell by when to stop, and to be judged by.
#[derive(Clone, Debug)]
pub struct Parts {
    pub training: Vec<Sample>,
    pub validation: Vec<Sample>,
    pub test: Vec<Sample>,
}

impl Names {
    /// Reads a folder with a file for each nationality, "Irish.txt", and a name on each of its lines.
    pub fn read(folder: &Path) -> Outcome<Self> {
        let files = files(folder).map_err(|e| format!("--data {}: {e}", escaped(folder)))?;
        if files.len() < 2 {
            let found = files.len();
            let folder = escaped(folder);
            return Err(format!(
                "--data {folder}: {found} files NATIONALITY.txt, and there must be two at least"
            )
            .into());
        }
        let read = |path: &PathBuf| {
            let text = read_text(std::slice::from_ref(path), &[]);
            let text = text.map_err(|e| format!("--data: {e}"))?.text;
            match text.trim().is_empty() {
                true => Err(format!("--data: no name in {}", escaped(path)).into()),
                false => Ok((stem(path), text)),
            }
        };
        let files = files.iter().map(read).collect::<Outcome<Vec<_>>>()?;
        Ok(Self::of(&files))
    }

    /// Of nationalities, and the text of the file of each.
    fn of(files: &[(String, String)]) -> Self {
        let (mut names, mut lines) = (BTreeMap::<String, BTreeSet<usize>>::new(), 0);
        for (class, (_, text)) in files.iter().enumerate() {
            for name in text.lines().map(str::trim).filter(|name| !name.is_empty()) {
                names.entry(name.into()).or_default().insert(class);
                lines += 1;
            }
        }
        let all: String = names.keys().map(String::as_str).collect();
        let sorted =
            |(name, classes): (String, BTreeSet<usize>)| (name, classes.into_iter().collect());
        Names {
            nationalities: files
                .iter()
                .map(|(nationality, _)| nationality.clone())
                .collect(),
            names: names.into_iter().map(sorted).collect(),
            lines,
            alphabet: Vocabulary::new(&all),
        }
    }

    /// Names for training, validation and test, each nationality split by the same shares.
    ///
    /// A name is on one side with all nationalities that it has, and there counts once for each: "Abel" is
    /// English, French, German, Russian and Spanish. It is split with the first of them.
    pub fn split(&self, seed: u64) -> Parts {
        let first = |(_, classes): &(String, Vec<usize>)| classes[0];
        let (others, test) = split_by_class(self.names.clone(), TEST, seed, first);
        let (training, validation) = split_by_class(others.to_vec(), VALIDATION, seed, first);
        Parts {
            training: self.samples(&training.to_vec()),
            validation: self.samples(&validation.to_vec()),
            test: self.samples(&test.to_vec()),
        }
    }

    fn samples(&self, names: &[(String, Vec<usize>)]) -> Vec<Sample> {
        let encode = |name: &str| {
            self.alphabet
                .encode(name)
                .expect("the alphabet is that of all names")
        };
        let of_name = |(name, classes): &(String, Vec<usize>)| {
            let name = encode(name);
            classes
                .iter()
                .map(move |&class| (name.clone(), class))
                .collect::<Vec<_>>()
        };
        names.iter().flat_map(of_name).collect()
    }

    /// The number of a nationality that somebody names.
    pub fn nationality(&self, text: &str) -> Outcome<usize> {
        let found = self
            .nationalities
            .iter()
            .position(|n| n.eq_ignore_ascii_case(text));
        let known = || self.nationalities.join(", ");
        found.ok_or_else(|| {
            format!(
                "--nationality {}: expected one of {}",
                escaped(text),
                known()
            )
            .into()
        })
    }

    /// Whether it is in the data.
    pub fn has(&self, name: &str) -> bool {
        self.names
            .binary_search_by(|(other, _)| other.as_str().cmp(name))
            .is_ok()
    }
}

/// The share of these samples that a perfect judge could get right: of a name with several nationalities,
/// one answer is right for one of its samples only.
pub fn ceiling(samples: &[Sample]) -> f64 {
    let names: BTreeSet<_> = samples.iter().map(|(name, _)| name).collect();
    names.len() as f64 / samples.len() as f64
}

/// How frequent each nationality is among samples.
pub fn frequencies(samples: &[Sample], nationalities: usize) -> Vec<f64> {
    let mut counts = vec![0.0; nationalities];
    samples.iter().for_each(|&(_, class)| counts[class] += 1.0);
    counts
        .iter()
        .map(|count| count / samples.len() as f64)
        .collect()
}

/// The files with names in a folder, sorted.
fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<std::io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    Ok(paths)
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let files = [
            ("Irish", "Kelly\nO'Neal\nKelly\n\n Byrne\n"),
            ("Scottish", "Kelly\u{a0}\nReid\r\n"),
        ];
        Names::of(&files.map(|(nationality, text)| (nationality.into(), text.into())))
    }

    #[test]
    fn a_name_counts_once_with_all_its_nationalities() {
        let names = names();
        assert_eq!(names.lines, 6);
        let expected = [
            ("Byrne", vec![0]),
            ("Kelly", vec![0, 1]),
            ("O'Neal", vec![0]),
            ("Reid", vec![1]),
        ];
        assert_eq!(
            names.names,
            expected.map(|(name, classes)| (name.to_string(), classes))
        );
        assert!(names.has("Reid") && !names.has("Rei"));
        assert_eq!(names.nationality("scottish").unwrap(), 1);
        let error = names.nationality("Welsh").unwrap_err().to_string();
        assert_eq!(
            error,
            "--nationality Welsh: expected one of Irish, Scottish"
        );
    }

    #[test]
    fn no_name_is_on_two_sides() {
        let names = Names::read(Path::new(DEFAULT)).expect("the names of the example");
        assert_eq!((names.nationalities.len(), names.lines), (18, 20_050));
        let Parts {
            training,
            validation,
            test,
        } = names.split(3);
        let set = |samples: &[Sample]| -> BTreeSet<Vec<usize>> {
            samples.iter().map(|(name, _)| name.clone()).collect()
        };
        let sets = [set(&training), set(&validation), set(&test)];
        assert_eq!(
            sets.iter().map(BTreeSet::len).sum::<usize>(),
            names.names.len()
        );
        let all: BTreeSet<_> = sets.iter().flatten().collect();
        assert_eq!(all.len(), names.names.len());
        for (name, nationality) in names.nationalities.iter().enumerate() {
            let here = test.iter().filter(|(_, class)| *class == name).count();
            assert!(here > 0, "no {nationality} name to be judged by");
        }
        assert_ne!(set(&names.split(4).test), sets[2]);
    }

    #[test]
    fn a_name_of_two_nationalities_can_be_right_once() {
        let names = names();
        let samples = names.samples(&names.names);
        assert_eq!((samples.len(), ceiling(&samples)), (5, 0.8));
        assert_eq!(frequencies(&samples, 2), [0.6, 0.4]);
    }

    #[test]
    fn a_folder_without_names_is_refused_in_one_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let refused = |folder: &Path| Names::read(folder).unwrap_err().to_string();
        assert!(
            refused(folder.path())
                .ends_with("0 files NATIONALITY.txt, and there must be two at least")
        );
        fs::write(folder.path().join("Irish.txt"), "Kelly\n").expect("a file");
        fs::write(folder.path().join("Welsh.txt"), " \n").expect("a file");
        assert!(refused(folder.path()).ends_with("Welsh.txt"));
        fs::write(folder.path().join("Welsh.txt"), [b'J', 0xff]).expect("a file");
        assert!(refused(folder.path()).contains("is not UTF-8 at byte 1"));
        assert!(refused(&folder.path().join("none")).starts_with("--data "));
    }
}
