//! Equal to the wfdb package, and not to be brought down by what is in a file.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;

use super::annotations::Annotation;
use super::format212::decode;
use super::header::Header;
use super::*;

const FOLDER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/examples/heartbeat/wfdb/reference"
);
const EXCERPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/mitdb/100_14");

/// What reference.py says of a record, and what is read here.
fn check(record: &Path, reference: &Path) {
    let record = Record::read(record).expect("a record");
    assert_eq!(record.remarks, [""; 0]);
    let text = fs::read_to_string(reference).expect("a reference");
    let mut lines = text.lines().skip(1); // of the versions
    let said = format!("{:?} {}", record.frequency, record.length());
    assert_eq!(lines.next(), Some(&*said));
    for signal in &record.signals {
        let values: Vec<_> = (0..record.length())
            .filter_map(|i| signal.physical(i))
            .collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let bytes: Vec<_> = signal
            .samples
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect();
        let line = lines.next().expect("a line for each signal");
        let Signal {
            name,
            unit,
            gain,
            baseline,
            ..
        } = signal;
        let exact = format!(
            "signal {gain:?} {baseline} {} {:?} ",
            crc32(&bytes),
            values[0]
        );
        let rest = line
            .strip_prefix(&exact)
            .unwrap_or_else(|| panic!("{line}: {exact}"));
        let (expected, rest) = rest.split_once(' ').expect("a mean");
        assert!(
            (expected.parse::<f64>().expect("a mean") - mean).abs() < 1e-9,
            "{line}: {mean}"
        );
        assert_eq!(rest, format!("{unit} {name}"));
    }
    let said = record.annotations.iter().map(|a| {
        let numbers = format!(
            "{} {} {} {} {}",
            a.sample, a.code, a.subtype, a.channel, a.number
        );
        format!("{numbers} {}", a.text).trim_end().to_string()
    });
    assert_eq!(said.collect::<Vec<_>>(), lines.collect::<Vec<_>>());
}

/// CRC-32 as zlib has it.
fn crc32(bytes: &[u8]) -> u32 {
    let of_byte = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    };
    !bytes.iter().fold(!0, of_byte)
}

#[test]
fn an_excerpt_is_what_the_wfdb_package_reads() {
    check(Path::new(EXCERPT), &Path::new(FOLDER).join("100_14.txt"));
}

/// Several signals with a gain, baseline and unit each, a last pair of samples that is half, skips, numbers, subtypes,
/// channels, texts.
#[test]
fn a_record_with_all_that_there_is_too() {
    check(
        &Path::new(FOLDER).join("made_up"),
        &Path::new(FOLDER).join("made_up.txt"),
    );
}

#[test]
#[ignore = "needs a record and its reference: see reference.py"]
fn a_whole_record_too() {
    let path =
        |name| PathBuf::from(std::env::var_os(name).unwrap_or_else(|| panic!("{name} is not set")));
    check(&path("WFDB_RECORD"), &path("WFDB_REFERENCE"));
}

const HEADER: &str =
    "r 2 360 4\nr.dat 212 200(1024)/mV 11 1024 995 -22131 0 MLII\nr.dat 212 200 11 1024\n";
/// A beat at sample 3.
const BEAT: [u8; 4] = [3, 4, 0, 0];

/// What is said of a record of these files.
fn said_of(files: &[(&str, &[u8])]) -> String {
    let folder = TempDir::new().expect("a folder");
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).expect("a file");
    }
    let error = Record::read(&folder.path().join("r")).expect_err("a record that cannot be read");
    assert!(!error.contains('\n'), "{error}");
    error
        .rsplit_once('/')
        .map_or(error.clone(), |(_, said)| said.into())
}

fn record(hea: &[u8], dat: &[u8], atr: &[u8]) -> String {
    said_of(&[("r.hea", hea), ("r.dat", dat), ("r.atr", atr)])
}

