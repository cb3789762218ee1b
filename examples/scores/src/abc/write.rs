//! [`write()`]: a tune as text.

use std::fmt::Write;

use crate::key::NATURAL;
use crate::tune::{Bar, Line, TICKS_PER_WHOLE, Tune, bar_length};

/// The unit that lengths are multiples of: an eighth.
const UNIT: u32 = TICKS_PER_WHOLE / 8;
/// Multiples of a 128th are written as they are, others in groups such as triplets.
const SHORTEST: u32 = TICKS_PER_WHOLE / 128;
/// Bars of a line of text.
const BARS_OF_A_LINE: usize = 4;

/// A tune in ABC notation, so that [`read`](super::read()) gives it back: each note that a bar line cuts is tied,
/// and a sign stands wherever readers could differ on whether the one before still holds.
///
/// What is behind the last of its bars is not written.
pub fn write(tune: &Tune) -> String {
    let title = tune.title.replace(['\n', '\r', '%', '\\'], " ");
    let mut text = format!("X:1\nT:{}\nM:{}\n", title.trim(), meter(tune.meter));
    let _ = writeln!(text, "L:1/8\nK:{}", tune.key.name());
    let (mut begin, mut last) = (0, tune.meter);
    for (i, bar) in tune.bars.iter().enumerate() {
        if bar.meter != last {
            last = bar.meter;
            let _ = write!(text, "[M:{}]", meter(last));
        }
        text.push_str(&notes(tune, begin, bar));
        let is_last = i + 1 == tune.bars.len();
        text.push_str(line(bar.line, is_last));
        if bar.ending > 0 {
            let _ = write!(text, "[{} ", bar.ending);
        }
        begin = bar.end;
        if is_last || (i + 1) % BARS_OF_A_LINE == 0 {
            text.push('\n');
        }
    }
    text
}

fn meter((beats, unit): (u32, u32)) -> String {
    match beats {
        0 => "none".into(),
        _ => format!("{beats}/{unit}"),
    }
}

fn line(line: Line, is_last: bool) -> &'static str {
    match line {
        Line::Single => "|",
        Line::Double if is_last => "|]",
        Line::Double => "||",
        Line::RepeatStart => "|:",
        Line::RepeatEnd => ":|",
        Line::RepeatBoth => "::",
    }
}

/// Groups that are written: p notes in the time of q.
const GROUPS: [(u32, u32); 2] = [(3, 2), (5, 4)];

/// What of an event is in a bar.
#[derive(Clone, Copy)]
struct Piece<'a> {
    start: u32,
    length: u32,
    pitches: &'a [u8],
    /// Whether it goes on behind the bar line.
    tied: bool,
}

/// The notes of a bar, those of a beat together.
fn notes(tune: &Tune, begin: u32, bar: &Bar) -> String {
    let cut = |event: &'_ crate::Event| (event.start.max(begin), event.end().min(bar.end));
    let inside = tune.events.iter().filter(|event| {
        let (start, end) = cut(event);
        start < end
    });
    let piece = |event| {
        let (start, end) = cut(event);
        Piece {
            start,
            length: end - start,
            pitches: &event.pitches,
            tied: event.end() > bar.end && !event.pitches.is_empty(),
        }
    };
    let pieces: Vec<_> = inside.map(piece).flat_map(noteheads).collect();
    let beat = beat(bar.meter);
    let mut signs = [false; 7];
    let mut text = String::new();
    let (mut left, mut ratio) = (0, (1, 1));
    for (i, piece) in pieces.iter().enumerate() {
        if i > 0 && (piece.start - begin).is_multiple_of(beat) {
            text.push(' ');
        }
        if left == 0 {
            (left, ratio) = group(&pieces[i..]);
            text.push_str(&group_mark(left, ratio));
        }
        left -= 1;
        let length = piece.length * ratio.0 / ratio.1;
        text.push_str(&sounds(tune, piece.pitches, &mut signs));
        text.push_str(&multiple(length));
        if piece.tied {
            text.push('-');
        }
    }
    text
}

