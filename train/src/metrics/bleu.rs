//! [`Bleu`]: how near translations are to those of people.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// The longest n-gram that is counted.
const LONGEST: usize = 4;

/// The BLEU of a corpus (Papineni et al. 2002, *BLEU: a method for automatic evaluation of machine translation*), from
/// 0 to 100, by the definition of the package sacrebleu (Post 2018, *A call for clarity in reporting BLEU scores*) as it is
/// unless told otherwise: `nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp`.
///
/// BLEU = BP · (p₁ p₂ p₃ p₄)^¼,
///
/// where p_n is the share, in percent, of the n-grams found that are expected as well, each as often as it is expected
/// at most, summed over all sentences. A p_n of nothing is taken to be 100 / (2^k n-grams found), the k-th such one
/// (Chen and Cherry 2014, method 3). With c words found and r expected, BP = exp(1 − r / c) if c < r, else 1.
///
/// ```
/// let mut bleu = train::Bleu::default();
/// bleu.add("The cat sat on the mat.", "The cat sat on the mat.");
/// bleu.add("There is a dog.", "There is a cat here.");
/// assert_eq!(format!("{:.2}", bleu.score()), "71.59");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bleu {
    /// The n-grams that are expected as well, by n.
    right: [u64; LONGEST],
    /// All n-grams found, by n.
    all: [u64; LONGEST],
    found: u64,
    expected: u64,
}

impl Bleu {
    /// Counts a sentence, and the one that a person has written. Both are cut into words as by mteval-v13a, the
    /// script of the Workshop on Machine Translation: marks are words of their own, but points and commas in numbers.
    pub fn add(&mut self, found: &str, expected: &str) {
        self.add_words(&words(found), &words(expected));
    }

    /// Counts a sentence that is cut into words already.
    pub fn add_words<S: AsRef<str>>(&mut self, found: &[S], expected: &[S]) {
        self.found += found.len() as u64;
        self.expected += expected.len() as u64;
        for n in 1..=LONGEST {
            let expected = n_grams(expected, n);
            for (gram, count) in n_grams(found, n) {
                self.all[n - 1] += count;
                self.right[n - 1] += count.min(expected.get(&gram).copied().unwrap_or(0));
            }
        }
    }

    /// The BLEU of all sentences, from 0 to 100; 0 if no word is right, or no sentence has four words.
    pub fn score(&self) -> f64 {
        if self.right[0] == 0 || self.all[LONGEST - 1] == 0 {
            return 0.0;
        }
        let logarithms = self.precisions().map(f64::ln);
        self.brevity_penalty() * (logarithms.iter().sum::<f64>() / LONGEST as f64).exp()
    }

    /// p₁ to p₄, in percent; NaN where there are no n-grams.
    pub fn precisions(&self) -> [f64; LONGEST] {
        let mut smoothed = 1.0;
        std::array::from_fn(|n| {
            let (right, all) = (self.right[n] as f64, self.all[n] as f64);
            if right > 0.0 {
                return 100.0 * right / all;
            }
            smoothed *= 2.0;
            100.0 / (smoothed * all)
        })
    }

    /// BP: below 1 where less is found than expected.
    pub fn brevity_penalty(&self) -> f64 {
        let (found, expected) = (self.found as f64, self.expected as f64);
        (1.0 - expected / found).min(0.0).exp()
    }
}

/// How often each n-gram occurs.
fn n_grams<S: AsRef<str>>(words: &[S], n: usize) -> HashMap<Vec<&str>, u64> {
    let mut counts = HashMap::new();
    for gram in words.windows(n) {
        let gram = gram.iter().map(AsRef::as_ref).collect();
        *counts.entry(gram).or_default() += 1;
    }
    counts
}

/// The words of a line by mteval-v13a.
fn words(line: &str) -> Vec<String> {
    let line = line.trim_end().replace("<skipped>", "").replace("-\n", "");
    let line = line.replace('\n', " ").replace("&quot;", "\"");
    let line = line.replace("&amp;", "&");
    let line = line.replace("&lt;", "<").replace("&gt;", ">");
    let mut apart = String::from(" ");
    for c in line.chars() {
        match is_mark(c) {
            true => apart.extend([' ', c, ' ']),
            false => apart.push(c),
        }
    }
    apart.push(' ');
    let is_point = |c: char| c == '.' || c == ',';
    let is_digit = |c: char| c.is_ascii_digit();
    let apart = pairs(&apart, |a, b| !is_digit(a) && is_point(b), true);
    let apart = pairs(&apart, |a, b| is_point(a) && !is_digit(b), false);
    let apart = pairs(&apart, |a, b| is_digit(a) && b == '-', true);
    apart.split_whitespace().map(String::from).collect()
}

/// ASCII marks other than ' , - and the point.
fn is_mark(c: char) -> bool {
    matches!(c, '{'..='~' | '['..='`' | ' '..='&' | '('..='+' | ':'..='@' | '/')
}

/// Sets the second of two such characters apart, or the first one. From left to right, and each character is in one pair
/// at most, as with a regular expression: so of "..", the second point may stay where it is.
fn pairs(line: &str, is_pair: impl Fn(char, char) -> bool, second: bool) -> String {
    let mut apart = String::with_capacity(2 * line.len());
    let mut rest = line.chars().peekable();
    while let Some(a) = rest.next() {
        match rest.next_if(|&b| is_pair(a, b)) {
            Some(b) if second => apart.extend([a, ' ', b, ' ']),
            Some(b) => apart.extend([' ', a, ' ', b]),
            None => apart.push(a),
        }
    }
    apart
}