#[test]
fn what_is_wrong_with_a_file_is_one_line() {
    let (header, samples) = (HEADER.as_bytes(), &[0; 12][..]);

    assert!(said_of(&[]).starts_with("r.hea: No such file"));
    assert!(said_of(&[("r.hea", header)]).starts_with("r.dat: No such file"));
    assert!(said_of(&[("r.hea", header), ("r.dat", samples)]).starts_with("r.atr: No such file"));
    assert_eq!(record(b"", samples, &BEAT), "r.hea: the file is empty");
    assert_eq!(record(header, b"", &BEAT), "r.dat: the file is empty");
    assert_eq!(record(header, samples, b""), "r.atr: the file is empty");

    // Cut, or with a header that promises more samples than there are.
    let short = "r.dat: 11 bytes, too few for 4 samples of 2 signals in format 212";
    assert_eq!(record(header, &samples[..11], &BEAT), short);
    let promised = HEADER.replace("360 4", "360 18446744073709551615");
    let short =
        "r.dat: 12 bytes, too few for 18446744073709551615 samples of 2 signals in format 212";
    assert_eq!(record(promised.as_bytes(), samples, &BEAT), short);
    let promised = HEADER.replace("r 2", "r 4000000000");
    let said = "r.hea: 4000000000 signals, and 2 lines about them";
    assert_eq!(record(promised.as_bytes(), samples, &BEAT), said);
    assert_eq!(
        record(header, samples, &BEAT[..3]),
        "r.atr: it is cut after 3 bytes: no end mark"
    );
    assert_eq!(
        record(header, samples, &[3, 4, 9, 0xfc, b'a']),
        "r.atr: it is cut after 5 bytes: no end mark"
    );

    let beyond = "r.atr: annotation 2 is at sample 6, and the record has 4";
    assert_eq!(record(header, samples, &[3, 4, 3, 4, 0, 0]), beyond);
    let before = [0, 0xec, 0xff, 0xff, 0xf0, 0xff, 3, 4, 0, 0];
    assert_eq!(
        record(header, samples, &before),
        "r.atr: an annotation at sample -13"
    );
    let orphan = "r.atr: it begins with what belongs to an annotation before it";
    assert_eq!(record(header, samples, &[1, 0xf4, 0, 0]), orphan);

    let with =
        |old: &str, new: &str| record(HEADER.replacen(old, new, 1).as_bytes(), samples, &BEAT);
    assert_eq!(
        with("212", "16"),
        "r.hea: line 2: format 16: only 212 is read"
    );
    assert_eq!(
        with("212", "212x4"),
        "r.hea: line 2: format 212x4: only 212 is read"
    );
    assert_eq!(
        with("r 2", "r/3 2"),
        "3: a record of several segments is not read"
    );
    assert_eq!(
        with("r 2", "r two"),
        "r.hea: line 1: two: expected the number of signals"
    );
    assert_eq!(with("360", "-1"), "r.hea: line 1: -1 samples a second");
    assert_eq!(
        with("(1024)", "(x)"),
        "r.hea: line 2: x: expected a baseline"
    );
    assert_eq!(
        with("r.dat", "../r.dat"),
        "r.dat: expected a file beside the header"
    );
    assert_eq!(
        record(b"# nothing\n", samples, &BEAT),
        "r.hea: no line about the record"
    );
    assert_eq!(
        record(b"r 0 360 4\n", samples, &BEAT),
        "r.hea: a record of no signals"
    );
}

#[test]
fn what_is_damaged_is_remarked() {
    let folder = TempDir::new().expect("a folder");
    for (name, bytes) in [
        ("r.hea", HEADER.as_bytes()),
        ("r.dat", &[1; 12]),
        ("r.atr", &BEAT),
    ] {
        fs::write(folder.path().join(name), bytes).expect("a file");
    }
    let record = Record::read(&folder.path().join("r.hea")).expect("a record");
    let remark = "signal MLII has the checksum 1028, and by the header -22131: it may be damaged";
    assert_eq!(record.remarks, [remark]);
}

