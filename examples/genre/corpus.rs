//! Scores with their classes: made up, or read from ABC files; and how they are split.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::str::FromStr;

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use scores::{Tune, abc};
use train::escaped;
use train::prelude::Matrix;
use train::program::{Outcome, note};

use crate::features::features;
use crate::styles;

/// A score that is shorter says too little.
const SHORTEST: usize = 8;
/// Two tunes that begin with the same notes, whatever the key, are one.
const ALIKE: usize = 12;

/// Tunes, each with the number of its class.
pub type Scores = Vec<(Tune, usize)>;

/// Scores of some classes.
pub struct Corpus {
    pub classes: Vec<String>,
    pub scores: Scores,
}

/// A class on the command line: "irish=tunes/oneill.abc,more/".
#[derive(Clone, Debug)]
pub struct ClassFiles {
    name: String,
    paths: Vec<PathBuf>,
}

impl FromStr for ClassFiles {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected NAME=PATH,PATH…, files or folders of ABC";
        let (name, paths) = text.split_once('=').ok_or(expected)?;
        if name.is_empty() || paths.is_empty() {
            return Err(expected.into());
        }
        Ok(ClassFiles {
            name: name.into(),
            paths: paths.split(',').map(PathBuf::from).collect(),
        })
    }
}

impl Corpus {
    /// So many scores of all styles in turn.
    pub fn made_up(count: usize, seed: u64) -> Self {
        let score = |i: usize| {
            let style = i % styles::STYLES.len();
            let text = styles::score(style, (seed << 32) + i as u64);
            (abc::read(&text).tunes.remove(0), style)
        };
        Corpus {
            classes: styles::STYLES.map(String::from).into(),
            scores: (0..count).map(score).collect(),
        }
    }

    /// The tunes of these files. What cannot be read is told.
    pub fn read(classes: &[ClassFiles]) -> Outcome<Self> {
        let mut scores = Vec::new();
        for (class, ClassFiles { name, paths }) in classes.iter().enumerate() {
            let before = scores.len();
            let books = abc::read_files(paths);
            let books = books.map_err(|e| format!("{}: {}", escaped(&e.path), e.source))?;
            for (file, book) in books {
                if let Some(first) = book.skipped.first() {
                    let count = book.skipped.len();
                    note(format_args!(
                        "{}: {count} things skipped, the first at {first}",
                        escaped(&file)
                    ));
                }
                let tunes = book.tunes.into_iter();
                let long = tunes.filter(|tune| tune.events.len() >= SHORTEST);
                scores.extend(long.map(|tune| (tune, class)));
            }
            if scores.len() == before {
                let paths: Vec<_> = paths.iter().map(escaped).collect();
                return Err(format!(
                    "--class {name}: no tune of {SHORTEST} notes or more in {}",
                    paths.join(", ")
                )
                .into());
            }
        }
        let classes = classes.iter().map(|class| class.name.clone()).collect();
        Ok(Corpus { classes, scores })
    }

    /// All but a share of the scores of each class, and that. What stands in the corpus twice is on one side.
    pub fn split(self, share: f64, seed: u64) -> (Scores, Scores) {
        let mut of_class = HashMap::<usize, usize>::new();
        let mut groups = BTreeMap::<_, Scores>::new();
        for (tune, class) in self.scores {
            *of_class.entry(class).or_default() += 1;
            groups
                .entry(beginning(&tune))
                .or_default()
                .push((tune, class));
        }
        let mut groups: Vec<_> = groups.into_values().collect();
        groups.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let (mut most, mut held_out) = (Vec::new(), Vec::new());
        let mut taken = HashMap::<usize, usize>::new();
        for group in groups {
            let class = group[0].1;
            let taken = taken.entry(class).or_default();
            match (*taken as f64) < share * of_class[&class] as f64 {
                true => {
                    *taken += group.len();
                    held_out.extend(group);
                }
                false => most.extend(group),
            }
        }
        (most, held_out)
    }
}

/// The intervals that a tune begins with.
fn beginning(tune: &Tune) -> Vec<i32> {
    let highest = tune
        .events
        .iter()
        .filter_map(|event| event.pitches.iter().max());
    let pitches: Vec<_> = highest.take(ALIKE + 1).map(|&p| i32::from(p)).collect();
    pitches.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// What a classifier reads.
pub fn samples(scores: &[(Tune, usize)]) -> Vec<(Matrix, usize)> {
    scores
        .iter()
        .map(|(tune, class)| (features(tune), *class))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tune_that_stands_twice_is_on_one_side() {
        let mut corpus = Corpus::made_up(60, 1);
        let doubled = corpus.scores.clone();
        corpus.scores.extend(doubled);
        let (training, test) = corpus.split(0.25, 3);
        assert_eq!(training.len() + test.len(), 120);
        assert!((30..=36).contains(&test.len()), "{}", test.len());
        for (tune, _) in &test {
            assert!(
                training
                    .iter()
                    .all(|(other, _)| beginning(other) != beginning(tune))
            );
        }
        for class in 0..3 {
            assert!(test.iter().filter(|(_, c)| *c == class).count() >= 10);
        }
    }

    #[test]
    fn a_class_has_a_name_and_paths() {
        let class: ClassFiles = "irish=a.abc,b".parse().unwrap();
        assert_eq!((class.name.as_str(), class.paths.len()), ("irish", 2));
        for wrong in ["irish", "=a", "irish="] {
            wrong.parse::<ClassFiles>().unwrap_err();
        }
    }
}
