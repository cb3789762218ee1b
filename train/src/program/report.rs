//! [`Report`]: a standard output that may be gone before the run is over.

use std::fmt::Display;
use std::io::{self, Write};

use super::note;
use crate::Ranks;

/// What is said of a run. A reader that has seen enough (`| head -1`) and a disk that is full end the run,
/// but not before what it has learned is saved: so a failure waits until it is asked for.
#[derive(Debug, Default)]
pub struct Report {
    is_silent: bool,
    failure: Option<io::Error>,
}

impl Report {
    /// That of a program on several ranks: the first says it for all.
    pub fn of(ranks: &Ranks) -> Self {
        Report {
            is_silent: !ranks.is_first(),
            failure: None,
        }
    }

    /// Writes a line, if those before it could be written.
    pub fn say(&mut self, text: impl Display) {
        if self.failure.is_none() && !self.is_silent {
            self.failure = writeln!(io::stdout(), "{text}").err();
        }
    }

    /// Writes a line to standard error, see [`note`].
    pub fn note(&self, text: impl Display) {
        if !self.is_silent {
            note(text);
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