/// Ticks of a beat: three units of 6/8, 9/8 and so on; a quarter, or the whole of a shorter bar.
fn beat(meter: (u32, u32)) -> u32 {
    match meter {
        (beats, 8..) if beats.is_multiple_of(3) => 3 * TICKS_PER_WHOLE / meter.1,
        _ => (TICKS_PER_WHOLE / 4).min(bar_length(meter)),
    }
    .max(1)
}

/// A piece of a group as notes of one head each, tied: there is none for five thirds of an eighth.
fn noteheads(piece: Piece<'_>) -> Vec<Piece<'_>> {
    let ratio = GROUPS.into_iter().find(|ratio| belongs(&piece, *ratio));
    let Some((p, q)) = ratio.filter(|_| !piece.pitches.is_empty()) else {
        return vec![piece];
    };
    let mut heads = Vec::new();
    let (mut start, mut left) = (piece.start, piece.length * p / q / SHORTEST);
    while left > 0 {
        let largest = 1 << left.ilog2();
        let dotted = largest + largest / 2;
        let head = if left == dotted { dotted } else { largest };
        left -= head;
        let length = head * SHORTEST * q / p;
        let tied = left > 0 || piece.tied;
        heads.push(Piece {
            start,
            length,
            tied,
            ..piece
        });
        start += length;
    }
    heads
}

/// Whether a piece is a note of a group, and not one by itself.
fn belongs(piece: &Piece<'_>, (p, q): (u32, u32)) -> bool {
    let times = piece.length * p;
    !piece.length.is_multiple_of(SHORTEST)
        && times.is_multiple_of(q)
        && (times / q).is_multiple_of(SHORTEST)
}

/// How many of the next pieces are written as a group of p notes in the time of q, and p and q.
fn group(pieces: &[Piece<'_>]) -> (usize, (u32, u32)) {
    for ratio in GROUPS {
        let most = pieces.iter().take(ratio.0 as usize);
        let count = most.take_while(|piece| belongs(piece, ratio)).count();
        if count > 0 {
            return (count, ratio);
        }
    }
    (1, (1, 1))
}

fn group_mark(count: usize, (p, q): (u32, u32)) -> String {
    match (count, p, q) {
        (_, 1, _) => String::new(),
        (3, 3, 2) => "(3".into(),
        _ => format!("({p}:{q}:{count}"),
    }
}

/// Notes that sound together, or a rest, without their length.
fn sounds(tune: &Tune, pitches: &[u8], signs: &mut [bool; 7]) -> String {
    match pitches {
        [] => "z".into(),
        [pitch] => note(tune, *pitch, signs),
        _ => {
            let notes: String = pitches.iter().map(|p| note(tune, *p, signs)).collect();
            format!("[{notes}]")
        }
    }
}

/// A sign if it takes one or a sign was at this letter in the bar before, the letter, and its octave.
fn note(tune: &Tune, pitch: u8, signs: &mut [bool; 7]) -> String {
    let (letter, sharps) = tune.key.spell(pitch);
    let octave = (i32::from(pitch) - 60 - NATURAL[letter] - sharps).div_euclid(12);
    let mut text = String::new();
    if signs[letter] || tune.key.signature()[letter] != sharps {
        signs[letter] = true;
        text.push_str(["__", "_", "=", "^", "^^"][(sharps + 2).clamp(0, 4) as usize]);
    }
    let letters = if octave > 0 { b"cdefgab" } else { b"CDEFGAB" };
    text.push(letters[letter].into());
    let marks = if octave > 0 { octave - 1 } else { -octave };
    let mark = if octave > 0 { "'" } else { "," };
    text.push_str(&mark.repeat(marks as usize));
    text
}

/// Ticks as a multiple of the unit: nothing for 1, `3`, `/2`, `3/2`.
fn multiple(ticks: u32) -> String {
    let divisor = greatest_common_divisor(ticks, UNIT);
    match (ticks / divisor, UNIT / divisor) {
        (1, 1) => String::new(),
        (n, 1) => n.to_string(),
        (1, d) => format!("/{d}"),
        (n, d) => format!("{n}/{d}"),
    }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    match b {
        0 => a,
        _ => greatest_common_divisor(b, a % b),
    }
}
