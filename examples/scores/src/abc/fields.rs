//! The fields that music depends on: `M:`, `L:`, `K:`.

use crate::Key;

/// The meter of an `M:` field; no beats where it is free. `None` if it is no meter.
pub(super) fn meter(text: &str) -> Option<(u32, u32)> {
    match text {
        "C" => return Some((4, 4)),
        "C|" => return Some((2, 2)),
        "none" | "" => return Some((0, 1)),
        _ => {}
    }
    let (beats, unit) = text.split_once('/')?;
    let beats = beats.replace(['(', ')'], ""); // (2+3)/8
    let beats = beats.split('+').map(|n| n.trim().parse::<u32>().ok());
    let beats = beats.sum::<Option<u32>>()?;
    let unit = number(unit)?;
    let sensible = (1..=128).contains(&beats) && unit.is_power_of_two() && unit <= 128;
    sensible.then_some((beats, unit))
}

/// The length of an `L:` field as a part of a whole note.
pub(super) fn unit(text: &str) -> Option<f64> {
    let (part, whole) = text.split_once('/').unwrap_or((text, "1"));
    let (part, whole) = (number(part)?, number(whole)?);
    let sensible = (1..=512).contains(&part) && (1..=512).contains(&whole);
    sensible.then(|| f64::from(part) / f64::from(whole))
}

/// The length that notes have without an `L:` field.
pub(super) fn default_unit((beats, unit): (u32, u32)) -> f64 {
    match f64::from(beats) / f64::from(unit) {
        bar if bar > 0.0 && bar < 0.75 => 1.0 / 16.0,
        _ => 1.0 / 8.0,
    }
}

/// The number that a text begins with.
fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    text[..digits].parse().ok()
}

/// The key of a `K:` field, and the sharps of C D E F G A B: those of the key, and others that are told
/// (`K:D =c`). `None` if it is no key.
pub(super) fn key(text: &str) -> Option<(Key, [i32; 7])> {
    if text.is_empty() || text.starts_with("none") {
        let key = Key::default();
        return Some((key, altered(text, key.signature())));
    }
    let first = text.split_whitespace().next()?;
    if first == "HP" || first == "Hp" {
        let pipes = Key {
            tonic: 9,
            sharps: 2,
        }; // the Highland bagpipe's A mixolydian
        return Some((pipes, pipes.signature()));
    }
    let letter = "CDEFGAB".find(text.chars().next()?)?;
    let (sharps, rest) = match text[1..].chars().next() {
        Some('#') => (1, &text[2..]),
        Some('b') => (-1, &text[2..]),
        _ => (0, &text[1..]),
    };
    let attached = mode(rest);
    let key = match attached {
        "" => {
            let word = mode(rest.trim_start());
            Key::new(letter, sharps, word).or_else(|| Key::new(letter, sharps, ""))?
        }
        mode => Key::new(letter, sharps, mode)?,
    };
    let signature = match rest.contains("exp") {
        true => [0; 7], // nothing but what is told
        false => key.signature(),
    };
    Some((key, altered(rest, signature)))
}

/// The letters that a text begins with.
fn mode(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphabetic());
    &text[..end.unwrap_or(text.len())]
}

/// A signature with the signs in a text: `^f _b =c`.
fn altered(text: &str, mut signature: [i32; 7]) -> [i32; 7] {
    let mut sharps = None;
    for c in text.chars() {
        let letter = "CDEFGAB".find(c.to_ascii_uppercase());
        match (c, letter, sharps) {
            ('^', ..) => sharps = Some(sharps.unwrap_or(0) + 1),
            ('_', ..) => sharps = Some(sharps.unwrap_or(0) - 1),
            ('=', ..) => sharps = Some(0),
            (_, Some(letter), Some(n)) => {
                signature[letter] = n.clamp(-2, 2);
                sharps = None;
            }
            _ => sharps = None,
        }
    }
    signature
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meters_and_lengths() {
        assert_eq!(meter("6/8"), Some((6, 8)));
        assert_eq!(meter("C|"), Some((2, 2)));
        assert_eq!(meter("(2+3)/8"), Some((5, 8)));
        assert_eq!(meter("2/2]"), Some((2, 2)));
        assert_eq!(meter("none"), Some((0, 1)));
        for text in ["FREI4/4", "4/0", "4/3", "0/4", "4", "99999999999/4", "é/4"] {
            assert_eq!(meter(text), None, "{text}");
        }
        assert_eq!(
            (unit("1/16"), unit("1"), unit("1/0")),
            (Some(1.0 / 16.0), Some(1.0), None)
        );
        assert_eq!(
            (default_unit((2, 4)), default_unit((3, 4))),
            (1.0 / 16.0, 1.0 / 8.0)
        );
    }

    #[test]
    fn keys() {
        let sharps = |text| key(text).map(|(key, _)| (key.tonic, key.sharps));
        assert_eq!(sharps("G"), Some((7, 1)));
        assert_eq!(sharps("A Mixolydian"), Some((9, 2)));
        assert_eq!(sharps("Ador"), Some((9, 1)));
        assert_eq!(sharps("F#m"), Some((6, 3)));
        assert_eq!(sharps("E phr -8va"), Some((4, 0)));
        assert_eq!(sharps("G bass"), Some((7, 1)));
        assert_eq!(sharps("Bb"), Some((10, -2)));
        assert_eq!(sharps("none"), Some((0, 0)));
        assert_eq!(sharps("Hp"), Some((9, 2)));
        assert_eq!((sharps("Es"), sharps("H"), sharps("é")), (None, None, None));
        assert_eq!(key("Dmix=c _b").unwrap().1, [0, 0, 0, 1, 0, 0, -1]);
        assert_eq!(key("D exp ^f").unwrap().1, [0, 0, 0, 1, 0, 0, 0]);
    }
}
