//! [`Syntax`]: quotes, comments, brackets and indentation of a source text, as far as C and Rust have them in
//! common. It reads anything, code or not.

use std::fmt;

/// Where a character stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Between double quotes, the closing one among them.
    pub quoted: bool,
    /// In a comment, its end among it.
    pub comment: bool,
    /// Brackets that are open after it.
    pub nesting: usize,
    /// Columns that its line is indented, a tab as eight.
    pub indentation: usize,
    /// Characters before it in its line.
    pub column: usize,
}

/// What is found in a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Syntax {
    /// Of each character.
    pub places: Vec<Place>,
    /// What has its partner.
    pub matched: Matched,
}

/// How much of what comes in pairs has its partner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// Of `()`, `[]`, `{}`, each closed by its like.
    pub brackets: Pairs,
    /// Double quotes that are closed before their line ends.
    pub quotes: Pairs,
    /// Of `/*` and `*/`.
    pub comments: Pairs,
}

/// Marks, and those of them that have their partner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pairs {
    /// All of them.
    pub marks: usize,
    /// Those with a partner.
    pub matched: usize,
}

impl Pairs {
    /// The share that has its partner, if there are any.
    pub fn share(self) -> Option<f64> {
        (self.marks > 0).then(|| self.matched as f64 / self.marks as f64)
    }
}

impl fmt::Display for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.share() {
            Some(share) => write!(f, "{:.1} % of {}", 100.0 * share, self.marks),
            None => write!(f, "none"),
        }
    }
}

impl fmt::Display for Matched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Matched {
            brackets,
            quotes,
            comments,
        } = self;
        write!(
            f,
            "brackets matched {brackets}, quotes {quotes}, marks of comments {comments}"
        )
    }
}

/// What the scanner is in.
#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Code,
    Quotes,
    LineComment,
    Comment,
}

impl Syntax {
    /// Reads a text.
    pub fn of(text: &str) -> Self {
        let text: Vec<char> = text.chars().collect();
        let mut scanner = Scanner::default();
        while scanner.at() < text.len() {
            scanner.step(&text);
        }
        scanner.syntax
    }
}

struct Scanner {
    syntax: Syntax,
    inside: Inside,
    /// Brackets that wait for their partners.
    open: Vec<char>,
    indentation: usize,
    /// Nothing but blanks in this line yet.
    is_blank: bool,
    column: usize,
}

impl Default for Scanner {
    fn default() -> Self {
        Scanner {
            syntax: Syntax::default(),
            inside: Inside::Code,
            open: Vec::new(),
            indentation: 0,
            is_blank: true,
            column: 0,
        }
    }
}

impl Scanner {
    fn at(&self) -> usize {
        self.syntax.places.len()
    }

    /// Reads the character that is next, or the two of a mark or an escape.
    fn step(&mut self, text: &[char]) {
        let (c, next) = (text[self.at()], text.get(self.at() + 1).copied());
        if let (Inside::Code, Some(length)) = (self.inside, character(&text[self.at()..])) {
            return self.put(&text[self.at()..self.at() + length], Inside::Code);
        }
        match (self.inside, c, next) {
            (_, '\n', _) => {
                if self.inside != Inside::Comment {
                    self.inside = Inside::Code; // quotes that are not closed in their line have no partner
                }
                self.put(&[c], self.inside);
            }
            (Inside::Quotes, '\\', Some(escaped)) if escaped != '\n' => {
                self.put(&[c, escaped], Inside::Quotes);
            }
            (Inside::Quotes, '"', _) => {
                self.syntax.matched.quotes.marks += 1;
                self.syntax.matched.quotes.matched += 2;
                self.put(&[c], Inside::Quotes);
                self.inside = Inside::Code;
            }
            (Inside::Comment, '*', Some('/')) => {
                self.syntax.matched.comments.marks += 1;
                self.syntax.matched.comments.matched += 2;
                self.put(&['*', '/'], Inside::Comment);
                self.inside = Inside::Code;
            }
            (Inside::Code, '"', _) => {
                self.syntax.matched.quotes.marks += 1;
                self.put(&[c], Inside::Quotes);
                self.inside = Inside::Quotes;
            }
            (Inside::Code, '/', Some('/')) => {
                self.put(&['/', '/'], Inside::LineComment);
                self.inside = Inside::LineComment;
            }
            (Inside::Code, '/', Some('*')) => {
                self.syntax.matched.comments.marks += 1;
                self.put(&['/', '*'], Inside::Comment);
                self.inside = Inside::Comment;
            }
            (Inside::Code, '*', Some('/')) => {
                self.syntax.matched.comments.marks += 1; // of a comment that was not begun
                self.put(&['*', '/'], Inside::Code);
            }
            _ => {
                if self.inside == Inside::Code {
                    self.bracket(c);
                }
                self.put(&[c], self.inside);
            }
        }
    }

