//! [`Alteration`]: what happens to a file.

use std::ops::Range;

use proptest::prelude::*;

/// What happens to a file, by accident or on purpose. Places are numbers of any size: where there are fewer, they are
/// counted on from the beginning.
#[derive(Clone, Debug)]
pub enum Alteration {
    /// It ends here.
    Cut(usize),
    /// A bit is another.
    Flip(usize),
    /// A byte is another.
    Byte(usize, u8),
    /// These are put in.
    Insert(usize, Vec<u8>),
    /// So many bytes are missing.
    Remove(usize, usize),
    /// A number of two, four or eight bytes, the lowest first, at a place that is a multiple of two.
    Field(usize, u64, usize),
    /// A number in decimal has another in its place.
    Decimal(usize, String),
    /// A word is missing, or another stands in its place.
    Word(usize, Option<usize>),
    /// A line is missing, or another stands in its place.
    Line(usize, Option<usize>),
    /// A line is there once more.
    Again(usize),
    /// From here on it is another of the files, from there on.
    Splice(usize, usize, usize),
}

use Alteration::*;

/// Where files differ most is at their beginning.
fn place() -> impl Strategy<Value = usize> {
    prop_oneof![0..64_usize, 0..4096_usize, any::<usize>()]
}

/// Numbers at which something ends.
fn number() -> impl Strategy<Value = u64> {
    let edges = [
        0,
        1,
        2,
        0x7f,
        0x80,
        0xff,
        0x7fff,
        0x8000,
        0xffff,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_ffff,
    ];
    prop_oneof![
        prop::sample::select(edges.to_vec()),
        (0..64_u32).prop_map(|bits| (1 << bits) - 1),
        (0..64_u32).prop_map(|bits| 1 << bits),
        any::<u64>(),
        0..20_u64,
    ]
}

/// What stands for a number in texts.
fn decimal() -> impl Strategy<Value = String> {
    let odd = [
        "",
        "-1",
        "nan",
        "inf",
        "-0",
        "1e999",
        "1e-999",
        "0x10",
        "+3",
        "1.",
        ".5",
        "٣",
        "999999999999999999999",
    ];
    prop_oneof![
        3 => number().prop_map(|n| n.to_string()),
        1 => number().prop_map(|n| format!("-{n}")),
        2 => prop::sample::select(odd.to_vec()).prop_map(String::from),
    ]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let odd: [&[u8]; 9] = [
        b"\0",
        b"\n",
        b"\r\n",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\x1b[2J",
        "\u{202e}".as_bytes(),
        b" ",
        b"\\",
    ];
    prop_oneof![
        prop::sample::select(odd.to_vec()).prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 1..20),
        (any::<u8>(), 1..300_usize).prop_map(|(byte, count)| vec![byte; count]),
    ]
}

pub fn strategy() -> impl Strategy<Value = Alteration> {
    prop_oneof![
        place().prop_map(Cut),
        place().prop_map(Flip),
        (place(), any::<u8>()).prop_map(|(at, byte)| Byte(at, byte)),
        (place(), bytes()).prop_map(|(at, bytes)| Insert(at, bytes)),
        (place(), 1..20_usize).prop_map(|(at, count)| Remove(at, count)),
        (place(), number(), 1..4_usize).prop_map(|(at, number, size)| Field(at, number, size)),
        (place(), decimal()).prop_map(|(at, text)| Decimal(at, text)),
        (place(), prop::option::of(place())).prop_map(|(at, other)| Word(at, other)),
        (place(), prop::option::of(place())).prop_map(|(at, other)| Line(at, other)),
        place().prop_map(Again),
        (place(), any::<usize>(), place()).prop_map(|(at, file, from)| Splice(at, file, from)),
    ]
}

/// A file after all that has happened to it; splices are with one of `files`.
pub fn altered(file: &[u8], alterations: &[Alteration], files: &[&[u8]]) -> Vec<u8> {
    alterations.iter().fold(file.to_vec(), |bytes, alteration| {
        alteration.apply(bytes, files)
    })
}

