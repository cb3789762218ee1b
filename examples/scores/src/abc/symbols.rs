//! [`Symbols`]: a line of music as its symbols, one after the other, before they mean anything.

use crate::tune::Line;

/// What stands in a line of music. Lengths are multiples of the unit.
#[derive(Debug, PartialEq)]
pub(super) enum Symbol {
    /// Notes that begin together, or none for a rest; `tied` to the next.
    Notes {
        notes: Vec<Note>,
        length: f64,
        tied: bool,
    },
    /// Rests of so many bars.
    Bars(f64),
    /// A bar line, and the number of the ending behind it, or 0.
    Bar { line: Option<Line>, ending: u8 },
    /// `(p:q:r`: r notes in q/p of their time; `q` where it depends on the meter is `None`.
    Tuplet { p: u32, q: Option<u32>, r: u32 },
    /// `>` is 1, `>>` 2, `<` -1: the note before is longer by what the next is shorter.
    Broken(i32),
    /// `[K:G]`
    Field(char, String),
    /// `&`: another voice of the same bar.
    Overlay,
}

/// A note as it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Note {
    /// 0 for C, to 6 for B.
    pub letter: usize,
    /// 0 for that of the C in the middle.
    pub octave: i32,
    /// Sharps, if a sign is there.
    pub sharps: Option<i32>,
    pub tied: bool,
}

/// What is left of a line.
pub(super) struct Symbols {
    line: Vec<char>,
    at: usize,
}

/// A symbol, or why something is skipped.
type Read = Result<Symbol, String>;

impl Iterator for Symbols {
    type Item = Read;

    fn next(&mut self) -> Option<Read> {
        loop {
            let c = self.peek()?;
            let read = match c {
                '|' | ':' => self.bar(),
                '[' => self.bracket(),
                ']' => self.closing_bracket(),
                'A'..='G' | 'a'..='g' | '^' | '_' | '=' | 'z' | 'x' => self.single(),
                'Z' | 'X' => self.bars_of_rest(),
                '(' => self.tuplet(),
                '>' | '<' => Some(Ok(self.broken(c))),
                '&' => self.take(Symbol::Overlay),
                '"' => self.skip_to('"'),
                '{' => self.skip_to('}'),
                '!' | '+' => self.decoration(c),
                'y' => self.space(),
                _ => self.other(c),
            };
            if read.is_some() {
                return read;
            }
        }
    }
}

impl Symbols {
    pub(super) fn new(line: &str) -> Self {
        Symbols {
            line: line.chars().collect(),
            at: 0,
        }
    }

    fn peek(&self) -> Option<char> {
        self.line.get(self.at).copied()
    }

    /// Goes on, if this is next.
    fn accept(&mut self, c: char) -> bool {
        let is_next = self.peek() == Some(c);
        self.at += usize::from(is_next);
        is_next
    }

    fn take(&mut self, symbol: Symbol) -> Option<Read> {
        self.at += 1;
        Some(Ok(symbol))
    }

    /// What means nothing for the notes is passed over; what should not be there is told.
    fn other(&mut self, c: char) -> Option<Read> {
        self.at += 1;
        let decoration = matches!(c, '.' | '~' | 'H'..='W' | 'h'..='w' | '-');
        let layout = matches!(c, ')' | '\\' | '`' | '*' | '$' | ';' | '}');
        let known = decoration || layout || c.is_whitespace();
        (!known).then(|| Err(format!("{c:?} is no ABC")))
    }

    /// A chord symbol, an annotation or grace notes.
    fn skip_to(&mut self, close: char) -> Option<Read> {
        let open = self.line[self.at];
        let rest = &self.line[self.at + 1..];
        match rest.iter().position(|c| *c == close) {
            Some(n) => {
                self.at += n + 2;
                None
            }
            None => {
                self.at = self.line.len();
                Some(Err(format!("the rest of a line: {open} without {close}")))
            }
        }
    }

    /// `!trill!`; a mark alone ended a line of printed music once.
    fn decoration(&mut self, mark: char) -> Option<Read> {
        let rest = &self.line[self.at + 1..];
        let name = |c: &&char| c.is_ascii_alphanumeric() || "().<>".contains(**c);
        let length = rest.iter().take_while(name).count();
        let closes = rest.get(length) == Some(&mark);
        self.at += if closes { length + 2 } else { 1 };
        None
    }

    /// `y`: some room on paper.
    fn space(&mut self) -> Option<Read> {
        self.at += 1;
        self.length().err().map(Err)
    }

    fn digits(&mut self) -> Option<u32> {
        let digits: String = self.line[self.at..]
            .iter()
            .take_while(|c| c.is_ascii_digit())
            .collect();
        self.at += digits.len();
        (!digits.is_empty()).then(|| digits.parse().unwrap_or(u32::MAX))
    }

