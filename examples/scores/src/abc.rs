//! ABC notation: tunes as text, after the standard 2.1 (<https://abcnotation.com/wiki/abc:standard:v2.1>).
//!
//! ```
//! use scores::abc;
//!
//! let book = abc::read("X:1\nT:Scale\nM:4/4\nL:1/4\nK:G\nDEFG|ABcd|]\n");
//! let [tune] = &book.tunes[..] else { panic!() };
//! assert_eq!(tune.events[2].pitches, [66]); // F sharp
//! assert_eq!(abc::read(&abc::write(tune)).tunes, book.tunes);
//! ```

mod book;
mod fields;
mod files;
mod symbols;
mod voice;
mod write;

pub use book::{Skipped, Tunebook, read};
pub use files::{FileError, read_files};
pub use write::write;

/// The text of a file: UTF-8, or Latin-1, which many older collections are in.
pub fn decode(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}
