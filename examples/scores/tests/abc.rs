//! What is read of a text, whatever it is, is a tune; and what is written of a tune is read as it.

use proptest::prelude::*;
use scores::{Bar, Event, Key, Line, Tune, abc};

/// A bit of everything.
const BOOK: &str = include_str!("everything.abc");

fn read(text: &str) -> Tune {
    let book = abc::read(text);
    assert_eq!(book.skipped, []);
    book.tunes.into_iter().next().unwrap()
}

/// Start, length and pitches, in eighths.
fn notes(music: &str) -> Vec<(f64, f64, Vec<u8>)> {
    let tune = read(&format!("X:1\nM:4/4\nL:1/8\nK:D\n{music}\n"));
    let eighths = |ticks: u32| f64::from(ticks) / 240.0;
    let events = tune.events.into_iter();
    events
        .map(|e| (eighths(e.start), eighths(e.length), e.pitches))
        .collect()
}

fn pitches(music: &str) -> Vec<u8> {
    notes(music).into_iter().flat_map(|(_, _, p)| p).collect()
}

fn lengths(music: &str) -> Vec<f64> {
    notes(music)
        .into_iter()
        .map(|(_, length, _)| length)
        .collect()
}

#[test]
fn signs_hold_to_the_end_of_the_bar_and_over_a_tie() {
    assert_eq!(pitches("FCfc"), [66, 61, 78, 73]);
    assert_eq!(pitches("=FfF|F"), [65, 77, 65, 66], "in all octaves");
    assert_eq!(pitches("^GG_GG|G"), [68, 68, 66, 66, 67]);
    assert_eq!(pitches("^G8-|G4 G4"), [68, 67]);
    assert_eq!(pitches("[K:F]B[K:G]F"), [70, 66]);
    assert_eq!(pitches("C,,c''^^C__B"), [37, 97, 62, 69]);
}

#[test]
fn lengths_are_those_of_the_standard() {
    assert_eq!(lengths("A>B c<d e>>f"), [1.5, 0.5, 0.5, 1.5, 1.75, 0.25]);
    assert_eq!(lengths("A > (Bc)"), [1.5, 0.5, 1.0]);
    assert_eq!(
        lengths("(3ABc d"),
        [2.0 / 3.0; 3].into_iter().chain([1.0]).collect::<Vec<_>>()
    );
    assert_eq!(lengths("(2AB(3:4:2c3d3e"), [1.5, 1.5, 4.0, 4.0, 1.0]);
    assert_eq!(
        lengths("A2-A2-|A4 A-B"),
        [8.0, 1.0, 1.0],
        "what is not the same is a slur"
    );
    assert_eq!(lengths("[L:1/4]A Z2 [M:3/4]Z"), [2.0, 16.0, 6.0]);
}

#[test]
fn each_tune_of_a_book_is_read() {
    let book = abc::read(BOOK);
    let titles: Vec<_> = book.tunes.iter().map(|tune| &tune.title[..]).collect();
    assert_eq!(titles, ["Everything", "Aire & Angle"]);
    assert_eq!(
        book.tunes[0].key,
        Key {
            tonic: 9,
            sharps: 1
        }
    );
    assert_eq!((book.tunes[0].meter, book.tunes[1].meter), ((4, 4), (2, 2)));
    let skipped: Vec<_> = book.skipped.iter().map(ToString::to_string).collect();
    let expected = [
        "line 14: voice 2: the first one is read",
        "line 22: another voice of a bar",
    ];
    assert_eq!(skipped, expected);
}

