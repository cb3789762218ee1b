//! Books of tunes altered at random: tunes, and of what is none what is wrong with it, on one line.
#![allow(missing_docs)]

use scores::{abc, midi};

#[global_allocator]
static ALLOCATOR: altered::Counting = altered::Counting;

const EVERYTHING: &[u8] = include_bytes!("everything.abc");
const MANY: &[u8] = include_bytes!("../../data/nottingham/slip.abc");

#[test]
fn altered_books_are_read() {
    altered::check(&[EVERYTHING, MANY], |bytes| {
        let book = abc::read(&abc::decode(bytes));
        for tune in &book.tunes {
            midi(tune, 120);
            tune.complete_bars();
        }
        match book.skipped.first() {
            Some(skipped) => Err(skipped.to_string()),
            None => Ok(()),
        }
    });
}
