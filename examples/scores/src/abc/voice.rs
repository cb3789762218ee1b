//! [`Voice`]: the symbols of a tune, played in time.

use super::symbols::{Note, Symbol};
use crate::key::NATURAL;
use crate::tune::{Bar, Event, Line, TICKS_PER_WHOLE};

/// No tune is longer, in ticks: 1250 bars of four quarters.
const LONGEST: f64 = 2_400_000.0;

/// Where a tune is, and what was played so far.
#[derive(Debug, Default)]
pub(super) struct Voice {
    pub meter: (u32, u32),
    /// The length of a note without a number, as a part of a whole note.
    pub unit: f64,
    /// The sharps of C D E F G A B.
    pub signature: [i32; 7],
    pub events: Vec<Event>,
    pub bars: Vec<Bar>,
    /// In ticks, before rounding: triplets end where they should.
    time: f64,
    /// Signs of this bar: they hold for a letter in all octaves, as the standard has it where nothing is said.
    signs: [Option<i32>; 7],
    /// What the next note's length is multiplied with, after `>` or `<`.
    broken: Option<f64>,
    /// What notes' lengths are multiplied with, for how many more.
    tuplet: Option<(f64, u32)>,
    /// The length of the last note, if it is in this bar.
    last: Option<f64>,
    /// The notes that go on, if the next ones are the same.
    tied: Vec<(Note, u8)>,
    /// Whether another voice of this bar is written.
    overlay: bool,
}

impl Voice {
    pub(super) fn play(&mut self, symbol: Symbol) -> Result<(), String> {
        match symbol {
            Symbol::Bar { line, ending } => self.bar(line, ending),
            Symbol::Overlay => {
                self.overlay = true;
                return Err("another voice of a bar".into());
            }
            _ if self.overlay => {}
            Symbol::Notes {
                notes,
                length,
                tied,
            } => return self.notes(notes, length, tied),
            Symbol::Bars(count) => {
                let (beats, unit) = self.meter;
                let bar = f64::from(beats) / f64::from(unit.max(1)) / self.unit;
                return self.notes(Vec::new(), count * bar, false);
            }
            Symbol::Tuplet { p, q, r } => {
                let q = q.unwrap_or_else(|| self.usual_time(p));
                self.tuplet = Some((f64::from(q) / f64::from(p), r));
            }
            Symbol::Broken(count) => return self.broken(count),
            Symbol::Field(..) => {}
        }
        Ok(())
    }

    /// In the time of how many notes p are played, where it is not said.
    fn usual_time(&self, p: u32) -> u32 {
        let compound = self.meter.0.is_multiple_of(3) && self.meter.0 > 3;
        match p {
            2 | 4 | 8 => 3,
            3 | 6 => 2,
            _ if compound => 3,
            _ => 2,
        }
    }

    fn notes(&mut self, notes: Vec<Note>, length: f64, tied: bool) -> Result<(), String> {
        let factor = self.broken.take().unwrap_or(1.0) * self.tuplet_factor();
        let length = length * self.unit * f64::from(TICKS_PER_WHOLE) * factor;
        let end = self.time + length;
        if end > LONGEST {
            return Err("a note behind the end of the longest tune".into());
        }
        let start = ticks(self.time);
        if ticks(end) == start {
            return Err("a note of no length".into());
        }
        self.time = end;
        self.last = Some(length);
        let sounding = self.sounding(&notes);
        let goes_on = !self.tied.is_empty()
            && self.events.last().is_some_and(|last| {
                last.end() == start && last.pitches == pitches(&sounding) // else it was a slur
            });
        match self.events.last_mut() {
            Some(last) if goes_on => last.length = ticks(end) - last.start,
            _ => self.events.push(Event {
                start,
                length: ticks(end) - start,
                pitches: pitches(&sounding),
            }),
        }
        let outside = sounding.len() < notes.len();
        self.tied = if tied { sounding } else { Vec::new() };
        match outside {
            true => Err("a note that MIDI has no number for".into()),
            false => Ok(()),
        }
    }

    fn tuplet_factor(&mut self) -> f64 {
        match self.tuplet {
            Some((factor, left)) if left > 0 => {
                self.tuplet = Some((factor, left - 1));
                factor
            }
            _ => 1.0,
        }
    }

    /// The notes with MIDI's numbers, the lowest first.
    fn sounding(&mut self, notes: &[Note]) -> Vec<(Note, u8)> {
        let mut sounding = Vec::new();
        for note in notes {
            let sharps = self.sharps(note);
            let number =
                60 + 12 * i64::from(note.octave) + i64::from(NATURAL[note.letter] + sharps);
            if let Ok(number @ 0..=127) = u8::try_from(number) {
                sounding.push((*note, number));
            }
        }
        sounding.sort_by_key(|(_, number)| *number);
        sounding
    }

    /// By its own sign, by that of the note that it is tied to, by one before in the bar, by the key.
    fn sharps(&mut self, note: &Note) -> i32 {
        if let Some(sharps) = note.sharps {
            self.signs[note.letter] = Some(sharps);
            return sharps;
        }
        let same = |(before, _): &&(Note, u8)| {
            (before.letter, before.octave) == (note.letter, note.octave)
        };
        if let Some((before, number)) = self.tied.iter().find(same) {
            return i32::from(*number) - 60 - 12 * before.octave - NATURAL[note.letter];
        }
        self.signs[note.letter].unwrap_or(self.signature[note.letter])
    }

    /// The note before and the one to come share their time in another way.
    fn broken(&mut self, count: i32) -> Result<(), String> {
        let part = 0.5_f64.powi(count.abs().min(8));
        let (Some(length), Some(event)) = (self.last, self.events.last_mut()) else {
            return Err("> or < without a note before it".into());
        };
        let (more, next) = match count > 0 {
            true => (length * (1.0 - part), part),
            false => (length * (part - 1.0), 2.0 - part),
        };
        if ticks(self.time + more) <= event.start {
            return Err("> or < behind a note that is too short".into());
        }
        self.time += more;
        event.length = ticks(self.time) - event.start;
        self.broken = Some(next);
        self.last = None;
        Ok(())
    }

    fn bar(&mut self, line: Option<Line>, ending: u8) {
        self.signs = [None; 7];
        self.last = None;
        self.overlay = false;
        let now = ticks(self.time);
        let begins = self.bars.last().map_or(0, |bar| bar.end);
        let line = line.unwrap_or_default();
        if now > begins {
            let (end, meter) = (now, self.meter);
            self.bars.push(Bar {
                end,
                meter,
                line,
                ending,
            });
        } else if let Some(bar) = self.bars.last_mut() {
            bar.line = bar.line.and(line);
            bar.ending = bar.ending.max(ending);
        }
    }

    /// The last bar ends with the tune.
    pub(super) fn end(&mut self) {
        self.bar(None, 0);
        if let Some(bar) = self.bars.last_mut() {
            bar.line = bar.line.and(Line::Double);
            bar.ending = 0;
        }
    }
}

fn ticks(time: f64) -> u32 {
    time.round() as u32
}

fn pitches(sounding: &[(Note, u8)]) -> Vec<u8> {
    let mut pitches: Vec<_> = sounding.iter().map(|(_, number)| *number).collect();
    pitches.dedup();
    pitches
}
