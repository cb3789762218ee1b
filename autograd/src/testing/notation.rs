//! The notation of printed rules, read back: "ȳ ⊙ (1 − y²)" as a [`Term`].
//!
//! ```text
//! rule    = sum ["at rows" range | "at columns" range]
//! sum     = ["−"] product { ("+" | "−") product }
//! product = factors { ("⊙" | "/") factors }
//! factors = factor { factor }                        a matrix product, or a multiple
//! factor  = "−" factor | "Σ" factor | atom { superscript }
//! atom    = number | letter | "ȳ" | function "(" sum ")" | "(" sum ")" | "[" comparison "]"
//! ```
//!
//! So a product without a sign binds tighter than ⊙ and /, and Σ, the sum over each row, takes the one
//! factor behind it.

use std::ops::Range;

/// A rule, or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    Number(f64),
    /// ȳ.
    Gradient,
    /// y, an operand, or another letter that has a meaning.
    Letter(char),
    Minus(Box<Term>),
    Infix(Box<Term>, Sign, Box<Term>),
    /// Without a sign between them.
    Product(Box<Term>, Box<Term>),
    /// Σ, over each row.
    RowSum(Box<Term>),
    Transpose(Box<Term>),
    Power(Box<Term>, Box<Term>),
    /// e to a power.
    Exponential(Box<Term>),
    Call(String, Box<Term>),
    /// 1 where all neighbours compare like this, 0 elsewhere.
    Bracket(Vec<Term>, Vec<char>),
    /// In these rows or columns of what is zero elsewhere.
    At(Box<Term>, Axis, Range<usize>),
}

/// What stands between two terms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sign {
    Plus,
    Minus,
    Times,
    Over,
}

/// Rows or columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Axis {
    Rows,
    Columns,
}

/// Reads a rule; `None` where it is prose.
pub fn parse(rule: &str) -> Option<Term> {
    let (rule, place) = match rule.split_once(" at ") {
        Some((rule, place)) => (rule, Some(parse_place(place)?)),
        None => (rule, None),
    };
    let term = parse_sum(rule)?;
    Some(match place {
        Some((axis, range)) => Term::At(Box::new(term), axis, range),
        None => term,
    })
}

/// "rows 2..5".
fn parse_place(text: &str) -> Option<(Axis, Range<usize>)> {
    let (axis, range) = text.split_once(' ')?;
    let axis = match axis {
        "rows" => Axis::Rows,
        "columns" => Axis::Columns,
        _ => return None,
    };
    let (start, end) = range.split_once("..")?;
    Some((axis, start.parse().ok()?..end.parse().ok()?))
}

fn parse_sum(text: &str) -> Option<Term> {
    let text: Vec<char> = text.replace("y\u{304}", "ȳ").chars().collect();
    let mut parser = Parser { text: &text, at: 0 };
    let term = parser.sum()?;
    (parser.peek().is_none()).then_some(term)
}

struct Parser<'a> {
    text: &'a [char],
    at: usize,
}

