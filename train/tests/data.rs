//! Text, vocabularies and batches.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use tempfile::TempDir;
use train::prelude::*;
use train::{BatchError, Corpus, TextError};

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
    assert_eq!(read_text(&root, &txt()).unwrap().text, "1234");
    assert_eq!(read_text(&root, &[]).unwrap().text, "12345");
    let named = ["c.md", "a"].map(|name| d.path().join(name));
    assert_eq!(read_text(&named, &[".txt".into()]).unwrap().text, "512");
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
    assert!(
        matches!(&bad, TextError::NotUtf8 { path, offset: 2, line: 1 } if path.ends_with("bad.txt"))
    );
    assert!(
        bad.to_string()
            .ends_with("bad.txt is not UTF-8 at byte 2, in line 1")
    );
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

/// What is skipped, as printed, with the folder's name left out.
fn skipped(corpus: &Corpus, folder: &TempDir) -> Vec<String> {
    let folder = format!("{}/", folder.path().display());
    let lines = corpus
        .skipped
        .iter()
        .map(|s| s.to_string().replace(&folder, ""));
    lines.collect()
}

#[cfg(unix)]
#[test]
fn what_is_no_file_in_a_directory_is_skipped_and_not_waited_for() {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    let d = directory(&[("a.txt", b"1"), ("sub/b.txt", b"2")]);
    let at = |name: &str| d.path().join(name);
    symlink("nowhere", at("dangling.txt")).unwrap();
    symlink("loop.txt", at("loop.txt")).unwrap();
    symlink("nowhere", at("dangling.md")).unwrap(); // of no interest
    symlink("/dev/zero", at("zero.txt")).unwrap();
    let _socket = UnixListener::bind(at("socket.txt")).unwrap();
    let made = Command::new("mkfifo").arg(at("sub/fifo.txt")).status();
    assert!(made.unwrap().success());
    let corpus = read_text(&[d.path().into()], &txt()).unwrap();
    assert_eq!(corpus.text, "12");
    let expected = [
        "skipped dangling.txt: a link that leads nowhere",
        "skipped loop.txt: a link that leads nowhere",
        "skipped socket.txt: a socket",
        "skipped sub/fifo.txt: a FIFO",
        "skipped zero.txt: a device",
    ];
    assert_eq!(skipped(&corpus, &d), expected);
    assert!(read_text(&[at("dangling.txt")], &txt()).is_err()); // who names it wants it
}

#[cfg(unix)]
#[test]
fn a_file_or_directory_counts_once() {
    let d = directory(&[("a.txt", b"1"), ("sub/b.txt", b"2")]);
    let at = |name: &str| d.path().join(name);
    std::os::unix::fs::symlink("a.txt", at("link.txt")).unwrap();
    fs::hard_link(at("a.txt"), at("other.txt")).unwrap();
    let paths = [
        at("sub/b.txt"),
        at("./sub/../sub/b.txt"),
        d.path().into(),
        at("sub"),
    ];
    let corpus = read_text(&paths, &txt()).unwrap();
    assert_eq!(corpus.text, "21");
    let expected = [
        "skipped ./sub/../sub/b.txt: it is sub/b.txt, and counts once",
        "skipped link.txt: it is a.txt, and counts once",
        "skipped other.txt: it is a.txt, and counts once",
        "skipped sub/b.txt: it is sub/b.txt, and counts once",
        "skipped sub: it is sub, and counts once",
    ];
    assert_eq!(skipped(&corpus, &d), expected);
}

#[test]
fn a_byte_order_mark_is_no_symbol() {
    let marked = "\u{feff}b\u{feff}"; // only the first is one
    let d = directory(&[
        ("a.txt", b"a"),
        ("b.txt", marked.as_bytes()),
        ("c.txt", b"\xef\xbb\xbf"),
    ]);
    let corpus = read_text(&[d.path().into()], &txt()).unwrap();
    assert_eq!(corpus.text, "ab\u{feff}");
    let empty = read_text(&[d.path().join("c.txt")], &txt());
    assert!(matches!(empty, Err(TextError::Empty { .. })));
}

