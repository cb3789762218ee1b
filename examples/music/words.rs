//! A tune as words, and back.
//!
//! A model of text foresees one symbol after the other. In ABC notation a note is several characters, and where a bar is
//! full depends on all of them since the bar line. So a symbol is a note with its length here, in the key without signs:
//!
//! ```text
//! ABC      M:6/8  K:D   d2e f2a|…
//! words    6on8   C     72x24 74x12 76x24 79x12 | …
//! ```
//!
//! Meter and key first, then MIDI's number of each note and its length in 24ths of a quarter, bar lines, and the end of
//! a line at the end of the tune. A note that goes on behind the bar line is tied: `72x24t`. What is left out: all but
//! the highest of notes that sound together, repeats, and all endings of a part but the last.

use scores::{Bar, Event, Key, Line, TICKS_PER_WHOLE, Tune};

/// Ticks of the lengths' unit.
const UNIT: u32 = TICKS_PER_WHOLE / 4 / 24;
/// Where the middle of tunes is moved to: the C above the middle one.
const MIDDLE: i32 = 72;
/// Behind each tune.
pub const END: &str = "\n";

/// Semitones that bring a tune to the key without signs, its middle as near to [`MIDDLE`] as octaves allow.
pub fn shift(tune: &Tune) -> i32 {
    let pitches: Vec<_> = tune.events.iter().filter_map(highest).collect();
    let sum: i32 = pitches.iter().map(|p| i32::from(*p)).sum();
    let mean = sum / (pitches.len() as i32).max(1);
    let without_signs = -7 * i32::from(tune.key.sharps); // a fifth down takes a sharp away
    let octaves = (MIDDLE - mean - without_signs + 6).div_euclid(12);
    without_signs + 12 * octaves
}

fn highest(event: &Event) -> Option<u8> {
    event.pitches.last().copied()
}

/// The same notes so many semitones higher, as far as there are such notes.
pub fn transposed(tune: &Tune, semitones: i32, key: Key) -> Tune {
    let mut tune = tune.clone();
    tune.key = key;
    for pitch in tune.events.iter_mut().flat_map(|event| &mut event.pitches) {
        *pitch = (i32::from(*pitch) + semitones).clamp(0, 127) as u8;
    }
    tune
}

/// The words of a tune up to the end of its last bar; none, if it is in free time, changes its meter, or has
/// notes of unusual lengths.
pub fn words(tune: &Tune) -> Option<String> {
    let (beats, unit) = tune.meter;
    let shift = shift(tune);
    let tonic = (i32::from(tune.key.tonic) + shift).rem_euclid(12) as u8;
    let is_usual = beats > 0 && tune.bars.iter().all(|bar| bar.meter == tune.meter);
    let mut words = format!(" {beats}on{unit} {}", Key { tonic, sharps: 0 }.name());
    for (begin, bar) in played_last(tune) {
        for event in tune
            .events
            .iter()
            .filter(|event| event.start < bar.end && event.end() > begin)
        {
            let length = event.end().min(bar.end) - event.start.max(begin);
            if !length.is_multiple_of(UNIT) {
                return None;
            }
            let length = length / UNIT;
            let tie = if event.end() > bar.end { "t" } else { "" };
            words += &match highest(event) {
                Some(pitch) => format!(" {}x{length}{tie}", i32::from(pitch) + shift),
                None => format!(" rx{length}"),
            };
        }
        words += if bar.line == Line::Single { "|" } else { "||" };
    }
    let last = words.trim_end_matches('|').len();
    is_usual.then(|| format!("{}|", &words[..last]))
}

/// The bars with their beginnings, without the endings that others come after.
fn played_last(tune: &Tune) -> Vec<(u32, Bar)> {
    let (mut begin, mut ending) = (0, 0);
    let mut bars = Vec::new();
    for (i, bar) in tune.bars.iter().enumerate() {
        let later = tune.bars[i..].iter().map(|bar| bar.ending);
        let is_last = ending == 0
            || later
                .into_iter()
                .find(|e| *e > 0)
                .is_none_or(|e| e <= ending);
        if is_last {
            bars.push((begin, *bar));
        }
        begin = bar.end;
        if bar.ending > 0 {
            ending = bar.ending;
        } else if bar.line != Line::Single {
            ending = 0;
        }
    }
    bars
}