impl Parser<'_> {
    /// The next character that is no space.
    fn peek(&mut self) -> Option<char> {
        while self.text.get(self.at) == Some(&' ') {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    /// Steps over the next character if it is one of these.
    fn take(&mut self, any_of: &str) -> Option<char> {
        let next = self.peek().filter(|c| any_of.contains(*c))?;
        self.at += 1;
        Some(next)
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let rest = self.text[self.at..].iter().copied();
        let found: String = rest.take_while(|c| wanted(*c)).collect();
        self.at += found.chars().count();
        found
    }

    fn sum(&mut self) -> Option<Term> {
        let mut sum = self.product()?;
        while let Some(sign) = self.take("+−-") {
            let sign = if sign == '+' { Sign::Plus } else { Sign::Minus };
            sum = Term::Infix(Box::new(sum), sign, Box::new(self.product()?));
        }
        Some(sum)
    }

    fn product(&mut self) -> Option<Term> {
        let mut product = self.factors()?;
        while let Some(sign) = self.take("⊙/") {
            let sign = if sign == '/' { Sign::Over } else { Sign::Times };
            product = Term::Infix(Box::new(product), sign, Box::new(self.factors()?));
        }
        Some(product)
    }

    fn factors(&mut self) -> Option<Term> {
        let mut product = self.factor()?;
        while self.peek().is_some_and(|c| !"+−-⊙/)],<>≤≥=≠".contains(c)) {
            product = Term::Product(Box::new(product), Box::new(self.factor()?));
        }
        Some(product)
    }

    fn factor(&mut self) -> Option<Term> {
        if self.take("−-").is_some() {
            return Some(Term::Minus(Box::new(self.factor()?)));
        }
        if self.take("Σ").is_some() {
            return Some(Term::RowSum(Box::new(self.factor()?)));
        }
        let mut factor = self.atom()?;
        loop {
            if self.text.get(self.at) == Some(&'ᵀ') {
                self.at += 1;
                factor = Term::Transpose(Box::new(factor));
                continue;
            }
            let power: String = self.take_while(|c| lower(c).is_some());
            if power.is_empty() {
                return Some(factor);
            }
            let power: String = power.chars().filter_map(lower).collect();
            let power = Box::new(parse_sum(&power)?);
            factor = match factor {
                Term::Letter('e') => Term::Exponential(power),
                base => Term::Power(Box::new(base), power),
            };
        }
    }

    fn atom(&mut self) -> Option<Term> {
        let next = self.peek()?;
        match next {
            '0'..='9' => {
                let digits = self.take_while(|c| c.is_ascii_digit() || c == '.');
                digits.parse().ok().map(Term::Number)
            }
            'ȳ' => {
                self.at += 1;
                Some(Term::Gradient)
            }
            '(' => {
                self.at += 1;
                let inner = self.sum()?;
                self.take(")").map(|_| inner)
            }
            '[' => {
                self.at += 1;
                self.bracket()
            }
            _ => {
                let word = self.take_while(|c| {
                    c.is_alphabetic() && lower(c).is_none() && c != 'ᵀ' || c == '_'
                });
                let mut letters = word.chars();
                match (letters.next()?, letters.next(), self.text.get(self.at)) {
                    (_, _, Some('(')) if next == 'σ' || word.len() > 1 => {
                        self.at += 1;
                        let inner = self.sum()?;
                        self.take(")")?;
                        Some(Term::Call(word, Box::new(inner)))
                    }
                    (letter, None, _) => Some(Term::Letter(letter)),
                    _ => None,
                }
            }
        }
    }

    fn bracket(&mut self) -> Option<Term> {
        let mut terms = vec![self.sum()?];
        let mut relations = Vec::new();
        while let Some(relation) = self.take("<>≤≥=≠") {
            relations.push(relation);
            terms.push(self.sum()?);
        }
        self.take("]")?;
        (!relations.is_empty()).then_some(Term::Bracket(terms, relations))
    }
}

/// The character that a superscript stands for.
fn lower(superscript: char) -> Option<char> {
    let raised = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺⁽⁾ⁿˣʸᵃᵇᶜᵈ";
    let plain = "0123456789−+()nxyabcd";
    let at = raised.chars().position(|c| c == superscript)?;
    plain.chars().nth(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(c: char) -> Box<Term> {
        Box::new(Term::Letter(c))
    }

    #[test]
    fn a_product_without_a_sign_binds_tighter_than_one_with() {
        let product = Box::new(Term::Product(letter('a'), letter('b')));
        let expected = Term::Infix(product.clone(), Sign::Times, letter('c'));
        assert_eq!(parse("a b ⊙ c"), Some(expected));
        assert_eq!(
            parse("c / a b"),
            Some(Term::Infix(letter('c'), Sign::Over, product))
        );
        let sum = Term::Infix(letter('b'), Sign::Minus, letter('c'));
        let expected = Term::Infix(letter('a'), Sign::Times, Box::new(sum));
        assert_eq!(parse("a ⊙ (b − c)"), Some(expected));
        let negative = Box::new(Term::Minus(letter('b')));
        assert_eq!(
            parse("a ⊙ −b"),
            Some(Term::Infix(letter('a'), Sign::Times, negative))
        );
    }

    #[test]
    fn superscripts_are_powers_transposes_and_exponents() {
        assert_eq!(parse("aᵀ"), Some(Term::Transpose(letter('a'))));
        let cube = Term::Power(letter('x'), Box::new(Term::Number(13.0)));
        assert_eq!(parse("x¹³"), Some(cube));
        let difference = Term::Infix(letter('x'), Sign::Minus, letter('y'));
        assert_eq!(parse("eˣ⁻ʸ"), Some(Term::Exponential(Box::new(difference))));
        let squared = Term::Power(letter('a'), Box::new(Term::Number(2.0)));
        assert_eq!(parse("a²ᵀ"), Some(Term::Transpose(Box::new(squared))));
    }

    #[test]
    fn both_spellings_of_a_bar_are_read() {
        assert_eq!(parse("y\u{304}"), Some(Term::Gradient));
        assert_eq!(parse("ȳ"), Some(Term::Gradient));
    }

    #[test]
    fn prose_is_told_from_formulas() {
        for prose in [
            "its rows of ȳ",
            "as the function's own sweep, from ȳ",
            "ȳ where x = y",
            "",
            "ȳ +",
            "(ȳ",
            "ȳ)",
            "ȳ at rows",
            "ȳ at rows 2..",
            "ȳ at places 2..5",
            "[x]",
            "ȳ ⊙",
            "⊙ ȳ",
            "1.2.3",
            "x ! y",
        ] {
            assert_eq!(parse(prose), None, "{prose}");
        }
    }
}