#[test]
fn two_samples_are_in_three_bytes() {
    let decoded = decode(&[0xff, 0x7f, 0x00, 0x00, 0x08], 0, 1, None);
    assert_eq!(decoded, Ok(vec![-1, 0x700, -2048]));
    assert_eq!(decode(&[9, 9, 5, 0], 2, 1, Some(1)), Ok(vec![5]));
}

#[test]
fn what_a_header_does_not_say_has_a_value() {
    let header = Header::parse("\n# a remark\nr 1\nr.dat 212\n").expect("a header");
    assert_eq!((header.frequency, header.length), (250.0, None));
    let signal = &header.signals[0];
    assert_eq!(
        (signal.gain, signal.baseline, &*signal.unit),
        (200.0, 0, "mV")
    );
    let header =
        Header::parse("r 1 360/72(3) 9\nr.dat 212+4 0 11 1024 0 7 0 lead  II\n").expect("a header");
    let signal = &header.signals[0];
    assert_eq!(
        (header.frequency, signal.offset, signal.baseline),
        (360.0, 4, 1024)
    );
    assert_eq!(
        (signal.gain, signal.checksum, &*signal.name),
        (200.0, Some(7), "lead  II")
    );
}

/// A line of a header, right or nearly so.
fn line() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[a-z0-9./(+:x-]{0,6}",
        Just("212".into()),
        Just("r.dat".into()),
        "-?[0-9]{1,20}"
    ];
    prop::collection::vec(word, 0..10).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn any_bytes_are_annotations_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), length in 0..100_000usize) {
        if let Ok(annotations) = Annotation::read_all(&bytes, 360.0, length) {
            prop_assert!(annotations.iter().all(|a| a.sample < length));
            prop_assert!(annotations.len() <= bytes.len() / 2);
        }
    }

    #[test]
    fn any_bytes_are_samples_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        offset in prop_oneof![0..300usize, Just(usize::MAX)],
        signals in prop_oneof![1..5usize, Just(usize::MAX)],
        length in prop::option::of(prop_oneof![0..300usize, Just(usize::MAX)]),
    ) {
        if let Ok(samples) = decode(&bytes, offset, signals, length) {
            prop_assert!(samples.len() % signals == 0 && samples.len() * 3 <= bytes.len() * 2 + 1);
            prop_assert!(samples.iter().all(|x| (-2048..2048).contains(x)));
        }
    }

    #[test]
    fn any_text_is_a_header_or_refused(
        text in prop_oneof![".*", prop::collection::vec(line(), 0..4).prop_map(|lines| lines.join("\n"))],
    ) {
        if let Err(error) = Header::parse(&text) {
            prop_assert!(!error.contains('\n'), "{}", error);
        }
    }
}

#[global_allocator]
static ALLOCATOR: altered::Counting = altered::Counting;

/// Each of the three files in turn, beside the other two as they are.
#[test]
fn altered_records_are_records_or_refused() {
    let files = ["hea", "dat", "atr"].map(|extension| {
        let path = Path::new(FOLDER).join("made_up").with_extension(extension);
        (extension, fs::read(path).expect("a reference"))
    });
    let folder = TempDir::new().expect("a folder");
    let record = folder.path().join("made_up");
    let write = |extension: &str, bytes: &[u8]| {
        fs::write(record.with_extension(extension), bytes).expect("written");
    };
    files
        .iter()
        .for_each(|(extension, bytes)| write(extension, bytes));
    for (extension, bytes) in &files {
        altered::check(&[bytes], |bytes| {
            write(extension, bytes);
            let record = Record::read(&record)?;
            let length = record.length();
            assert!(
                record
                    .signals
                    .iter()
                    .all(|signal| signal.samples.len() == length)
            );
            assert!(
                record
                    .annotations
                    .iter()
                    .all(|annotation| annotation.sample < length)
            );
            Ok(())
        });
        write(extension, bytes);
    }
}
