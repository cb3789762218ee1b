//! Text, vocabularies and batches.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use tempfile::TempDir;
use train::prelude::*;
use train::{BatchError, TextError};

fn txt() -> Vec<String> {
    vec!["txt".to_string()]
}

/// A directory with these files in it.
fn directory(files: &[(&str, &[u8])]) -> TempDir {
    let directory = TempDir::new().unwrap();
    for (name, content) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    directory
}

#[test]
fn directories_are_read_in_sorted_order() {
    let files: [(&str, &[u8]); 6] = [
        ("b.txt", b"4"),
        ("a/z.txt", b"2"),
        ("a/deep/er/x.txt", b"1"),
        ("a.txt", b"3"),
        ("c.md", b"5"),
        ("empty.txt", b""),
    ];
    let d = directory(&files);
    let root = [d.path().to_path_buf()];
    assert_eq!(read_text(&root, &txt()).unwrap(), "1234");
    assert_eq!(read_text(&root, &[]).unwrap(), "12345");
    let named = ["c.md", "a"].map(|name| d.path().join(name));
    assert_eq!(read_text(&named, &[".txt".into()]).unwrap(), "512");
}

#[test]
fn text_errors_say_where() {
    let d = directory(&[
        ("a.txt", "né".as_bytes()),
        ("bad.txt", b"ok\xff"),
        ("e/e.txt", b""),
    ]);
    let read = |name: &str, extensions: &[String]| {
        let path = d.path().join(name);
        read_text(std::slice::from_ref(&path), extensions).unwrap_err()
    };
    let bad = read("", &txt());
    assert!(matches!(&bad, TextError::NotUtf8 { path, offset: 2 } if path.ends_with("bad.txt")));
    assert!(bad.to_string().ends_with("bad.txt is not UTF-8 at byte 2"));
    let missing = read("none.txt", &txt()).to_string();
    assert!(missing.starts_with("cannot read") && missing.contains("none.txt"));
    assert!(matches!(read("", &["rs".into()]), TextError::NoFile { .. }));
    assert!(matches!(read("e", &txt()), TextError::Empty { .. }));
    let nowhere: [PathBuf; 0] = [];
    assert!(matches!(
        read_text(&nowhere, &txt()),
        Err(TextError::NoFile { .. })
    ));
}

#[test]
fn unknown_characters_are_named() {
    let error = Vocabulary::new("abc").encode("abéc").unwrap_err();
    let expected = "character 'é' at position 2 is not in the vocabulary";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_text_that_is_too_short_says_what_it_needs() {
    let error = Windows::new(vec![0; 12], 4, 3).unwrap_err();
    let expected = "the text has 12 symbols, and one batch of 4 streams and 3 steps needs at \
                    least 13";
    assert_eq!(error.to_string(), expected);
    assert_eq!(Windows::new(vec![0; 13], 4, 3).unwrap().len(), 1);
    let empty = BatchError::NoElements {
        streams: 0,
        steps: 3,
    };
    assert_eq!(Windows::new(vec![0; 13], 0, 3).unwrap_err(), empty);
    assert!(Windows::new(vec![], 1, 1).is_err());
    assert!(Windows::new(vec![0; 13], usize::MAX, usize::MAX).is_err());
}

#[test]
fn the_last_tenth_is_held_out() {
    let symbols: Vec<_> = (0..25).collect();
    let (training, validation) = split(&symbols, 0.1);
    assert_eq!((training.len(), validation), (23, &[23, 24][..]));
    assert_eq!(split(&symbols, 0.0).1.len(), 0);
}

proptest! {
    #[test]
    fn a_vocabulary_gives_the_text_back(text in "\\PC{0,40}") {
        let vocabulary = Vocabulary::new(&text);
        let numbers = vocabulary.encode(&text).unwrap();
        prop_assert_eq!(vocabulary.decode(&numbers), text);
        let again: String = vocabulary.chars().iter().collect();
        prop_assert_eq!(Vocabulary::new(&again), vocabulary);
    }

    #[test]
    fn windows_cover_the_text_once(streams in 1..5_usize, steps in 1..6_usize, extra in 1..60_usize) {
        let n = streams * steps + extra;
        let windows = Windows::new((0..n).collect(), streams, steps).unwrap();
        let (mut inputs, mut targets) = (Vec::new(), Vec::new());
        let mut seen = vec![Vec::new(); streams];
        for w in 0..windows.len() {
            windows.fill(w, &mut inputs, &mut targets);
            prop_assert_eq!(inputs.len(), streams * steps);
            for (i, (&x, &y)) in inputs.iter().zip(&targets).enumerate() {
                prop_assert_eq!(y, x + 1);
                seen[i % streams].push(x);
            }
        }
        let seen = seen.concat();
        prop_assert!(seen.iter().copied().eq(0..seen.len()));
        prop_assert!(n - seen.len() <= streams * steps);
    }
}
