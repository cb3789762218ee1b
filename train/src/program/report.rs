//! [`Report`]: a standard output that may be gone before the run is over.

use std::fmt::Display;
use std::io::{self, Write};

/// What is said of a run. A reader that has seen enough (`| head -1`) and a disk that is full end the run,
/// but not before what it has learned is saved: so a failure waits until it is asked for.
#[derive(Debug, Default)]
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

    /// Gives the first failure, if there was one.
    ///
    /// # Errors
    /// If a line could not be written.
    pub fn check(&mut self) -> io::Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }
}
