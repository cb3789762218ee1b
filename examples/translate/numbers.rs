//! Numbers and their French words: "9 7 0 8 1" is "quatre-vingt-dix-sept mille quatre-vingt-un".

use std::collections::BTreeSet;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

use crate::pairs::{Pair, Parts, Test};

/// The largest number.
const LARGEST: usize = 999_999;
/// Of twenty numbers, so many are held out for the final figures, and so many to validate with.
const HELD_OUT: usize = 2;

const SMALL: [&str; 17] = [
    "zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze",
    "douze", "treize", "quatorze", "quinze", "seize",
];
/// 20, 30, … 60; 70 and 90 are 60 + 10 and 80 + 10, and 80 is 4 · 20.
const TENS: [&str; 5] = ["vingt", "trente", "quarante", "cinquante", "soixante"];

/// So many numbers with their words, and words with their numbers: both are to be learned by one model, which sees by
/// what it reads what it has to write.
///
/// Numbers of one digit are as likely as those of six, but no number is drawn twice.
pub fn parts(count: usize, seed: u64) -> Parts {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut drawn = BTreeSet::new();
    while drawn.len() < count {
        let logarithm = rng.random_range(0.0..((LARGEST + 1) as f64).ln());
        drawn.insert(logarithm.exp() as usize);
    }
    let mut numbers: Vec<_> = drawn.into_iter().collect();
    numbers.shuffle(&mut rng);
    let held_out = (count * HELD_OUT).div_ceil(20);
    let (test, others) = numbers.split_at(held_out);
    let (validation, training) = others.split_at(held_out);
    let both = |numbers: &[usize]| [pairs(numbers, into_words), pairs(numbers, into_digits)];
    Parts {
        training: both(training).concat(),
        validation: both(validation).concat(),
        tests: vec![
            Test::new("digits into words", "_words", pairs(test, into_words)),
            Test::new("words into digits", "_digits", pairs(test, into_digits)),
        ],
    }
}

fn pairs(numbers: &[usize], pair: fn(usize) -> Pair) -> Vec<Pair> {
    numbers.iter().map(|&n| pair(n)).collect()
}

fn into_words(n: usize) -> Pair {
    Pair {
        source: digits(n),
        target: words(n),
    }
}

fn into_digits(n: usize) -> Pair {
    Pair {
        source: words(n),
        target: digits(n),
    }
}

/// "9 7 0 8 1": a digit is a word.
fn digits(n: usize) -> String {
    let digits: Vec<_> = n.to_string().chars().map(String::from).collect();
    digits.join(" ")
}

/// A number below a million in French words.
pub fn words(n: usize) -> String {
    match (n / 1000, n % 1000) {
        (0, n) => below_thousand(n, true),
        (1, 0) => "mille".into(),
        (1, n) => format!("mille {}", below_thousand(n, true)),
        (thousands, 0) => format!("{} mille", below_thousand(thousands, false)),
        (thousands, n) => format!(
            "{} mille {}",
            below_thousand(thousands, false),
            below_thousand(n, true)
        ),
    }
}

/// "deux cents", but "deux cent un" and "deux cent mille": a plural only where the number ends.
fn below_thousand(n: usize, ends: bool) -> String {
    let hundreds = match n / 100 {
        0 => return below_hundred(n, ends),
        1 => "cent".into(),
        hundreds => format!("{} cent", SMALL[hundreds]),
    };
    match n % 100 {
        0 if ends && n > 100 => hundreds + "s",
        0 => hundreds,
        n => format!("{hundreds} {}", below_hundred(n, ends)),
    }
}

fn below_hundred(n: usize, ends: bool) -> String {
    match n {
        0..=16 => SMALL[n].into(),
        17..=19 => format!("dix-{}", SMALL[n - 10]),
        71 => "soixante et onze".into(),
        70..=79 => format!("soixante-{}", below_hundred(n - 60, ends)),
        80 if ends => "quatre-vingts".into(),
        80 => "quatre-vingt".into(),
        81..=99 => format!("quatre-vingt-{}", below_hundred(n - 80, ends)),
        _ => match (TENS[n / 10 - 2], n % 10) {
            (tens, 0) => tens.into(),
            (tens, 1) => format!("{tens} et un"),
            (tens, n) => format!("{tens}-{}", SMALL[n]),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_words() {
        for (n, expected) in [
            (0, "zéro"),
            (16, "seize"),
            (17, "dix-sept"),
            (21, "vingt et un"),
            (32, "trente-deux"),
            (70, "soixante-dix"),
            (71, "soixante et onze"),
            (79, "soixante-dix-neuf"),
            (80, "quatre-vingts"),
            (81, "quatre-vingt-un"),
            (91, "quatre-vingt-onze"),
            (100, "cent"),
            (101, "cent un"),
            (200, "deux cents"),
            (280, "deux cent quatre-vingts"),
            (1000, "mille"),
            (1100, "mille cent"),
            (21_000, "vingt et un mille"),
            (80_080, "quatre-vingt mille quatre-vingts"),
            (97_081, "quatre-vingt-dix-sept mille quatre-vingt-un"),
            (200_200, "deux cent mille deux cents"),
            (
                999_999,
                "neuf cent quatre-vingt-dix-neuf mille neuf cent quatre-vingt-dix-neuf",
            ),
        ] {
            assert_eq!(words(n), expected);
        }
        assert_eq!(digits(97_081), "9 7 0 8 1");
    }

    /// What words are worth, from left to right: "quatre-vingt" is a product, as are "deux cent" and "deux mille".
    fn value(words: &str) -> usize {
        let (mut thousands, mut rest, mut before) = (0, 0, 0);
        for word in words.split([' ', '-']) {
            let small = SMALL.iter().position(|small| *small == word);
            let tens = TENS.iter().position(|tens| *tens == word);
            let worth = match (word.trim_end_matches('s'), small, tens) {
                ("et", ..) => continue,
                ("mille", ..) => {
                    (thousands, rest, before) = (1000 * rest.max(1), 0, 0);
                    continue;
                }
                ("cent", ..) => 100 * rest.max(1) - rest,
                ("vingt", ..) if before == 4 => 80 - 4,
                (_, Some(n), _) => n,
                (_, _, Some(n)) => 10 * (n + 2),
                _ => panic!("{word} in {words}"),
            };
            rest += worth;
            before = worth;
        }
        thousands + rest
    }

    #[test]
    fn words_are_worth_their_number() {
        for n in (0..=LARGEST).filter(|n| *n < 2000 || n % 97 == 0) {
            assert_eq!(value(&words(n)), n, "{}", words(n));
        }
    }

    #[test]
    fn no_number_is_learned_and_held_out() {
        let parts = parts(400, 3);
        assert_eq!(parts.training.len(), 2 * 320);
        assert_eq!(parts.validation.len(), 2 * 40);
        let [words, digits] = &parts.tests[..] else {
            panic!("two directions")
        };
        assert_eq!((words.pairs.len(), digits.pairs.len()), (40, 40));
        let seen: BTreeSet<_> = parts.training.iter().chain(&parts.validation).collect();
        assert_eq!(seen.len(), 720);
        for (there, back) in words.pairs.iter().zip(&digits.pairs) {
            assert_eq!((&there.source, &there.target), (&back.target, &back.source));
            assert!(!seen.contains(there) && !seen.contains(back));
        }
        assert_ne!(super::parts(400, 4).tests[0].pairs, words.pairs);
    }
}
