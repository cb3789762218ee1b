//! [`Key`], and how the notes of a key are spelled.

/// The fifths above C of the natural notes F C G D A E B are -1 to 5; each seven more are a sharp.
const BY_FIFTHS: [usize; 7] = [3, 0, 4, 1, 5, 2, 6];
/// Semitones of C D E F G A B above C.
pub(crate) const NATURAL: [i32; 7] = [0, 2, 4, 5, 7, 9, 11];
/// Modes, and how many sharps more than major they have.
const MODES: [(&str, i8); 9] = [
    ("", 0),
    ("m", -3),
    ("mix", -1),
    ("dor", -2),
    ("phr", -4),
    ("lyd", 1),
    ("loc", -5),
    ("maj", 0),
    ("min", -3),
];
/// Other names of modes.
const ALIASES: [(&str, &str); 2] = [("ion", "maj"), ("aeo", "min")];

/// A key: the notes that signs are not written for. C major by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// Semitones of the tonic above C.
    pub tonic: u8,
    /// Sharps, or flats below zero.
    pub sharps: i8,
}

impl Key {
    /// Its name in ABC notation: "G", "F#m", "Ddor". A name for its sharps, if no mode has them.
    pub fn name(self) -> String {
        for (mode, more) in MODES {
            let fifths = i32::from(self.sharps) - i32::from(more);
            if (fifths * 7).rem_euclid(12) == i32::from(self.tonic) {
                let (letter, sharps) = letter(fifths);
                return format!("{}{}{mode}", b"CDEFGAB"[letter] as char, signs(sharps));
            }
        }
        let (letter, sharps) = letter(self.sharps.into());
        format!("{}{}", b"CDEFGAB"[letter] as char, signs(sharps))
    }

    /// A key from its letter (0 for C), the sharps of its tonic, and the name of its mode.
    pub(crate) fn new(letter: usize, sharps: i32, mode: &str) -> Option<Key> {
        let fifths = BY_FIFTHS.iter().position(|l| *l == letter)? as i32 - 1 + 7 * sharps;
        Some(Key {
            tonic: (NATURAL[letter] + sharps).rem_euclid(12) as u8,
            sharps: (fifths + i32::from(more_sharps(mode)?)) as i8,
        })
    }

    /// The sharps of each of C D E F G A B.
    pub(crate) fn signature(self) -> [i32; 7] {
        let mut signature = [0; 7];
        for fifths in -1..=5 {
            // The notes of the key are seven neighbours in the row of fifths, the first one below its major tonic.
            let (letter, sharps) = letter(fifths + i32::from(self.sharps));
            signature[letter] = sharps;
        }
        signature
    }

    /// The letter and the sharps with which a note is written in this key: as ♭3, ♭7, ♯4 and so on of its scale.
    pub(crate) fn spell(self, pitch: u8) -> (usize, i32) {
        let major = i32::from(self.sharps);
        let spelled = (major - 3..=major + 8).map(letter);
        let is_it = |(letter, sharps): &(usize, i32)| {
            (NATURAL[*letter] + sharps - i32::from(pitch)).rem_euclid(12) == 0
        };
        let mut found = spelled.filter(is_it);
        found.next().unwrap_or((0, 0)) // twelve neighbours are all twelve notes
    }
}

/// The letter and the sharps of the note so many fifths above C.
fn letter(fifths: i32) -> (usize, i32) {
    let place = fifths + 1;
    (BY_FIFTHS[place.rem_euclid(7) as usize], place.div_euclid(7))
}

/// Sharps or flats behind a letter.
fn signs(sharps: i32) -> String {
    let sign = if sharps < 0 { "b" } else { "#" };
    sign.repeat(sharps.unsigned_abs() as usize)
}

/// How many sharps more than major a mode has: its first three letters count, in any case; `m` and `M` are two.
fn more_sharps(mode: &str) -> Option<i8> {
    if mode == "M" {
        return Some(0);
    }
    let mode = mode.to_lowercase();
    let first: String = mode.chars().take(3).collect();
    let alias = ALIASES.iter().find(|(name, _)| *name == first);
    let first = alias.map_or(first.as_str(), |(_, name)| name);
    let found = MODES.iter().find(|(name, _)| *name == first);
    found.map(|(_, more)| *more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_mode_s_sharps() {
        let key = |letter, sharps, mode| Key::new(letter, sharps, mode).unwrap();
        assert_eq!(
            key(4, 0, ""),
            Key {
                tonic: 7,
                sharps: 1
            }
        );
        assert_eq!(
            key(5, 0, "Dorian"),
            Key {
                tonic: 9,
                sharps: 1
            }
        );
        assert_eq!(
            key(3, 1, "m"),
            Key {
                tonic: 6,
                sharps: 3
            }
        );
        assert_eq!(
            key(6, -1, "M"),
            Key {
                tonic: 10,
                sharps: -2
            }
        );
        assert_eq!(Key::new(0, 0, "s"), None);
    }

    #[test]
    fn a_name_is_read_as_the_key() {
        for sharps in -7..=7 {
            for tonic in 0..12 {
                let key = Key { tonic, sharps };
                let name = key.name();
                let mut rest = name.trim_start_matches(|c: char| c.is_ascii_uppercase());
                let letter = "CDEFGAB".find(&name[..1]).unwrap();
                let signs = rest.len() - rest.trim_start_matches(['#', 'b']).len();
                let sharps = signs as i32 * if rest.starts_with('b') { -1 } else { 1 };
                rest = &rest[signs..];
                let read = Key::new(letter, sharps, rest).unwrap();
                assert_eq!(read.sharps, key.sharps, "{name}");
            }
        }
    }

    #[test]
    fn notes_are_spelled_as_musicians_do() {
        let g_minor = Key {
            tonic: 7,
            sharps: -2,
        };
        assert_eq!(g_minor.spell(66), (3, 1), "F sharp");
        assert_eq!(g_minor.spell(70), (6, -1), "B flat");
        let d = Key {
            tonic: 2,
            sharps: 2,
        };
        assert_eq!(d.spell(60), (0, 0), "C");
        assert_eq!(d.signature(), [1, 0, 0, 1, 0, 0, 0]);
    }
}
