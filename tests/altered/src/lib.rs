//! Files altered at random, and what no reader may do with them, for the tests of all that reads files.
//!
//! ```
//! # fn main() {
//! use std::str::from_utf8;
//!
//! let read = |bytes: &[u8]| -> Result<u32, String> {
//!     let text = from_utf8(bytes).map_err(|e| e.to_string())?;
//!     text.trim().parse().map_err(|e| format!("{e}"))
//! };
//! altered::check(&[b"2026\n"], |bytes| read(bytes).map(drop));
//! # }
//! ```
//!
//! How many inputs there are is told by the environment variable `ALTERED`; if it is not, there are 3,000. What fails is shrunk to few and
//! small alterations.

mod alteration;
mod counting;

use std::panic::Location;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};

pub use alteration::{Alteration, altered};
pub use counting::{Counting, Memory, memory};

/// How many inputs there are, unless told otherwise.
const CASES: u32 = 3_000;
/// Alterations of one input.
const MOST: usize = 6;
/// What is longer is no line that somebody reads.
const LINE: usize = 1000;
/// What takes longer does not end.
const LONGEST: Duration = Duration::from_secs(10);

/// Hands altered files to a reader, which gives what it makes of each, or an error of one line.
///
/// Memory is only looked at where [`Counting`] is the allocator.
///
/// # Panics
/// If a file makes it panic, allocate more than ten times what the file has (or twenty times, all together), or find no
/// end; or if its error is empty, has more than one line or has characters in it that a terminal would act on.
#[track_caller]
pub fn check(files: &[&[u8]], read: impl Fn(&[u8]) -> Result<(), String>) {
    assert!(!files.is_empty(), "files to alter");
    let cases = std::env::var("ALTERED").ok();
    let config = Config {
        cases: cases.map_or(CASES, |cases| {
            cases.parse().expect("ALTERED: a number of inputs")
        }),
        failure_persistence: None,
        ..Config::default()
    };
    let alterations = (
        0..files.len(),
        prop::collection::vec(alteration::strategy(), 0..=MOST),
    );
    let outcome = TestRunner::new(config).run(&alterations, |(file, alterations)| {
        let bytes = altered(files[file], &alterations, files);
        let start = Instant::now();
        let (outcome, memory) = counting::memory(|| read(&bytes));
        prop_assert!(
            memory.is_little(bytes.len()),
            "{memory:?} for {} bytes of a file",
            bytes.len()
        );
        prop_assert!(start.elapsed() < LONGEST, "it took {:?}", start.elapsed());
        if let Err(message) = outcome {
            prop_assert!(is_line(&message), "{message:?} is no line");
        }
        Ok(())
    });
    let caller = Location::caller();
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, (file, alterations))) => {
            let bytes = altered(files[file], &alterations, files);
            let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(2000)]);
            panic!("{caller}: {why}\nfile {file}, {alterations:?}: {shown:?}")
        }
        Err(error) => panic!("{caller}: {error}"),
    }
}

/// Whether a message is what one can read on a terminal: not empty, of one line, not endless, and nothing hidden in it.
pub fn is_line(message: &str) -> bool {
    (1..LINE).contains(&message.chars().count()) && !message.chars().any(is_hidden)
}

/// What breaks a line, commands a terminal or turns the direction of writing.
fn is_hidden(c: char) -> bool {
    let moves = matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || moves
}
