//! Standard output, which may be gone before the run is over.

use std::fmt::Display;
use std::io::{self, Write};

/// What is said of a run. A reader that has seen enough (`| head -1`) and a disk that is full end the run,
/// but not before what it has learned is saved: so a failure waits until it is asked for.
#[derive(Default)]
pub struct Report {
    failure: Option<io::Error>,
}

impl Report {
    /// Writes a line, if those before it could be written.
    pub fn say(&mut self, text: impl Display) {
        if self.failure.is_none() {
            self.failure = writeln!(io::stdout(), "{text}").err();
        }
    }

    /// The first failure, if there was one.
    pub fn check(&mut self) -> io::Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }
}

/// Writes a line about the arguments or the text to standard error. Nothing depends on it.
pub fn note(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}
