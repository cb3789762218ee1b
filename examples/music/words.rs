//! A tune as words, and back.
//!
//! A model of text foresees one symbol after the other. In ABC notation a bar is full when the lengths since the bar line
//! sum to the meter, and a network finds sums hard. So a word says here how much of the bar a note leaves, and not how
//! long it is: then the last word alone tells whether a bar line is due. All is in the key without signs.
//!
//! ```text
//! ABC      M:6/8  K:D  A|                d2e f2a|
//! words    C 6on8    pickup12 67 left0| 6on8 72 left48 74 left36 76 left12 79 left0|
//! ```
//!
//! The key first. Then for each bar its meter, which need not be remembered so, and if it is a pickup, its length; MIDI's
//! number of each note (`r` is a rest) and what it leaves of the bar, in 24ths of a quarter; and the bar line. The tune
//! ends with the end of a line. A note that goes on behind the bar line is tied: `72 left0 tie`. What is not there: all
//! but the highest of notes that sound together, repeats, and all endings of a part but the last.

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

/// The words of a tune up to the end of its last bar; none, if it is in free time, has a bar that is too long, or notes
/// of unusual lengths.
pub fn words(tune: &Tune) -> Option<String> {
    let shift = shift(tune);
    let tonic = (i32::from(tune.key.tonic) + shift).rem_euclid(12) as u8;
    let mut words = format!(" {}", Key { tonic, sharps: 0 }.name());
    let mut begins_part = true;
    let bars = played_last(tune);
    for (i, &(begin, bar)) in bars.iter().enumerate() {
        let (length, (beats, unit)) = (bar.end - begin, bar.meter);
        let mut whole = bar.whole();
        if length > whole || !length.is_multiple_of(UNIT) {
            return None;
        }
        words += &format!(" {beats}on{unit}");
        let goes_on = i + 1 < bars.len(); // what is the last is no pickup
        if begins_part && goes_on && length < whole {
            words += &format!(" pickup{}", length / UNIT);
            whole = length;
        }
        let sounds = |event: &&Event| event.start < bar.end && event.end() > begin;
        for event in tune.events.iter().filter(sounds) {
            let left = whole - (event.end().min(bar.end) - begin);
            if !left.is_multiple_of(UNIT) {
                return None;
            }
            let is_tied = event.end() > bar.end && !event.pitches.is_empty();
            let tie = if is_tied { " tie" } else { "" };
            let pitch = highest(event).map(|pitch| i32::from(pitch) + shift);
            let pitch = pitch.map_or("r".into(), |pitch| pitch.to_string());
            words += &format!(" {pitch} left{}{tie}", left / UNIT);
        }
        begins_part = bar.line != Line::Single;
        words += if begins_part { "||" } else { "|" };
    }
    let last = words.trim_end_matches('|').len();
    Some(format!("{}|", &words[..last]))
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
    let mut bar = Bar::default();
    let (mut left, mut sounding, mut tied) = (0, None, false);
    for word in split(words) {
        if word == "|" {
            end_bar(&mut tune, bar);
            left = bar.whole();
        } else if let Some(length) = ticks(word, "pickup") {
            left = length;
        } else if let Some(then) = ticks(word, "left").filter(|then| *then < left) {
            let Some(pitches) = sounding.take() else {
                continue;
            };
            let (start, length) = (tune.end(), left - then);
            match tune.events.last_mut() {
                Some(last) if tied && last.pitches == pitches => last.length += length,
                _ => tune.events.push(Event {
                    start,
                    length,
                    pitches,
                }),
            }
            (left, tied) = (then, false);
        } else if word == "tie" {
            tied = true;
        } else if word == "r" {
            sounding = Some(Vec::new());
        } else if let Ok(pitch) = word.parse::<u8>() {
            sounding = (pitch < 128).then(|| vec![pitch]);
        } else if let Some(meter) = meter(word) {
            bar.meter = meter;
            left = bar.whole();
            if tune.events.is_empty() {
                tune.meter = meter;
            }
        } else if let Some(key) = key(word) {
            tune.key = key;
        }
    }
    end_bar(&mut tune, bar);
    if let Some(bar) = tune.bars.last_mut() {
        bar.line = Line::Double;
    }
    tune
}

/// The words one by one.
pub fn split(words: &str) -> impl Iterator<Item = &str> {
    let bars = words.split_inclusive('|').flat_map(|bar| {
        let notes = bar.strip_suffix('|');
        [notes.unwrap_or(bar), notes.map_or("", |_| "|")]
    });
    bars.flat_map(str::split_whitespace)
}

/// A second bar line at the same place ends a part.
fn end_bar(tune: &mut Tune, bar: Bar) {
    let end = tune.end();
    match tune.bars.last_mut() {
        Some(last) if last.end == end => last.line = Line::Double,
        _ if end == 0 => {}
        _ => tune.bars.push(Bar { end, ..bar }),
    }
}

fn meter(word: &str) -> Option<(u32, u32)> {
    let (beats, unit) = word.split_once("on")?;
    let meter = (beats.parse().ok()?, unit.parse().ok()?);
    ((1..=128).contains(&meter.0) && (1..=128).contains(&meter.1)).then_some(meter)
}

fn key(word: &str) -> Option<Key> {
    let mut keys = (0..12).map(|tonic| Key { tonic, sharps: 0 });
    keys.find(|key| key.name() == word)
}

/// The number behind a name, in ticks.
fn ticks(word: &str, name: &str) -> Option<u32> {
    let number = word.strip_prefix(name)?.parse::<u32>().ok()?;
    (number <= 10_000).then_some(number * UNIT)
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
        let expected = " C 6on8 pickup12 67 left0| 6on8 72 left48 74 left36 76 left12 79 left0| 6on8 72 left0 tie|| \
                        6on8 72 left36 r left12|";
        assert_eq!(words(&tune).unwrap(), expected);
        assert_eq!(
            words(&read("M:4/4\nK:Em\ne8|]")).unwrap(),
            " Am 4on4 69 left0|"
        );
    }

    #[test]
    fn only_the_last_ending_is_written() {
        let tune = read("M:2/4\nK:C\nc4|1d4:|2e4||c4|1f4:|2g4|]");
        let expected = " C 2on4 72 left0| 2on4 76 left0|| 2on4 72 left0| 2on4 79 left0|";
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
        assert_eq!(words(&read("M:2/4\nK:C\nc4|c5|]")), None);
        assert_eq!(words(&read("M:2/4\nK:C\nc4/5|]")), None);
    }

    #[test]
    fn words_without_sense_are_passed_over() {
        let words = " 4on4| tie left24 x 300 left4 60 left99999999999 6on pickup\n 72 left24 left12 r left24 r left0";
        assert_eq!(tune(words).events.len(), 2);
        assert_eq!(tune(""), Tune::default());
    }
}
