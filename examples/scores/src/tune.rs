//! [`Tune`]: notes in time.

/// Ticks of a whole note: a multiple of all usual lengths, triplets and quintuplets among them.
pub const TICKS_PER_WHOLE: u32 = 1920;

/// A tune of one voice, in which several notes may sound together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tune {
    /// Its title, or nothing.
    pub title: String,
    /// Its key.
    pub key: Key,
    /// Beats of a bar, and their length as a part of a whole note: (6, 8).
    pub meter: (u32, u32),
    /// Notes and rests, one after the other, without the repeats played again.
    pub events: Vec<Event>,
    /// Where bars end, in ticks; an incomplete last one too.
    pub bars: Vec<u32>,
}

/// A note, notes that sound together, or a rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it begins, in ticks.
    pub start: u32,
    /// How long it is, in ticks.
    pub length: u32,
    /// MIDI's numbers of its notes, 60 for the C in the middle; none for a rest.
    pub pitches: Vec<u8>,
}

/// A key: the notes that signs are not written for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// Semitones of the tonic above C.
    pub tonic: u8,
    /// Sharps, or flats below zero.
    pub sharps: i8,
}

impl Tune {
    /// When the last event ends, in ticks.
    pub fn end(&self) -> u32 {
        self.events
            .last()
            .map_or(0, |event| event.start + event.length)
    }

    /// Ticks of a bar.
    pub fn bar(&self) -> u32 {
        let (beats, unit) = self.meter;
        beats * TICKS_PER_WHOLE / unit.max(1)
    }
}