#[cfg(unix)]
#[test]
fn names_that_would_break_a_line_are_escaped() {
    let name = "bad\n\u{1b}[31m\u{202e}.txt";
    let d = directory(&[(name, b"\xff"), ("sub/c.txt", b"")]);
    let shown = r"bad\n\u{1b}[31m\u{202e}.txt";
    let path = d.path().join(name);
    for paths in [
        vec![d.path().into()],
        vec![path.clone()],
        vec![path.join("none")],
    ] {
        let error = read_text(&paths, &txt()).unwrap_err().to_string();
        assert!(error.contains(shown) && !error.contains('\n'), "{error}");
    }
    std::os::unix::fs::symlink("nowhere", d.path().join(format!("sub/{name}"))).unwrap();
    fs::write(&path, "text").unwrap();
    let corpus = read_text(&[d.path().into()], &txt()).unwrap();
    assert_eq!(
        skipped(&corpus, &d),
        [format!("skipped sub/{shown}: a link that leads nowhere")]
    );
    for error in [
        Checkpoint::<f32>::load(path.with_extension("none")).unwrap_err(),
        Checkpoint::<f32>::load(&path).unwrap_err(),
        Replace::Checkpoint.check(&path).unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(
            error.contains(r"bad\n\u{1b}[31m") && !error.contains('\n'),
            "{error}"
        );
    }
}