#[test]
fn a_text_without_a_number_is_a_tune() {
    assert_eq!(read("M:2/4\nK:G\nGAB").title, "");
    assert_eq!(abc::read("GAB").tunes, []);
    let lines = abc::read("X:1\nGAB\nK:G\n").skipped;
    let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
    let expected = [
        "line 2: music before the field K: that ends the header",
        "line 1: a tune without notes",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn what_is_written_reads_like_abc() {
    let music =
        "|:D>D ^GG (3AGF =G2|(3abc d4-d2:|[1 [FA]8|(3:2:2G2A (5:4:5ABABA B4|(3:2:2A5/2B/2 c6|]";
    let text = abc::write(&read(&format!("X:1\nT:T\nM:4/4\nL:1/8\nK:D\n{music}\n")));
    let expected = "X:1\nT:T\nM:4/4\nL:1/8\nK:D\nD3/2D/2 ^G^G (3A^GF =G2|(3abc d6:|[1 [FA]8|(3:2:2G2A (5:4:5ABABA B4|\n(3A2-A/2B/2 c6|]\n";
    assert_eq!(text, expected);
}

fn check(tune: &Tune) {
    let starts = tune.events.iter().scan(0, |end, event| {
        let begins = *end;
        *end = event.end();
        Some((begins, event.start))
    });
    starts.for_each(|(end, start)| assert_eq!(end, start));
    assert!(tune.events.iter().all(|event| event.length > 0));
    assert!(
        tune.events
            .iter()
            .all(|event| event.pitches.is_sorted() && event.pitches.iter().all(|p| *p < 128))
    );
    assert!(tune.bars.is_sorted_by(|a, b| a.end < b.end));
    assert_eq!(tune.bars.last().map(|bar| bar.end), Some(tune.end()));
    let (complete, all) = tune.complete_bars();
    assert!(complete <= all && all <= tune.bars.len());
}

fn check_written(tune: &Tune) {
    let text = abc::write(tune);
    let again = read(&text);
    assert_eq!(again.key.sharps, tune.key.sharps, "{text}");
    assert_eq!(again.meter, tune.bars[0].meter, "{text}");
    assert_eq!(
        (&again.events, &again.bars),
        (&tune.events, &tune.bars),
        "{text}"
    );
    assert!(!scores::midi(tune, 120).is_empty());
    let _ = scores::PianoRoll::new(tune).svg();
}

/// Pieces of text that mean something.
fn piece() -> impl Strategy<Value = String> {
    let symbols = r#"A b' C, ^ _ = 2 / /0 3/2 | || |: :| :: [1 [ ] [| |] ( (3 (3:2: ) > << - z x Z4 Z9999 { } " ! + & y % \ X:1 K:G K: M: M:9/8 M:0/4 L: L:1/64 L:1/1 V:2 [K:F] [V:1] 99999999999 é # ,,,,,,,, '''''''' ^^^^^ %%begin"#;
    let symbols: Vec<_> = symbols
        .split(' ')
        .chain([" ", "\n", "\n\n"])
        .map(String::from)
        .collect();
    prop::sample::select(symbols)
}

proptest! {
    #[test]
    fn an_altered_book_is_read(changes in prop::collection::vec((0..BOOK.len(), 0..20usize, piece()), 1..12)) {
        let mut text: Vec<char> = BOOK.chars().collect();
        for (at, removed, piece) in changes {
            let from = at.min(text.len());
            let to = (from + removed).min(text.len());
            text.splice(from..to, piece.chars());
        }
        for tune in abc::read(&text.into_iter().collect::<String>()).tunes {
            check(&tune);
            check_written(&tune);
        }
    }

    #[test]
    fn any_music_is_read(pieces in prop::collection::vec(piece(), 0..60)) {
        for tune in abc::read(&format!("X:1\nM:4/4\nK:Eb\n{}", pieces.concat())).tunes {
            check(&tune);
            check_written(&tune);
        }
    }

    #[test]
    fn any_text_is_read(text in "\\PC*", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        abc::read(&text);
        abc::read(&format!("X:1\nK:{text}\n{text}\n{}", abc::decode(&bytes)));
    }

    #[test]
    fn a_written_tune_is_read_as_it(
        tonic in 0..12u8,
        sharps in -7..=7i8,
        bars in prop::collection::vec(
            (prop::collection::vec((1..1000u32, prop::collection::btree_set(0..128u8, 1..4)), 1..6), 0..5usize, 0..3u8),
            1..8,
        ),
    ) {
        use Line::{Double, RepeatBoth, RepeatEnd, RepeatStart, Single};
        let mut tune = Tune { key: Key { tonic, sharps }, meter: (6, 8), ..Tune::default() };
        for (events, line, ending) in bars {
            for (length, pitches) in events {
                let (start, pitches) = (tune.end(), pitches.into_iter().collect());
                tune.events.push(Event { start, length, pitches });
            }
            let line = [Single, Double, RepeatStart, RepeatEnd, RepeatBoth][line];
            tune.bars.push(Bar { end: tune.end(), meter: (6, 8), line, ending });
        }
        let last = tune.bars.last_mut().unwrap();
        (last.line, last.ending) = (Double, 0);
        check_written(&tune);
    }
}
