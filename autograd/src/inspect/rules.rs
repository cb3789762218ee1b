//! A rule with the names of the nodes in it: "Ū += ȳᵀ x".

use crate::{Scalar, Tape};

/// The bar that marks a gradient, over the letter before it.
const BAR: char = '\u{304}';

impl<T: Scalar> Tape<T> {
    /// What a node adds to the gradient of an operand, in print: the operation's rule, in which
    /// operands with names stand for the rule's letters. ȳ and y remain the node itself.
    pub(super) fn update(&self, index: usize, operand: usize) -> String {
        let info = self.info(index);
        let letters = self.letters(index);
        let names: Vec<_> = info
            .parents
            .iter()
            .zip(letters.chars().chain(std::iter::repeat('x')))
            .map(|(&parent, letter)| match self.info(parent).name {
                Some(name) if name != "y" && name.chars().count() <= 3 => name.to_string(),
                _ => letter.to_string(),
            })
            .collect();
        let (to, rule) = (&names[operand], self.rule(index, operand));
        format!("{to}{BAR} += {}", named(&rule, letters, &names))
    }
}

/// The rule with names for its letters, where these stand alone.
fn named(rule: &str, letters: &str, names: &[String]) -> String {
    let characters: Vec<char> = rule.chars().collect();
    let in_word = |at: Option<&char>| at.is_some_and(|c| c.is_ascii_alphanumeric() || *c == BAR);
    let mut text = String::new();
    for (i, &c) in characters.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| characters.get(i));
        let alone = !in_word(before) && !in_word(characters.get(i + 1));
        let operand = letters.chars().position(|l| l == c).filter(|_| alone);
        match operand.and_then(|operand| names.get(operand)) {
            Some(name) => text.push_str(name),
            None => text.push(c), // part of a word, or an operand that was not given
        }
    }
    text
}
