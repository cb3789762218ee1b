//! Reviews with their classes: read from files, or made up; and dealt out so that no review is on two sides.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use train::program::Outcome;
use train::{Dataset, Subset, escaped, k_fold, read_text};

/// The classes, by number.
pub const CLASSES: [&str; 2] = ["negative", "positive"];
pub const NEGATIVE: usize = 0;
pub const POSITIVE: usize = 1;

/// Fewer reviews cannot be split.
const FEWEST: usize = 20;

/// The words of a text: a run of letters and digits in small letters with a space before it, or another
/// character. One behind the other they are a text that [`Vocabulary`](train::Vocabulary) cuts at the same places.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::<String>::new();
    let mut is_inside = false;
    for c in text.chars().flat_map(char::to_lowercase) {
        match words.last_mut() {
            Some(word) if is_inside && c.is_alphanumeric() => word.push(c),
            _ if c.is_alphanumeric() => words.push(format!(" {c}")),
            _ if !c.is_whitespace() => words.push(c.to_string()),
            _ => {}
        }
        is_inside = c.is_alphanumeric();
    }
    words
}

/// A text, and its class each time that it stands in the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    pub words: Vec<String>,
    pub classes: Vec<usize>,
}

/// The reviews that are not held out, and those that are.
pub type Fold = (Subset<Vec<Review>>, Subset<Vec<Review>>);

/// A review as one learns from it: its words, and a class.
pub type Sample = (Vec<String>, usize);

/// Every text once.
#[derive(Clone, Debug, PartialEq)]
pub struct Reviews(pub Vec<Review>);

impl Reviews {
    /// Of texts with their classes, in the order in which they first come.
    pub fn of<S: AsRef<str>>(texts: impl IntoIterator<Item = (S, usize)>) -> Self {
        let (mut reviews, mut places) = (Vec::<Review>::new(), BTreeMap::new());
        for (text, class) in texts {
            let words = words(text.as_ref());
            let place = *places.entry(words.clone()).or_insert(reviews.len());
            match reviews.get_mut(place) {
                Some(review) => review.classes.push(class),
                None => reviews.push(Review {
                    words,
                    classes: vec![class],
                }),
            }
        }
        Reviews(reviews)
    }

    /// Reads a file of positive and a file of negative reviews, one on each line; or a folder with a file *.pos and
    /// a file *.neg.
    pub fn read(paths: &[PathBuf]) -> Outcome<Self> {
        let [positive, negative] = match paths {
            [folder] if !folder.is_file() => [find(folder, "pos")?, find(folder, "neg")?],
            [positive, negative] => [positive.clone(), negative.clone()],
            _ => return Err("--data: expected a file POS and a file NEG, or a folder".into()),
        };
        let (negative, positive) = (read_file(&negative)?, read_file(&positive)?);
        let of_class = |text, class| lines(text).map(move |line| (line, class));
        let negative = of_class(&negative, NEGATIVE);
        Ok(Self::of(negative.chain(of_class(&positive, POSITIVE))))
    }

    /// How often each class is in the data, and how many reviews stand there again.
    pub fn counts(&self) -> ([usize; 2], usize) {
        let classes = || self.0.iter().flat_map(|review| &review.classes);
        let count = |class| classes().filter(|&&c| c == class).count();
        (
            [NEGATIVE, POSITIVE].map(count),
            classes().count() - self.0.len(),
        )
    }

    /// For each of k folds the reviews of all others, and its own.
    pub fn folds(&self, k: usize, seed: u64) -> Outcome<Vec<Fold>> {
        let count = self.0.len();
        let least = (2 * k).max(FEWEST);
        match count < least {
            true => Err(format!(
                "--folds {k}: {count} different reviews are too few, {least} are needed"
            )
            .into()),
            false => Ok(k_fold(self.0.clone(), k, seed)),
        }
    }
}

/// Each review as often as it stands in the data.
pub fn samples(reviews: &impl Dataset<Sample = Review>) -> Vec<Sample> {
    let of_review = |review: Review| {
        let Review { words, classes } = review;
        classes.into_iter().map(move |class| (words.clone(), class))
    };
    reviews.to_vec().into_iter().flat_map(of_review).collect()
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !words(line).is_empty())
}

fn read_file(path: &Path) -> Outcome<String> {
    let text = read_text(&[path.to_path_buf()], &[]);
    let text = text.map_err(|e| format!("--data: {e}"))?.text;
    let has_reviews = lines(&text).next().is_some();
    match has_reviews {
        true => Ok(text),
        false => Err(format!("--data: no review in {}", escaped(path)).into()),
    }
}

