//! Naive Bayes on words and pairs of words: what can be told by counting, without an order beyond that of a pair.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::reviews::Sample;

/// The log-count ratio of each word, and of each pair of words that follow each other (Wang and Manning 2012, *Baselines
/// and Bigrams*). Of a gram g that n⁺(g) positive and n⁻(g) negative reviews have,
///
/// ```text
/// r(g) = ln (1 + n⁺(g)) / Σ_g' (1 + n⁺(g'))  −  ln (1 + n⁻(g)) / Σ_g' (1 + n⁻(g'))
/// ```
///
/// Were the grams of a review independent of each other, the log-odds for "positive" would be
/// ln N⁺/N⁻ + Σ_g r(g), a sum over its different grams.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bayes {
    /// Words of the longest gram.
    longest: usize,
    /// ln N⁺/N⁻.
    prior: f64,
    ratios: BTreeMap<String, f64>,
}

impl Bayes {
    /// Counts grams of up to so many words.
    pub fn count(samples: &[Sample], longest: usize) -> Self {
        let mut counts = BTreeMap::<String, [f64; 2]>::new();
        let mut reviews = [1.0; 2];
        for (words, class) in samples {
            reviews[*class] += 1.0;
            let different: BTreeSet<_> = grams(words, longest).map(|(_, gram)| gram).collect();
            for gram in different {
                counts.entry(gram).or_insert([1.0; 2])[*class] += 1.0;
            }
        }
        let log_odds = |[negative, positive]: [f64; 2]| (positive / negative).ln();
        let totals = counts
            .values()
            .fold([0.0; 2], |[a, b], [c, d]| [a + c, b + d]);
        let ratio = |(gram, counts)| (gram, log_odds(counts) - log_odds(totals));
        Bayes {
            longest,
            prior: log_odds(reviews),
            ratios: counts.into_iter().map(ratio).collect(),
        }
    }

    /// The log-odds for "positive".
    pub fn log_odds(&self, words: &[String]) -> f64 {
        self.prior + self.shares(words).iter().sum::<f64>()
    }

    /// The log-count ratio of a gram: 0 if it was not counted.
    pub fn ratio(&self, gram: &str) -> f64 {
        self.ratios.get(gram).copied().unwrap_or(0.0)
    }

    /// What each word adds to the log-odds: its own ratio, and of a pair's a half each.
    pub fn shares(&self, words: &[String]) -> Vec<f64> {
        let mut shares = vec![0.0; words.len()];
        let mut seen = BTreeSet::new();
        for (places, gram) in grams(words, self.longest) {
            let Some(ratio) = self.ratios.get(&gram) else {
                continue;
            };
            if seen.insert(gram) {
                let share = ratio / places.len() as f64;
                shares[places].iter_mut().for_each(|sum| *sum += share);
            }
        }
        shares
    }
}

/// All runs of up to so many words: where they are, and their text.
fn grams(words: &[String], longest: usize) -> impl Iterator<Item = (Range<usize>, String)> {
    let of_length = move |n| (0..=words.len().saturating_sub(n)).map(move |start| start..start + n);
    let places = (1..=longest.min(words.len())).flat_map(of_length);
    places.map(|places| (places.clone(), words[places].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reviews::{NEGATIVE, POSITIVE, words};

    fn samples() -> Vec<Sample> {
        let texts = [
            ("good good", POSITIVE),
            ("not good", NEGATIVE),
            ("bad", NEGATIVE),
        ];
        texts.map(|(text, class)| (words(text), class)).to_vec()
    }

    /// By hand: good is in one review of each class, not and bad in a negative one.
    #[test]
    fn the_ratios_are_those_of_the_counts() {
        let bayes = Bayes::count(&samples(), 1);
        let (positive, negative): (f64, f64) = (2.0 + 1.0 + 1.0, 2.0 + 2.0 + 2.0);
        let ratio = |p: f64, n: f64| (p / positive).ln() - (n / negative).ln();
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} and {b}");
        let prior = (2.0_f64 / 3.0).ln();
        close(bayes.log_odds(&words("unheard of")), prior);
        close(bayes.log_odds(&words("good")), prior + ratio(2.0, 2.0));
        close(
            bayes.log_odds(&words("bad, good bad")),
            prior + ratio(2.0, 2.0) + ratio(1.0, 2.0),
        );
    }

    #[test]
    fn the_words_share_what_is_said_of_pairs() {
        let bayes = Bayes::count(&samples(), 2);
        let text = words("not good, good good");
        let (shares, alone) = (bayes.shares(&text), |gram: &str| bayes.ratios[gram]);
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} and {b}");
        close(shares[0], alone(" not") + 0.5 * alone(" not good"));
        close(shares[1], alone(" good") + 0.5 * alone(" not good"));
        close(shares[2], 0.0);
        close(shares[3], 0.5 * alone(" good good"));
        close(
            shares.iter().sum::<f64>() + bayes.prior,
            bayes.log_odds(&text),
        );
        assert!(alone(" not good") < 0.0 && alone(" good good") > 0.0);
    }

    #[test]
    fn a_short_text_has_no_long_grams() {
        assert_eq!(grams(&words("a"), 3).count(), 1);
        assert_eq!(grams(&words("a b c"), 2).count(), 5);
        assert_eq!(grams(&[], 2).count(), 0);
    }
}