    /// `3`, `3/2`, `/2`, `/`, `//`, or nothing for 1.
    fn length(&mut self) -> Result<f64, String> {
        let mut length = f64::from(self.digits().unwrap_or(1));
        while self.accept('/') {
            length /= f64::from(self.digits().unwrap_or(2));
        }
        let sensible = length > 0.0 && length <= 10_000.0;
        sensible
            .then_some(length)
            .ok_or_else(|| "a note of an impossible length".into())
    }

    /// A note or a rest, with its length.
    fn single(&mut self) -> Option<Read> {
        let notes = if matches!(self.peek(), Some('z' | 'x')) {
            self.at += 1;
            Vec::new()
        } else {
            match self.note() {
                Ok(note) => vec![note],
                Err(why) => return Some(Err(why)),
            }
        };
        Some(self.with_length(notes, 1.0))
    }

    fn with_length(&mut self, notes: Vec<Note>, times: f64) -> Read {
        let length = self.length()? * times;
        let blanks = self.line[self.at..].iter().take_while(|c| **c == ' ');
        let after = self.at + blanks.count();
        let tied = self.line.get(after) == Some(&'-') || notes.iter().any(|note| note.tied);
        Ok(Symbol::Notes {
            notes,
            length,
            tied,
        })
    }

    /// Signs, a letter and octaves.
    fn note(&mut self) -> Result<Note, String> {
        let mut sharps = None;
        while let Some(sign @ ('^' | '_' | '=')) = self.peek() {
            let more = match sign {
                '^' => 1,
                '_' => -1,
                _ => 0,
            };
            sharps = Some((sharps.unwrap_or(0) + more).clamp(-2, 2));
            self.at += 1;
        }
        let c = self.peek().filter(char::is_ascii_alphabetic);
        let letter = c.and_then(|c| "CDEFGAB".find(c.to_ascii_uppercase()));
        let (Some(c), Some(letter)) = (c, letter) else {
            return Err("a sign without a note".into());
        };
        self.at += 1;
        let mut octave = i32::from(c.is_ascii_lowercase());
        while let Some(mark @ ('\'' | ',')) = self.peek() {
            octave += if mark == ',' { -1 } else { 1 };
            self.at += 1;
        }
        Ok(Note {
            letter,
            octave,
            sharps,
            tied: false,
        })
    }

    /// `[`: notes that sound together, a field, an ending, or a thick bar line.
    fn bracket(&mut self) -> Option<Read> {
        let next = |n| self.line.get(self.at + n).copied();
        match (next(1), next(2)) {
            (Some('|'), _) => self.bar(),
            (Some('0'..='9' | '"'), _) => {
                self.at += 1;
                let ending = self.ending();
                Some(Ok(Symbol::Bar { line: None, ending }))
            }
            (Some(name), Some(':')) if name.is_ascii_alphabetic() => self.field(name),
            _ => Some(self.chord()),
        }
    }

    /// `]` alone is a thick bar line.
    fn closing_bracket(&mut self) -> Option<Read> {
        self.take(Symbol::Bar {
            line: Some(Line::Double),
            ending: 0,
        })
    }

    fn field(&mut self, name: char) -> Option<Read> {
        let rest = &self.line[self.at + 3..];
        let Some(end) = rest.iter().position(|c| *c == ']') else {
            self.at = self.line.len();
            return Some(Err(format!("the rest of a line: [{name}: without ]")));
        };
        let content: String = rest[..end].iter().collect();
        self.at += end + 4;
        Some(Ok(Symbol::Field(name, content.trim().into())))
    }

    /// `[CEG]2`: as long as its first note.
    fn chord(&mut self) -> Read {
        self.at += 1;
        let mut notes = Vec::new();
        let mut length = None;
        while !self.accept(']') {
            match self.peek() {
                None => return Err("a chord without ]".into()),
                Some('A'..='G' | 'a'..='g' | '^' | '_' | '=') => {
                    let mut note = self.note()?;
                    let its = self.length()?;
                    note.tied = self.accept('-');
                    length.get_or_insert(its);
                    notes.push(note);
                }
                Some('"') => match self.skip_to('"') {
                    Some(Err(why)) => return Err(why),
                    _ => continue,
                },
                Some(_) => self.at += 1,
            }
        }
        match length {
            Some(length) => self.with_length(notes, length),
            None => Err("a chord of no notes".into()),
        }
    }

    fn bars_of_rest(&mut self) -> Option<Read> {
        self.at += 1;
        let bars = self.length().map(Symbol::Bars);
        Some(bars)
    }

