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
            .zip(letters.chars())
            .map(|(&parent, letter)| match self.info(parent).name {
                Some(name) if name != "y" && name.chars().count() <= 3 => name.to_string(),
                _ => letter.to_string(),
            })
            .collect();
        let Some(to) = names.get(operand) else {
            return format!("+= {}", self.rule(index, operand));
        };
        format!(
            "{} += {}",
            barred(to),
            named(&self.rule(index, operand), letters, &names)
        )
    }
}

fn barred(name: &str) -> String {
    format!("{name}{BAR}")
}

/// The rule with names for its letters, where these stand alone.
fn named(rule: &str, letters: &str, names: &[String]) -> String {
    let characters: Vec<char> = rule.chars().collect();
    let in_word = |at: Option<&char>| at.is_some_and(|c| c.is_ascii_alphanumeric() || *c == BAR);
    let mut text = String::new();
    for (i, &c) in characters.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| characters.get(i));
        let alone = !in_word(before) && !in_word(characters.get(i + 1));
        match letters
            .chars()
            .position(|letter| letter == c)
            .filter(|_| alone)
        {
            Some(operand) => text.push_str(&names[operand]),
            None => text.push(c),
        }
    }
    text
}
