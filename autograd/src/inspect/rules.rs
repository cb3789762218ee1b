//! What a node does, in print: its rules, with the names of the nodes in them, "Ū += ȳᵀ x".

use crate::{Scalar, Var};

/// The bar that marks a gradient, over the letter before it.
const BAR: char = '\u{304}';

impl<'t, T: Scalar> Var<'t, T> {
    /// What the operation was given beside its operands, in print: "4..8" for a range of rows,
    /// "[3, 1]" for those of a look-up, of which the first are shown; empty for most.
    pub fn arguments(self) -> String {
        self.tape.arguments(self.index)
    }

    /// The node whose matrix has this node's elements: itself, or for a view the one that it is a
    /// part of.
    pub fn owner(self) -> Var<'t, T> {
        self.tape.node(self.tape.place(self.index).owner)
    }

    /// Whether the operation hands gradients on to its operands, as all but `detach` do.
    pub fn passes_gradient(self) -> bool {
        self.tape
            .with_operation(self.index, |op| op.passes_gradient())
            .unwrap_or(true)
    }

    /// What the node sends to an operand, in the operation's own letters: "ȳ ⊙ (1 − y²)".
    pub fn rule(self, operand: usize) -> String {
        self.tape.rule(self.index, operand)
    }

    /// What the node adds to the gradient of an operand: [`Var::rule`], in which the operands' names
    /// stand for the rule's letters. ȳ and y remain the node itself, and an operand without a name
    /// keeps its letter where it is the one that receives.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// let tape = Tape::<f64>::new();
    /// let x = tape.constant(Matrix::from([[1.0, 2.0]])).named("x");
    /// let w = tape.var(Matrix::from([[0.5, 0.3]])).named("W");
    /// assert_eq!(x.matmul_t(w).update(1), "W\u{304} += ȳᵀ x");
    /// ```
    ///
    /// # Panics
    /// If there are not so many operands.
    #[track_caller]
    pub fn update(self, operand: usize) -> String {
        let parents = self.info().parents;
        let count = parents.len();
        assert!(operand < count, "operand {operand} of {count}");
        let letters = self.tape.letters(self.index);
        let letter = letters.chars().chain(std::iter::repeat('x'));
        let name =
            |((i, &parent), letter): ((usize, &usize), char)| match self.tape.info(parent).name {
                Some(name) if name != "y" && name.chars().count() <= 3 => name.to_string(),
                _ if i == operand => letter.to_string(),
                _ => format!("%{parent}"),
            };
        let names: Vec<_> = parents.iter().enumerate().zip(letter).map(name).collect();
        let (to, rule) = (&names[operand], self.rule(operand));
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
