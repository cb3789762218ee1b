//! Reviews from a grammar, in which the words alone do not tell the class: negations turn what they stand before,
//! "but" and "although" tell what counts, "slightly" and "utterly" how much.
//!
//! > although the plot is far from dull, nobody could call the ending clever.

use rand::seq::IndexedRandom;
use rand::{Rng, RngExt, SeedableRng, rngs::ChaCha8Rng};

use crate::reviews::{NEGATIVE, POSITIVE};

const GOOD: [&str; 12] = [
    "brilliant",
    "charming",
    "clever",
    "fresh",
    "funny",
    "gripping",
    "honest",
    "moving",
    "rich",
    "subtle",
    "warm",
    "witty",
];
const BAD: [&str; 12] = [
    "bland", "clumsy", "dull", "flat", "hollow", "lifeless", "noisy", "shallow", "silly", "stale",
    "tedious", "trite",
];
const PARTS: [&str; 10] = [
    "acting", "camera", "cast", "dialogue", "editing", "ending", "music", "plot", "script", "story",
];
const OPENINGS: [&str; 6] = ["", "", "", "frankly, ", "in the end, ", "after two hours, "];

/// Clauses about a part of a film, N, that say of it what the word A says.
const PLAIN: [&str; 4] = [
    "the N is A",
    "the N is quite A",
    "we found the N A",
    "the N is never less than A",
];
/// Clauses that say the opposite.
const TURNED: [&str; 5] = [
    "the N is not A",
    "nobody could call the N A",
    "the N is far from A",
    "the N is anything but A",
    "the N is never A",
];
/// The share of clauses that say the opposite of their word.
const TURNS: f64 = 0.3;

/// Two clauses: T tells the class, and O says the opposite.
const JOINED: [&str; 4] = ["O, but T", "although O, T", "T, even though O", "O, yet T"];

/// Texts of these words, to be judged: in each, what is said is not what most of its words say.
pub const TEXTS: [&str; 3] = [
    "Although the plot is far from dull, nobody could call the ending clever.",
    "The script is not funny, but the acting is anything but flat.",
    "The music is never less than charming, even though the camera is slightly noisy.",
];

/// So many reviews with their classes, as likely to be positive as negative.
pub fn reviews(count: usize, seed: u64) -> Vec<(String, usize)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let review = |_| {
        let class = [NEGATIVE, POSITIVE][usize::from(rng.random_bool(0.5))];
        (review(class, &mut rng), class)
    };
    (0..count).map(review).collect()
}

/// A review of this class.
pub fn review(class: usize, rng: &mut impl Rng) -> String {
    let other = NEGATIVE + POSITIVE - class;
    let opening = pick(&OPENINGS, rng);
    let text = match rng.random_range(0..10) {
        0..4 => clause(class, rng),
        4 => format!("{} and {}", clause(class, rng), clause(class, rng)),
        5..8 => {
            let pattern = pick(&JOINED, rng);
            let (told, opposite) = (clause(class, rng), clause(other, rng));
            // What is told is put in last: its words have none of the letters O and T.
            pattern.replace('O', &opposite).replace('T', &told)
        }
        _ => {
            let weak = format!("slightly {}", word(other, rng));
            let strong = format!("utterly {}", word(class, rng));
            let [first, second] = if rng.random_bool(0.5) {
                [weak, strong]
            } else {
                [strong, weak]
            };
            format!(
                "the {} is {first} and the {} is {second}",
                pick(&PARTS, rng),
                pick(&PARTS, rng)
            )
        }
    };
    format!("{opening}{text}.")
}

/// A clause that says something of this class.
fn clause(class: usize, rng: &mut impl Rng) -> String {
    let (pattern, word) = match rng.random_bool(TURNS) {
        true => (pick(&TURNED, rng), word(NEGATIVE + POSITIVE - class, rng)),
        false => (pick(&PLAIN, rng), word(class, rng)),
    };
    pattern.replace('A', word).replace('N', pick(&PARTS, rng))
}

fn word(class: usize, rng: &mut impl Rng) -> &'static str {
    pick(if class == POSITIVE { &GOOD } else { &BAD }, rng)
}

fn pick(words: &[&'static str], rng: &mut impl Rng) -> &'static str {
    words.choose(rng).expect("there are words")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The class by the grammar's own rules, read off the text.
    fn judged(review: &str) -> usize {
        let text = review.trim_end_matches('.');
        let mut clause = text;
        if let Some(rest) = text.split_once("although ").map(|(_, rest)| rest) {
            clause = rest.split_once(", ").expect("two clauses").1;
        }
        for join in [", but ", ", yet "] {
            clause = clause.split_once(join).map_or(clause, |(_, told)| told);
        }
        clause = clause
            .split_once(", even though ")
            .map_or(clause, |(told, _)| told);
        clause = clause
            .split_once("utterly ")
            .map_or(clause, |(_, strong)| strong);
        let first = clause.split(" and ").next().expect("a clause");
        let has = |words: &[&str]| {
            words
                .iter()
                .any(|word| first.split(' ').any(|w| w == *word))
        };
        assert!(has(&GOOD) != has(&BAD), "{review}");
        let is_turned = ["not ", "nobody", "far from", "anything but"]
            .iter()
            .any(|t| first.contains(t))
            || (first.contains("never") && !first.contains("less than"));
        usize::from(has(&GOOD) != is_turned)
    }

    #[test]
    fn a_review_says_what_its_class_is() {
        let reviews = reviews(2000, 1);
        for (review, class) in &reviews {
            assert_eq!(judged(review), *class, "{review}");
            assert!(!review.chars().any(|c| "NAOT".contains(c)), "{review}");
        }
        let positive = reviews
            .iter()
            .filter(|(_, class)| *class == POSITIVE)
            .count();
        assert!((900..1100).contains(&positive));
    }

    #[test]
    fn the_same_seed_gives_the_same_reviews() {
        assert_eq!(reviews(50, 3), reviews(50, 3));
        assert_ne!(reviews(50, 3), reviews(50, 4));
    }
}
