//! [`Tune`]: notes in time.

use crate::Key;

/// Ticks of a whole note: a multiple of all usual lengths, triplets and quintuplets among them.
pub const TICKS_PER_WHOLE: u32 = 1920;

/// A tune of one voice, in which several notes may sound together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tune {
    /// Its title, or nothing.
    pub title: String,
    /// Its key at the beginning.
    pub key: Key,
    /// Beats of a bar at the beginning, and their length as a part of a whole note: (6, 8). No beats in free
    /// time.
    pub meter: (u32, u32),
    /// Notes and rests, one after the other, without the repeats played again.
    pub events: Vec<Event>,
    /// Its bars, one after the other; an incomplete last one too.
    pub bars: Vec<Bar>,
}

/// A note, notes that sound together, or a rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it begins, in ticks.
    pub start: u32,
    /// How long it is, in ticks.
    pub length: u32,
    /// MIDI's numbers of its notes, 60 for the C in the middle, the lowest first; none for a rest.
    pub pitches: Vec<u8>,
}

/// What stands between two bar lines, the second one included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bar {
    /// When it ends, in ticks. It begins where the one before ends.
    pub end: u32,
    /// The meter that it has to fill.
    pub meter: (u32, u32),
    /// The line at its end.
    pub line: Line,
    /// The number of the ending (prima volta, seconda volta) that begins behind it, or 0.
    pub ending: u8,
}

/// A bar line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Line {
    /// `|`
    #[default]
    Single,
    /// `||`: a part ends.
    Double,
    /// `|:`: what follows is repeated.
    RepeatStart,
    /// `:|`: what was before is repeated.
    RepeatEnd,
    /// `::`: both.
    RepeatBoth,
}

impl Line {
    /// The two lines, where nothing is between them.
    pub(crate) fn and(self, other: Line) -> Line {
        use Line::{Double, RepeatBoth, RepeatEnd, RepeatStart, Single};
        match (self, other) {
            (RepeatBoth, _) | (_, RepeatBoth) => RepeatBoth,
            (RepeatEnd, RepeatStart) | (RepeatStart, RepeatEnd) => RepeatBoth,
            (RepeatEnd, _) | (_, RepeatEnd) => RepeatEnd,
            (RepeatStart, _) | (_, RepeatStart) => RepeatStart,
            (Double, _) | (_, Double) => Double,
            (Single, Single) => Single,
        }
    }
}

impl Bar {
    /// Ticks that fill it; none in free time.
    pub fn whole(&self) -> u32 {
        bar_length(self.meter)
    }
}

impl Event {
    /// When it ends, in ticks.
    pub fn end(&self) -> u32 {
        self.start.saturating_add(self.length)
    }
}

impl Tune {
    /// When the last event ends, in ticks.
    pub fn end(&self) -> u32 {
        self.events.last().map_or(0, Event::end)
    }

    /// Ticks of a bar at the beginning; none in free time.
    pub fn bar(&self) -> u32 {
        bar_length(self.meter)
    }
}

/// Ticks of a bar.
pub(crate) fn bar_length((beats, unit): (u32, u32)) -> u32 {
    beats.saturating_mul(TICKS_PER_WHOLE) / unit.max(1)
}