#[test]
fn unknown_characters_are_named() {
    let error = Vocabulary::new("abc").encode("abéc").unwrap_err();
    let expected = r#""é" at position 2 is not in the vocabulary: "abc""#;
    assert_eq!(error.to_string(), expected);
    let many: String = ('\u{4e00}'..='\u{4eff}').collect();
    let error = Vocabulary::new(&many).encode("\n").unwrap_err().to_string();
    assert!(error.starts_with(r#""\n" at position 0 is not in the vocabulary: "一"#));
    assert!(error.ends_with("\" and 136 more"), "{error}");
}

#[test]
fn a_text_that_is_too_short_says_what_it_needs() {
    let error = Windows::new(vec![0; 12], 4, 3).unwrap_err();
    let expected = "the text has 12 symbols, and one batch of 4 streams and 3 steps needs at \
                    least 13; of streams x steps, 3 x 3 or 4 x 2 would fit";
    assert_eq!(error.to_string(), expected);
    assert_eq!(Windows::new(vec![0; 13], 4, 3).unwrap().len(), 1);
    for (found, streams, steps, fitting) in [
        (12, 3, 100, "3 x 3"),
        (12, 100, 3, "3 x 3"),
        (12, 100, 100, "1 x 11"),
        (12, usize::MAX, 1, "11 x 1"),
    ] {
        let error = Windows::new(vec![0; found], streams, steps)
            .unwrap_err()
            .to_string();
        let expected = format!("; of streams x steps, {fitting} would fit");
        assert!(error.ends_with(&expected), "{error}");
        let (b, t) = fitting.split_once(" x ").unwrap();
        Windows::new(vec![0; found], b.parse().unwrap(), t.parse().unwrap()).unwrap();
    }
    for found in [0, 1] {
        let error = Windows::new(vec![0; found], 2, 2).unwrap_err().to_string();
        assert!(error.ends_with("needs at least 5"), "{error}");
    }
    let empty = BatchError::NoElements {
        streams: 0,
        steps: 3,
    };
    assert_eq!(Windows::new(vec![0; 13], 0, 3).unwrap_err(), empty);
    assert!(Windows::new(vec![], 1, 1).is_err());
    assert!(Windows::new(vec![0; 13], usize::MAX, usize::MAX).is_err());
}

#[test]
fn folders_are_classes() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let missing = read_classes(folder.path(), &[]).unwrap_err().to_string();
    assert!(missing.starts_with("no text file found in "), "{missing}");
    for (name, text) in [
        ("b/1.txt", "one"),
        ("b/2.txt", "\u{feff}two"),
        ("a/x.txt", "three"),
        ("a/x.png", ""),
    ] {
        std::fs::create_dir_all(at(name).parent().unwrap()).unwrap();
        std::fs::write(at(name), text).unwrap();
    }
    let corpus = read_classes(folder.path(), &["txt".into()]).unwrap();
    assert_eq!(corpus.classes, ["a", "b"]);
    let expected =
        [("three", 0), ("one", 1), ("two", 1)].map(|(text, class)| (text.to_string(), class));
    assert_eq!(corpus.samples, expected);
    std::fs::create_dir(at("c")).unwrap();
    let empty = read_classes(folder.path(), &["txt".into()])
        .unwrap_err()
        .to_string();
    assert!(empty.ends_with("/c"), "{empty}");
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
        prop_assert_eq!(Vocabulary::new(&vocabulary.tokens().concat()), vocabulary);
    }

    /// Words are the text, and come back from a file; those that are rare are unknown.
    #[test]
    fn words_give_the_text_back(text in "[ab .\n]{0,40}", floor in 1..4_usize, has_ends: bool) {
        let all = Vocabulary::words(&text, 1);
        prop_assert_eq!(all.decode(&all.encode(&text).unwrap()), text.clone());
        let vocabulary = Vocabulary::words(&text, floor);
        let vocabulary = if has_ends { vocabulary.with_ends() } else { vocabulary };
        let numbers = vocabulary.encode(&text).unwrap();
        let words = all.encode(&text).unwrap();
        for (number, word) in numbers.iter().zip(&words) {
            let is_rare = words.iter().filter(|w| *w == word).count() < floor;
            prop_assert_eq!(Some(*number) == vocabulary.unknown(), is_rare);
            prop_assert!(is_rare || vocabulary.tokens()[*number] == all.tokens()[*word]);
        }
        let marks = [vocabulary.unknown(), vocabulary.start(), vocabulary.end()];
        prop_assert_eq!(marks.iter().flatten().count(), if has_ends { 3 } else { 1 });
        let saved = serde_json::to_string(&vocabulary).unwrap();
        prop_assert_eq!(serde_json::from_str::<Vocabulary>(&saved).unwrap(), vocabulary);
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

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_file_is_read_compressed_or_not_whatever_its_name() {
    let text = "été\nhiver\r\n";
    let twice = [gzip("\u{feff}été\n"), gzip("hiver\r\n")].concat(); // one may follow on another
    let d = directory(&[
        ("a.txt", text.as_bytes()),
        ("b.txt", &gzip(text)),
        ("c.txt.gz", &twice),
    ]);
    for name in ["a.txt", "b.txt", "c.txt.gz"] {
        assert_eq!(read_text_file(d.path().join(name)).unwrap(), text, "{name}");
    }
    let corpus = read_text(&[d.path().into()], &[]).unwrap();
    assert_eq!(corpus.text, text.repeat(3));
}

#[test]
fn a_file_that_is_cut_or_damaged_is_refused() {
    let whole = gzip(&"a line\n".repeat(500));
    let refused = |bytes: &[u8]| {
        let d = directory(&[("a.gz", bytes)]);
        read_text_file(d.path().join("a.gz")).unwrap_err()
    };
    for cut in [whole.len() / 2, whole.len() - 1, 5] {
        let error = refused(&whole[..cut]);
        assert!(matches!(error, TextError::Gzip { .. }), "{cut}: {error}");
        let said = error.to_string();
        assert!(said.contains("a.gz: cut off or damaged gzip: "), "{said}");
    }
    let mut damaged = whole.clone();
    let checksum = damaged.len() - 8;
    damaged[checksum] ^= 1;
    assert!(matches!(refused(&damaged), TextError::Gzip { .. }));
    let error = refused(b"one\ntwo\nthr\xff\xfe\n").to_string();
    assert!(
        error.ends_with("a.gz is not UTF-8 at byte 11, in line 3"),
        "{error}"
    );
}
