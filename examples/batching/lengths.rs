//! How long sequences are, of three kinds: names, sentences, scores.

use std::path::{Path, PathBuf};

use rand::{Rng, RngExt};
use train::program::Outcome;
use train::read_text;

/// The surnames of the example `names`.
const NAMES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/names");

/// Sequences of a kind.
#[derive(Clone, Debug)]
pub struct Kind {
    pub name: &'static str,
    /// Steps of each sequence.
    pub lengths: Vec<usize>,
}

impl Kind {
    /// So many of each kind; the lengths of sentences are those of the lines of `files`, if there are any.
    pub fn all(files: &[PathBuf], samples: usize, rng: &mut impl Rng) -> Outcome<Vec<Self>> {
        let names = from_lines(&[NAMES.into()], |line| line.chars().count())?;
        let sentences = match files {
            [] => None,
            files => Some(from_lines(files, |line| line.split_whitespace().count())?),
        };
        let scores = samples.div_ceil(8).max(2); // a score is as long as twenty sentences
        Ok(vec![
            Kind::drawn("names", samples, || names[rng.random_range(0..names.len())]),
            Kind::drawn("sentences", samples, || match &sentences {
                Some(lengths) => lengths[rng.random_range(0..lengths.len())],
                None => sentence(rng),
            }),
            Kind::drawn("scores", scores, || score(rng)),
        ])
    }

    fn drawn(name: &'static str, samples: usize, mut draw: impl FnMut() -> usize) -> Self {
        let lengths = (0..samples).map(|_| draw()).collect();
        Kind { name, lengths }
    }
}

/// The lengths of all lines that have something in them.
fn from_lines(paths: &[PathBuf], length: impl Fn(&str) -> usize) -> Outcome<Vec<usize>> {
    let text = read_text(paths, &["txt".into()])
        .map_err(|e| format!("--data: {e}"))?
        .text;
    let lengths: Vec<_> = text
        .lines()
        .map(|line| length(line.trim()))
        .filter(|&n| n > 0)
        .collect();
    match lengths.is_empty() {
        true => Err(format!(
            "--data: no line with a word in {}",
            Path::new(&paths[0]).display()
        )
        .into()),
        false => Ok(lengths),
    }
}

/// The words of a sentence: a normal distribution with mean 21.0 and standard deviation 9.4, cut off at 1 and 60.
///
/// Those are mean and deviation of the 10,662 snippets of reviews of Pang and Lee 2005; their quantiles of 5, 25, 50,
/// 75 and 95 % are 7, 14, 20, 27 and 38 words, and those of the distribution 6, 15, 21, 27 and 37.
fn sentence(rng: &mut impl Rng) -> usize {
    within(1..=60, || 21.0 + 9.4 * normal(rng))
}

/// The steps of a score: half of them below 200, one of twenty above 750, none above 1000 or below 16. The logarithm
/// is normal, as it is with whatever may be twice or half as long: drawn, and not fitted to anything.
fn score(rng: &mut impl Rng) -> usize {
    within(16..=1000, || (200f64.ln() + 0.8 * normal(rng)).exp())
}

/// The first that lies within the range.
fn within(range: std::ops::RangeInclusive<usize>, mut draw: impl FnMut() -> f64) -> usize {
    loop {
        let drawn = draw().round();
        if drawn >= *range.start() as f64 && drawn <= *range.end() as f64 {
            return drawn as usize;
        }
    }
}

/// A number of the standard normal distribution (Box and Muller 1958).
fn normal(rng: &mut impl Rng) -> f64 {
    let (u, v): (f64, f64) = (rng.random(), rng.random());
    (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::ChaCha8Rng};

    use super::*;

    fn quantile(lengths: &mut [usize], part: f64) -> usize {
        lengths.sort_unstable();
        lengths[(lengths.len() as f64 * part) as usize]
    }

    #[test]
    fn sentences_are_as_long_as_those_of_reviews() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut lengths: Vec<_> = (0..20_000).map(|_| sentence(&mut rng)).collect();
        for (part, expected) in [(0.05, 7), (0.25, 14), (0.5, 20), (0.75, 27), (0.95, 38)] {
            let found = quantile(&mut lengths, part);
            assert!(
                found.abs_diff(expected) <= 1,
                "{part}: {found} against {expected}"
            );
        }
    }

    #[test]
    fn scores_are_of_very_different_length() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut lengths: Vec<_> = (0..20_000).map(|_| score(&mut rng)).collect();
        assert!(lengths.iter().all(|n| (16..=1000).contains(n)));
        let median = quantile(&mut lengths, 0.5);
        assert!((185..205).contains(&median), "{median}");
        assert!(quantile(&mut lengths, 0.95) > 10 * quantile(&mut lengths, 0.05));
    }

    #[test]
    fn there_are_as_many_as_asked_for_and_real_ones_where_given() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("sentences.txt");
        std::fs::write(&file, "one two three\n\n a b \n").expect("a file");
        let kinds = Kind::all(std::slice::from_ref(&file), 40, &mut rng).expect("lengths");
        let counts: Vec<_> = kinds
            .iter()
            .map(|kind| (kind.name, kind.lengths.len()))
            .collect();
        assert_eq!(counts, [("names", 40), ("sentences", 40), ("scores", 5)]);
        assert!(kinds[1].lengths.iter().all(|n| [2, 3].contains(n)));
        std::fs::write(&file, "\n").expect("a file");
        let error = Kind::all(&[file], 40, &mut rng).unwrap_err().to_string();
        assert!(
            error.starts_with("--data: no line with a word in "),
            "{error}"
        );
    }
}