impl Alteration {
    fn apply(&self, mut bytes: Vec<u8>, files: &[&[u8]]) -> Vec<u8> {
        if bytes.is_empty() {
            return bytes;
        }
        let len = bytes.len();
        match self {
            Cut(at) => bytes.truncate(at % len),
            Flip(at) => bytes[at / 8 % len] ^= 1 << (at % 8),
            Byte(at, byte) => bytes[at % len] = *byte,
            Insert(at, more) => _ = bytes.splice(at % len..at % len, more.iter().copied()),
            Remove(at, count) => _ = bytes.drain(at % len..(at % len + count).min(len)),
            Field(at, number, size) => {
                let at = at % len / 2 * 2;
                let field = number.to_le_bytes().into_iter().take(1 << size);
                bytes[at..]
                    .iter_mut()
                    .zip(field)
                    .for_each(|(to, byte)| *to = byte);
            }
            Decimal(which, text) => {
                let numbers = runs(&bytes, |byte| byte.is_ascii_digit());
                replace(&mut bytes, &numbers, *which, text.as_bytes());
            }
            Word(which, other) => {
                let words = runs(&bytes, |byte| !byte.is_ascii_whitespace());
                let other = copied(&bytes, &words, *other);
                replace(&mut bytes, &words, *which, &other);
            }
            Line(which, other) => {
                let lines = runs(&bytes, |byte| byte != b'\n');
                let other = copied(&bytes, &lines, *other);
                replace(&mut bytes, &lines, *which, &other);
            }
            Again(which) => {
                let lines = runs(&bytes, |byte| byte != b'\n');
                let line = copied(&bytes, &lines, Some(*which));
                let twice = [&line[..], b"\n", &line].concat();
                replace(&mut bytes, &lines, *which, &twice);
            }
            Splice(at, file, from) => {
                let other = files[file % files.len()];
                bytes.truncate(at % len);
                bytes.extend_from_slice(&other[from % (other.len() + 1)..]);
            }
        }
        bytes
    }
}

/// Where there are bytes of a kind, one beside the other.
fn runs(bytes: &[u8], is_kind: impl Fn(u8) -> bool) -> Vec<Range<usize>> {
    let mut runs = Vec::<Range<usize>>::new();
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| is_kind(**byte)) {
        match runs.last_mut().filter(|run| run.end == at) {
            Some(run) => run.end += 1,
            None => runs.push(at..at + 1),
        }
    }
    runs
}

fn copied(bytes: &[u8], runs: &[Range<usize>], which: Option<usize>) -> Vec<u8> {
    match which {
        Some(which) if !runs.is_empty() => bytes[runs[which % runs.len()].clone()].to_vec(),
        _ => Vec::new(),
    }
}

fn replace(bytes: &mut Vec<u8>, runs: &[Range<usize>], which: usize, by: &[u8]) {
    if !runs.is_empty() {
        bytes.splice(runs[which % runs.len()].clone(), by.iter().copied());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_to_a_file() {
        let file = b"one 2\nthree 45\n";
        let cases = [
            (Cut(4), "one "),
            (Flip(1), "mne 2\nthree 45\n"),
            (Byte(16, b'x'), "oxe 2\nthree 45\n"),
            (Insert(3, b"!".to_vec()), "one! 2\nthree 45\n"),
            (Remove(12, 9), "one 2\nthree "),
            (Field(1, 0x4241, 1), "ABe 2\nthree 45\n"),
            (Decimal(1, "-1".into()), "one 2\nthree -1\n"),
            (Decimal(2, String::new()), "one \nthree 45\n"),
            (Word(2, None), "one 2\n 45\n"),
            (Word(0, Some(3)), "45 2\nthree 45\n"),
            (Line(1, Some(0)), "one 2\none 2\n"),
            (Again(0), "one 2\none 2\nthree 45\n"),
            (Splice(4, 1, 2), "one her"),
        ];
        for (alteration, expected) in cases {
            let found = altered(file, std::slice::from_ref(&alteration), &[file, b"other"]);
            assert_eq!(String::from_utf8_lossy(&found), expected, "{alteration:?}");
        }
        assert_eq!(altered(file, &[Cut(0), Word(0, None)], &[file]), b"");
    }
}
