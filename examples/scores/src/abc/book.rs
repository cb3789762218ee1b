//! [`read`]: the text of a file as its tunes.

use std::fmt;

use train::escaped;

use super::fields;
use super::symbols::{Symbol, Symbols};
use super::voice::Voice;
use crate::tune::Tune;

/// What a text in ABC notation has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tunebook {
    /// Its tunes that have notes, in their order.
    pub tunes: Vec<Tune>,
    /// What of it was not understood, and is not in the tunes.
    pub skipped: Vec<Skipped>,
}

/// What was skipped: "line 12: '#' is no ABC".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The line of the text, from 1.
    pub line: usize,
    /// What is there, and why it was skipped.
    pub what: String,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, escaped(&self.what))
    }
}

/// Reads a text: whatever it is, there are the tunes that could be read, and a list of the rest.
///
/// Of several voices the first is read. Grace notes, chord symbols, decorations and words are not played and
/// not told of. Repeats are not played again: [`Bar::line`](crate::Bar::line) has their signs.
pub fn read(text: &str) -> Tunebook {
    let mut reader = Reader::default();
    for (number, line) in text.lines().enumerate() {
        reader.number = number + 1;
        reader.line(line);
    }
    reader.end_tune();
    reader.book
}

#[derive(Default)]
struct Reader {
    book: Tunebook,
    /// The number of this line.
    number: usize,
    /// Whether any `X:` was read: a text of one tune may do without.
    numbered: bool,
    /// The fields before the first tune hold for all.
    defaults: Header,
    tune: Option<Open>,
    /// Between `%%begintext` and `%%endtext`, say.
    in_block: bool,
}

/// What is said before the notes.
#[derive(Clone, Default)]
struct Header {
    title: String,
    meter: Option<(u32, u32)>,
    unit: Option<f64>,
}

/// The tune that is read.
struct Open {
    /// The line that it begins at.
    line: usize,
    header: Header,
    key: Option<crate::Key>,
    meter: (u32, u32),
    voice: Voice,
    /// The first voice with notes, and the one that is written now.
    voices: (Option<String>, String),
    /// Voices that were told of.
    others: Vec<String>,
}

impl Reader {
    fn skip(&mut self, what: impl Into<String>) {
        let (line, what) = (self.number, what.into());
        self.book.skipped.push(Skipped { line, what });
    }

    fn line(&mut self, line: &str) {
        let line = line.trim_start_matches('\u{feff}').trim_end();
        if let Some(directive) = line.strip_prefix("%%") {
            let directive = directive.trim_start();
            self.in_block |= directive.starts_with("begin");
            self.in_block &= !directive.starts_with("end");
            return;
        }
        if self.in_block || line.starts_with('%') {
            return;
        }
        if line.is_empty() {
            let has_notes = self
                .tune
                .as_ref()
                .is_some_and(|tune| !tune.voice.events.is_empty());
            if has_notes {
                self.end_tune();
            }
            return;
        }
        let line = without_comment(line).trim_end();
        match field(line) {
            Some((name, content)) => self.field(name, content.trim()),
            None => self.music(line),
        }
    }

    fn field(&mut self, name: char, content: &str) {
        match (name, &mut self.tune) {
            ('X', _) => {
                self.end_tune();
                self.numbered = true;
                self.begin_tune();
            }
            ('T', Some(tune)) if tune.header.title.is_empty() => tune.header.title = content.into(),
            ('T', None) if !self.numbered => self.defaults.title = content.into(),
            ('M' | 'L' | 'K' | 'V', _) => {
                if self.tune.is_none() && name == 'K' && !self.numbered {
                    self.begin_tune();
                }
                let done = match &mut self.tune {
                    Some(tune) => tune.field(name, content),
                    None if self.numbered => Ok(()), // between tunes
                    None => self.defaults.field(name, content),
                };
                if let Err(why) = done {
                    self.skip(why);
                }
            }
            _ => {}
        }
    }

    fn begin_tune(&mut self) {
        self.tune = Some(Open {
            line: self.number,
            header: self.defaults.clone(),
            key: None,
            meter: (0, 1),
            voice: Voice::default(),
            voices: (None, String::new()),
            others: Vec::new(),
        });
    }

    fn music(&mut self, line: &str) {
        let Some(tune) = &mut self.tune else {
            if self.numbered {
                self.skip("a line outside of a tune");
            }
            return;
        };
        if tune.key.is_none() {
            self.skip("music before the field K: that ends the header");
            return;
        }
        for symbol in Symbols::new(line) {
            let played = symbol.and_then(|symbol| tune.play(symbol));
            if let Err(what) = played {
                let line = self.number;
                let skipped = Skipped { line, what };
                if self.book.skipped.last() != Some(&skipped) {
                    self.book.skipped.push(skipped);
                }
            }
        }
    }

