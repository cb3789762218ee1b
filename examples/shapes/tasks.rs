//! What there is to learn: Roman numerals and brackets.

use rand::{Rng, RngExt};

/// The letters of Roman numerals.
pub const ROMAN: [&str; 7] = ["I", "V", "X", "L", "C", "D", "M"];

/// Three that open, and the three that close them.
pub const BRACKETS: [&str; 6] = ["(", "[", "{", ")", "]", "}"];

/// How many are open at most.
const DEEPEST: usize = 5;

/// The digits of a number below 1000, hundreds first.
pub fn digits(n: usize) -> [usize; 3] {
    [n / 100 % 10, n / 10 % 10, n % 10]
}

/// A number below 1000 by the letters of its Roman numeral.
pub fn roman(n: usize) -> Vec<usize> {
    let mut letters = Vec::new();
    for (place, digit) in [2, 1, 0].into_iter().zip(digits(n)) {
        let one = 2 * place; // I, X or C; V, L or D and X, C or M come next
        let (five, ten) = (one + 1, one + 2);
        match digit {
            4 => letters.extend([one, five]),
            9 => letters.extend([one, ten]),
            _ => {
                letters.extend(vec![five; digit / 5]);
                letters.extend(vec![one; digit % 5]);
            }
        }
    }
    letters
}

/// So many brackets, none closed before it was opened; and which kind would have to be closed next, 3 if none.
pub fn brackets(length: usize, rng: &mut impl Rng) -> (Vec<usize>, usize) {
    let (mut text, mut open) = (Vec::new(), Vec::new());
    for _ in 0..length {
        let closes = open.len() == DEEPEST || rng.random_bool(0.5);
        match open.last() {
            Some(&kind) if closes => {
                text.push(kind + 3);
                open.pop();
            }
            _ => {
                open.push(rng.random_range(0..3));
                text.extend(open.last());
            }
        }
    }
    (text, open.last().copied().unwrap_or(3))
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::ChaCha8Rng};

    use super::*;

    #[test]
    fn numerals_are_roman() {
        let written = |n| {
            roman(n)
                .iter()
                .map(|&letter| ROMAN[letter])
                .collect::<String>()
        };
        for (n, numeral) in [
            (1, "I"),
            (42, "XLII"),
            (609, "DCIX"),
            (888, "DCCCLXXXVIII"),
            (994, "CMXCIV"),
        ] {
            assert_eq!(written(n), numeral);
        }
        let values = [1, 5, 10, 50, 100, 500, 1000];
        for n in 1..1000 {
            let letters: Vec<_> = roman(n).iter().map(|&letter| values[letter]).collect();
            // A letter before a larger one is taken off.
            let before = |i: usize| letters.get(i + 1).is_some_and(|&next| next > letters[i]);
            let (less, more): (Vec<usize>, Vec<_>) = (0..letters.len()).partition(|&i| before(i));
            let sum = |of: &[usize]| of.iter().map(|&i| letters[i]).sum::<usize>();
            assert_eq!(sum(&more) - sum(&less), n);
        }
    }

    #[test]
    fn brackets_close_what_is_open() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut answers = [0; 4];
        for length in 1..400 {
            let (text, answer) = brackets(length % 12 + 1, &mut rng);
            let mut rest: String = text.iter().map(|&bracket| BRACKETS[bracket]).collect();
            assert_eq!(rest.len(), length % 12 + 1);
            while ["()", "[]", "{}"].iter().any(|pair| rest.contains(pair)) {
                rest = rest.replace("()", "").replace("[]", "").replace("{}", "");
            }
            let last = rest
                .chars()
                .last()
                .map_or(3, |c| "([{".find(c).expect("only open ones are left"));
            assert_eq!(last, answer);
            answers[answer] += 1;
        }
        assert!(answers.iter().all(|&count| count > 40), "{answers:?}");
    }
}