/// The one file of a folder with that extension.
fn find(folder: &Path, extension: &str) -> Outcome<PathBuf> {
    let wrong = |what: String| format!("--data {}: {what}", escaped(folder));
    let paths = fs::read_dir(folder).map_err(|e| wrong(e.to_string()))?;
    let paths = paths.map(|entry| Ok(entry?.path()));
    let mut paths = paths
        .collect::<std::io::Result<Vec<_>>>()
        .map_err(|e| wrong(e.to_string()))?;
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    match paths.len() {
        1 => Ok(paths.remove(0)),
        n => Err(wrong(format!("{n} files *.{extension}, and there must be one")).into()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use train::Vocabulary;

    use super::*;
    use crate::made_up;

    #[test]
    fn words_are_those_that_a_vocabulary_sees() {
        let text = "It's  2 HOURS of self-conscious\tÄrger, ;-)";
        let words = words(text);
        let expected = [
            " it",
            "'",
            " s",
            " 2",
            " hours",
            " of",
            " self",
            "-",
            " conscious",
            " ärger",
            ",",
            ";",
            "-",
            ")",
        ];
        assert_eq!(words, expected);
        let vocabulary = Vocabulary::words(&words.concat(), 1);
        let one_by_one: Vec<_> = words
            .iter()
            .map(|word| vocabulary.number(word).unwrap())
            .collect();
        assert_eq!(vocabulary.encode(&words.concat()).unwrap(), one_by_one);
        assert!(!one_by_one.contains(&vocabulary.unknown().unwrap()));
    }

    #[test]
    fn a_review_that_stands_there_again_is_on_one_side() {
        let reviews = Reviews::of(made_up::reviews(800, 1));
        let (counts, again) = reviews.counts();
        assert_eq!(counts[0] + counts[1], 800);
        assert!(again > 0);
        let mut held_out = 0;
        for (others, own) in reviews.folds(10, 1).expect("folds") {
            let (others, own) = (samples(&others), samples(&own));
            assert_eq!(others.len() + own.len(), 800);
            held_out += own.len();
            let others: BTreeSet<_> = others.into_iter().map(|(words, _)| words).collect();
            assert!(own.iter().all(|(words, _)| !others.contains(words)));
        }
        assert_eq!(held_out, 800);
    }

    #[test]
    fn files_are_read_by_name_or_from_a_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a.pos"), "good\n\n  \nvery Good .\r\n").expect("a file");
        fs::write(path("a.neg"), "bad\ngood").expect("a file");
        let reviews = Reviews::read(&[path("a.pos"), path("a.neg")]).expect("reviews");
        assert_eq!(reviews.counts(), ([2, 2], 1));
        assert_eq!(
            reviews.0[1],
            Review {
                words: words("good"),
                classes: vec![NEGATIVE, POSITIVE]
            }
        );
        assert_eq!(
            Reviews::read(&[folder.path().into()]).expect("reviews"),
            reviews
        );
        let error = reviews.folds(2, 1).expect_err("3 reviews").to_string();
        assert!(
            error.starts_with("--folds 2: 3 different reviews are too few"),
            "{error}"
        );
    }

    #[test]
    fn files_that_are_none_are_refused_in_one_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let refused = |paths: &[PathBuf]| {
            let error = Reviews::read(paths).expect_err("no reviews").to_string();
            assert!(
                error.starts_with("--data") && !error.contains('\n'),
                "{error}"
            );
            error
        };
        assert!(refused(&[folder.path().into()]).ends_with("0 files *.pos, and there must be one"));
        fs::write(path("a.pos"), "good\n").expect("a file");
        assert!(refused(&[folder.path().into()]).ends_with("0 files *.neg, and there must be one"));
        assert!(refused(&[path("a.pos"), path("none")]).contains("none"));
        fs::write(path("a.neg"), "").expect("a file");
        assert!(refused(&[path("a.pos"), path("a.neg")]).contains("a.neg"));
        fs::write(path("a.neg"), " \n\n").expect("a file");
        assert!(refused(&[path("a.pos"), path("a.neg")]).contains("no review in"));
        fs::write(path("a.neg"), [b'n', 0xe9]).expect("a file");
        assert!(refused(&[path("a.pos"), path("a.neg")]).contains("is not UTF-8 at byte 1"));
        refused(&[path("a.pos")]); // a file, and no folder
    }
}