    fn end_tune(&mut self) {
        let Some(mut tune) = self.tune.take() else {
            return;
        };
        tune.voice.end();
        let sounds = tune
            .voice
            .events
            .iter()
            .any(|event| !event.pitches.is_empty());
        match sounds {
            true => self.book.tunes.push(Tune {
                title: tune.header.title,
                key: tune.key.unwrap_or_default(),
                meter: tune.meter,
                events: tune.voice.events,
                bars: tune.voice.bars,
            }),
            false => self.book.skipped.push(Skipped {
                line: tune.line,
                what: "a tune without notes".into(),
            }),
        }
    }
}

impl Header {
    fn field(&mut self, name: char, content: &str) -> Result<(), String> {
        match name {
            'M' => {
                self.meter = Some((0, 1));
                let meter = fields::meter(content);
                self.meter = Some(meter.ok_or_else(|| format!("{content:?} is no meter"))?);
            }
            'L' => {
                let unit = fields::unit(content);
                self.unit = Some(unit.ok_or_else(|| format!("{content:?} is no length"))?);
            }
            _ => {}
        }
        Ok(())
    }
}

impl Open {
    /// A field in the header; among the notes it holds from there.
    fn field(&mut self, name: char, content: &str) -> Result<(), String> {
        match name {
            'K' => return self.key(content),
            'V' if self.key.is_some() => {
                let name = content.split_whitespace().next().unwrap_or_default();
                self.voices.1 = name.into();
                return Ok(());
            }
            _ => {}
        }
        if !self.is_first_voice() {
            return Ok(());
        }
        let done = self.header.field(name, content);
        self.settle(self.voice.events.is_empty());
        done
    }

    /// The header's fields, taken over by the notes. A meter that changes among the notes leaves their length.
    fn settle(&mut self, at_beginning: bool) {
        let meter = self.header.meter.unwrap_or((0, 1));
        self.voice.meter = meter;
        if at_beginning {
            self.meter = meter;
            self.voice.unit = fields::default_unit(meter);
        }
        if let Some(unit) = self.header.unit {
            self.voice.unit = unit;
        }
    }

    fn key(&mut self, content: &str) -> Result<(), String> {
        let read = fields::key(content);
        let (key, signature) = read.unwrap_or_default();
        let at_beginning = self.voice.events.is_empty();
        if self.is_first_voice() && (read.is_some() || at_beginning) {
            self.voice.signature = signature;
            if at_beginning {
                self.key = Some(key);
                self.settle(true);
            }
        }
        match read {
            Some(_) => Ok(()),
            None => Err(format!("{content:?} is no key")),
        }
    }

    fn is_first_voice(&self) -> bool {
        self.voices
            .0
            .as_ref()
            .is_none_or(|first| *first == self.voices.1)
    }

    fn play(&mut self, symbol: Symbol) -> Result<(), String> {
        if let Symbol::Field(name, content) = symbol {
            return match name {
                'M' | 'L' | 'K' | 'V' => self.field(name, &content),
                _ => Ok(()),
            };
        }
        if self.is_first_voice() {
            if matches!(symbol, Symbol::Notes { .. }) && self.voices.0.is_none() {
                self.voices.0 = Some(self.voices.1.clone());
            }
            return self.voice.play(symbol);
        }
        let name = &self.voices.1;
        if self.others.contains(name) {
            return Ok(());
        }
        self.others.push(name.clone());
        Err(format!("voice {name}: the first one is read"))
    }
}

/// A field and what it says. A line may begin with a note and a bar line, too: `A:|`.
fn field(line: &str) -> Option<(char, &str)> {
    let mut chars = line.chars();
    let name = chars
        .next()
        .filter(|c| c.is_ascii_alphabetic() || *c == '+')?;
    if chars.next() != Some(':') {
        return None;
    }
    let content = chars.as_str();
    let is_note = "ABCDEFGabcdefgzx".contains(name);
    let is_bar = content.starts_with(['|', ':']);
    (!(is_note && is_bar)).then_some((name, content))
}

fn without_comment(line: &str) -> &str {
    let starts = line.match_indices('%');
    let mut starts = starts.filter(|(at, _)| !line[..*at].ends_with('\\'));
    starts.next().map_or(line, |(at, _)| &line[..at])
}