    fn bracket(&mut self, c: char) {
        let opening = match c {
            '(' | '[' | '{' => {
                self.syntax.matched.brackets.marks += 1;
                self.open.push(c);
                return;
            }
            ')' => '(',
            ']' => '[',
            '}' => '{',
            _ => return,
        };
        self.syntax.matched.brackets.marks += 1;
        // One that was forgotten inside must not spoil those around it.
        if let Some(place) = self.open.iter().rposition(|&open| open == opening) {
            self.syntax.matched.brackets.matched += 2;
            self.open.truncate(place);
        }
    }

    /// Notes where these characters stand.
    fn put(&mut self, characters: &[char], inside: Inside) {
        for &c in characters {
            if self.is_blank {
                match c {
                    ' ' => self.indentation += 1,
                    '\t' => self.indentation += 8,
                    _ => self.is_blank = false,
                }
            }
            self.syntax.places.push(Place {
                quoted: inside == Inside::Quotes,
                comment: matches!(inside, Inside::Comment | Inside::LineComment),
                nesting: self.open.len(),
                indentation: self.indentation,
                column: self.column,
            });
            self.column += 1;
            if c == '\n' {
                (self.column, self.indentation, self.is_blank) = (0, 0, true);
            }
        }
    }
}

/// How long a literal of a character is, `'a'` or `'\n'`, if that is what begins here.
fn character(text: &[char]) -> Option<usize> {
    match text {
        ['\'', '\\', c, '\'', ..] if *c != '\n' => Some(4),
        ['\'', c, '\'', ..] if !['\\', '\n', '\''].contains(c) => Some(3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, is: impl Fn(&Place) -> bool) -> String {
        let places = Syntax::of(text).places;
        assert_eq!(places.len(), text.chars().count());
        places
            .iter()
            .map(|p| if is(p) { 'x' } else { '.' })
            .collect()
    }

    #[test]
    fn quotes_and_comments_are_told_apart() {
        let text = "a(\"b\\\"/*\", '\"') // \"c\n/* \" */ d";
        assert_eq!(
            marked(text, |p| p.quoted),
            "..xxxxxxx......................"
        );
        assert_eq!(
            marked(text, |p| p.comment),
            "................xxxxx.xxxxxxx.."
        );
    }

    #[test]
    fn what_has_a_partner_is_counted() {
        let matched = Syntax::of("f(a[1)] } { \"open\n\"shut\" /* a */ */ /*").matched;
        let pairs = |marks, matched| Pairs { marks, matched };
        assert_eq!(matched.brackets, pairs(6, 2)); // ( ) around a [ that was forgotten
        assert_eq!(matched.quotes, pairs(3, 2));
        assert_eq!(matched.comments, pairs(4, 2));
        assert_eq!(Syntax::of("").matched.brackets.share(), None);
    }

    #[test]
    fn nesting_indentation_and_column() {
        let places = Syntax::of("{\n\t  x(\n}").places;
        let of = |i: usize| (places[i].nesting, places[i].indentation, places[i].column);
        assert_eq!(of(0), (1, 0, 0));
        assert_eq!(of(5), (1, 10, 3)); // x
        assert_eq!(of(6), (2, 10, 4)); // (
        assert_eq!(of(8), (0, 0, 0)); // }
    }
}