/// The tune of words, which may be anything: what makes no sense is passed over.
pub fn tune(words: &str) -> Tune {
    let mut tune = Tune::default();
    let mut is_tied = false;
    for word in words.replace('|', " | ").split_whitespace() {
        let (meter, key) = (meter(word), key(word));
        if word == "|" {
            end_bar(&mut tune);
        } else if let Some(meter) = meter {
            tune.meter = meter;
        } else if let Some(key) = key {
            tune.key = key;
        } else if let Some((pitch, length, tied)) = note(word) {
            let pitches = Vec::from_iter(pitch);
            let start = tune.end();
            match tune.events.last_mut() {
                Some(last) if is_tied && last.pitches == pitches => last.length += length,
                _ => tune.events.push(Event {
                    start,
                    length,
                    pitches,
                }),
            }
            is_tied = tied;
        }
    }
    end_bar(&mut tune);
    if let Some(bar) = tune.bars.last_mut() {
        bar.line = Line::Double;
    }
    tune
}

/// A second bar line at the same place ends a part.
fn end_bar(tune: &mut Tune) {
    let (end, meter) = (tune.end(), tune.meter);
    match tune.bars.last_mut() {
        Some(bar) if bar.end == end => bar.line = Line::Double,
        _ if end == 0 => {}
        _ => tune.bars.push(Bar {
            end,
            meter,
            line: Line::Single,
            ending: 0,
        }),
    }
}

fn meter(word: &str) -> Option<(u32, u32)> {
    let (beats, unit) = word.split_once("on")?;
    Some((beats.parse().ok()?, unit.parse().ok()?))
}

fn key(word: &str) -> Option<Key> {
    let mut keys = (0..12).map(|tonic| Key { tonic, sharps: 0 });
    keys.find(|key| key.name() == word)
}

/// Its pitch, none for a rest; its length in ticks; whether it is tied to the next.
fn note(word: &str) -> Option<(Option<u8>, u32, bool)> {
    let (pitch, length) = word.split_once('x')?;
    let (length, tied) = match length.strip_suffix('t') {
        Some(length) => (length, true),
        None => (length, false),
    };
    let length = length.parse::<u32>().ok()?.checked_mul(UNIT)?;
    match pitch {
        "r" => Some((None, length, false)),
        _ => Some((Some(pitch.parse().ok()?), length, tied)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scores::abc;

    fn read(music: &str) -> Tune {
        let book = abc::read(&format!("X:1\nL:1/8\n{music}\n"));
        book.tunes.into_iter().next().unwrap()
    }

    #[test]
    fn words_are_the_tune_in_the_key_without_signs() {
        let tune = read("M:6/8\nK:D\nA|d2e f2[Aa]|d6-||d3 z2|]");
        let expected = " 6on8 C 67x12| 72x24 74x12 76x24 79x12| 72x72t|| 72x36 rx24|";
        assert_eq!(words(&tune).unwrap(), expected);
        assert_eq!(
            words(&read("M:4/4\nK:Em\ne8|]")).unwrap(),
            " 4on4 Am 69x96|"
        );
    }

    #[test]
    fn only_the_last_ending_is_written() {
        let tune = read("M:2/4\nK:C\nc4|1d4:|2e4||c4|1f4:|2g4|]");
        let expected = " 2on4 C 72x48| 76x48|| 72x48| 79x48|";
        assert_eq!(words(&tune).unwrap(), expected);
    }

    #[test]
    fn words_are_read_as_the_same_tune() {
        let abc = read("M:6/8\nK:G\nG|(3GAB d2 ^c2|d6-|d4 z2||=F6|]");
        let text = words(&abc).unwrap();
        let again = tune(&text);
        assert_eq!(words(&again).unwrap(), text);
        let key = abc.key;
        assert_eq!(transposed(&again, -shift(&abc), key).events, abc.events);
    }

    #[test]
    fn what_has_no_words_is_left_out() {
        assert_eq!(words(&read("M:none\nK:C\nc4|]")), None);
        assert_eq!(words(&read("M:2/4\nK:C\nc4|[M:3/4]c6|]")), None);
        assert_eq!(words(&read("M:2/4\nK:C\nc4/5|]")), None);
    }

    #[test]
    fn words_without_sense_are_passed_over() {
        let words = " 4on4| x 300x4 60x99999999999 6on\n 72x24t rx24";
        assert_eq!(tune(words).events.len(), 2);
        assert_eq!(tune(""), Tune::default());
    }
}