    /// `(3`, `(3:2`, `(3:2:4`, `(3::4`; else a slur.
    fn tuplet(&mut self) -> Option<Read> {
        self.at += 1;
        let p = self.digits()?;
        let mut q = None;
        let mut r = p;
        if self.accept(':') {
            q = self.digits();
            if self.accept(':') {
                r = self.digits().unwrap_or(p);
            }
        }
        let sensible = (2..=9).contains(&p) && q != Some(0) && q.unwrap_or(1) <= 32 && r <= 32;
        Some(match sensible {
            true => Ok(Symbol::Tuplet { p, q, r }),
            false => Err(format!("a group of {p}")),
        })
    }

    fn broken(&mut self, mark: char) -> Symbol {
        let mut count = 0;
        while self.accept(mark) {
            count += 1;
        }
        Symbol::Broken(if mark == '>' { count } else { -count })
    }

    /// A bar line of any kind: `|`, `||`, `|]`, `[|`, `|:`, `:|`, `::`, `:|:`, with the number of an ending.
    fn bar(&mut self) -> Option<Read> {
        let start = self.at;
        while matches!(self.peek(), Some('|' | ':'))
            || self.peek() == Some('[') && self.line.get(self.at + 1) == Some(&'|')
            || self.peek() == Some(']') && self.line[start..self.at].contains(&'|')
        {
            self.at += 1;
        }
        let marks = &self.line[start..self.at];
        let before = marks[0] == ':';
        let after = marks[marks.len() - 1] == ':';
        let line = match (before, after) {
            (true, true) if marks.len() > 1 => Line::RepeatBoth,
            (true, false) => Line::RepeatEnd,
            (false, true) => Line::RepeatStart,
            _ if marks.len() > 1 => Line::Double,
            (true, _) => return None, // a colon alone
            _ => Line::Single,
        };
        let ending = self.ending();
        let line = Some(line);
        Some(Ok(Symbol::Bar { line, ending }))
    }

    /// `1`, `1,3`, `1-3`: its first number, or 0.
    fn ending(&mut self) -> u8 {
        let ending = self.digits().unwrap_or(0);
        while ending > 0 && matches!(self.peek(), Some(',' | '-')) {
            self.at += 1;
            let _ = self.digits();
        }
        u8::try_from(ending).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(line: &str) -> Vec<f64> {
        let length = |symbol| match symbol {
            Ok(Symbol::Notes { length, .. }) => Some(length),
            _ => None,
        };
        Symbols::new(line).filter_map(length).collect()
    }

    fn lines(line: &str) -> Vec<(Option<Line>, u8)> {
        let bar = |symbol| match symbol {
            Ok(Symbol::Bar { line, ending }) => Some((line, ending)),
            _ => None,
        };
        Symbols::new(line).filter_map(bar).collect()
    }

    #[test]
    fn lengths_of_all_spellings() {
        let line = "A A2 A/ A/2 A// A3/2 A3/ ^A,,4 =a'/4 z2 [C2E]3 [CE]";
        let expected = [1.0, 2.0, 0.5, 0.5, 0.25, 1.5, 1.5, 4.0, 0.25, 2.0, 6.0, 1.0];
        assert_eq!(lengths(line), expected);
    }

    #[test]
    fn bar_lines_of_all_kinds() {
        use Line::{Double, RepeatBoth, RepeatEnd, RepeatStart, Single};
        let line = "A|A||A|]A[|A|:A:|A::A:||:A|1A:|2A|[1A [2A |]";
        let expected = [
            (Some(Single), 0),
            (Some(Double), 0),
            (Some(Double), 0),
            (Some(Double), 0),
            (Some(RepeatStart), 0),
            (Some(RepeatEnd), 0),
            (Some(RepeatBoth), 0),
            (Some(RepeatBoth), 0),
            (Some(Single), 1),
            (Some(RepeatEnd), 2),
            (Some(Single), 0),
            (None, 1),
            (None, 2),
            (Some(Double), 0),
        ];
        assert_eq!(lines(line), expected);
    }

    #[test]
    fn what_is_not_played_is_passed_over() {
        let line = r#""Am"{/ga}.~(A !trill!B) +pp+ uTc!"^text|"d y2 `e\"#;
        assert_eq!(lengths(line), [1.0; 5]);
        assert!(Symbols::new(line).all(|symbol| symbol.is_ok()));
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let told = |line| Symbols::new(line).find_map(Result::err).unwrap();
        assert_eq!(told("A # B"), "'#' is no ABC");
        assert_eq!(told("A \"Am B"), "the rest of a line: \" without \"");
        assert_eq!(told("A0"), "a note of an impossible length");
        assert_eq!(told("A/0"), "a note of an impossible length");
        assert_eq!(told("^|"), "a sign without a note");
        assert_eq!(told("[CE"), "a chord without ]");
        assert_eq!(told("(1AB"), "a group of 1");
    }
}
