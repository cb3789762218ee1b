//! [`edit_distance`] and error rates.

use serde::{Deserialize, Serialize};

/// The least number of insertions, deletions and substitutions that turn one sequence into another
/// (Levenshtein 1966).
///
/// ```
/// assert_eq!(train::edit_distance(b"kitten", b"sitting"), 3);
/// let words = |s: &'static str| s.split(' ').collect::<Vec<_>>();
/// assert_eq!(train::edit_distance(&words("the cat sat"), &words("the cat")), 1);
/// ```
pub fn edit_distance<S: PartialEq>(a: &[S], b: &[S]) -> usize {
    // The distances of a's elements so far from every beginning of b.
    let mut row: Vec<_> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(1 + diagonal.min(row[j]));
        }
    }
    row[b.len()]
}

/// An error rate, summed over samples: the edits that turn what was found into what was expected, for every
/// element of this. By words it is the word error rate, by characters the character error rate; it may be
/// above 1.
///
/// ```
/// let mut edits = train::Edits::default();
/// edits.add(b"abd", b"abc");
/// edits.add(b"", b"x");
/// assert_eq!(edits.rate(), 0.5);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edits {
    edits: u64,
    expected: u64,
}

impl Edits {
    /// Counts a sample.
    pub fn add<S: PartialEq>(&mut self, found: &[S], expected: &[S]) {
        self.edits += edit_distance(found, expected) as u64;
        self.expected += expected.len() as u64;
    }

    /// Edits per expected element; NaN if none was expected.
    pub fn rate(&self) -> f64 {
        self.edits as f64 / self.expected as f64
    }

    /// The edits, and the elements that were expected.
    pub(crate) fn counts(&self) -> (f64, f64) {
        (self.edits as f64, self.expected as f64)
    }
}
