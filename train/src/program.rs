//! What a command-line program around a training run needs: one line for what is wrong, threads, Ctrl-C, a
//! standard output that may be gone before the run is over, and settings that a checkpoint remembers.
//!
//! ```no_run
//! use clap::Parser;
//! use train::program::{self, Outcome, Threads};
//!
//! /// Counts words.
//! #[derive(Parser)]
//! struct Arguments {
//!     /// Words to learn
//!     #[arg(long, default_value_t = 1000, value_parser = program::at_least_one::<usize>)]
//!     words: usize,
//!     #[command(flatten)]
//!     threads: Threads,
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     program::run(|arguments: Arguments| arguments.threads.install(|| train(arguments.words)))
//! }
//!
//! fn train(words: usize) -> Outcome {
//!     Err(format!("--words {words}: the text has fewer").into()) // "error: --words …", and exit code 2
//! }
//! ```

mod draw;
mod numbers;
mod out;
mod report;
mod save;
mod settings;
mod signals;

use std::error::Error;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::panic;
use std::process::{self, ExitCode};

use clap::error::ErrorKind as Usage;
use clap::{Args, Parser};

use crate::{FitError, escaped};

pub use draw::Draw;
pub use numbers::{at_least_one, positive, probability, share, up_to};
pub use out::Out;
pub use report::Report;
pub use save::Save;
pub use settings::{Settings, check_settings};
pub use signals::interrupted;

/// What a program gives, or the one thing that is wrong.
pub type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Runs a program with its arguments. What is wrong is one line on standard error, and exit code 2; but where
/// whoever reads the standard output has seen enough (`| head -1`), the program ends quietly.
///
/// That holds for `println!` too, which panics where it cannot write.
pub fn run<A: Parser>(main: impl FnOnce(A) -> Outcome) -> ExitCode {
    end_with_the_output();
    let outcome = match A::try_parse() {
        Ok(arguments) => main(arguments),
        Err(error) => return refuse(&error),
    };
    let Err(error) = outcome else {
        return ExitCode::SUCCESS;
    };
    let of_output = match error.downcast_ref::<FitError>() {
        Some(FitError::Report(error)) => Some(error),
        _ => error.downcast_ref::<io::Error>(),
    };
    match of_output {
        Some(closed) if closed.kind() == ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Some(error) => note(format_args!(
            "error: cannot write to standard output: {error}"
        )),
        None => note(format_args!("error: {error}")),
    }
    ExitCode::from(2)
}

/// Makes the panic of a `println!` that cannot write the end of the program: quietly where the reader is gone.
fn end_with_the_output() {
    let others = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let failure = info.payload().downcast_ref::<String>();
        match failure.and_then(|text| text.strip_prefix("failed printing to stdout: ")) {
            Some(closed) if closed.starts_with("Broken pipe") => process::exit(0),
            Some(error) => {
                note(format_args!(
                    "error: cannot write to standard output: {error}"
                ));
                process::exit(2);
            }
            None => others(info),
        }
    }));
}

/// Help where it is asked for, or nothing was said; else one line.
fn refuse(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() || error.kind() == Usage::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
    }
    let text = error.to_string();
    let lines = text.lines().take_while(|line| !line.is_empty());
    let lines: Vec<_> = lines.map(|line| escaped(line.trim())).collect();
    note(lines.join(" "));
    ExitCode::from(2)
}

/// Writes a line about the arguments or the data to standard error. Nothing depends on it.
pub fn note(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// The flag `--threads`.
#[derive(Args, Clone, Copy, Debug)]
pub struct Threads {
    /// Threads to compute with; the results do not depend on it
    #[arg(long, value_parser = up_to(4096))]
    pub threads: Option<usize>,
}

impl Threads {
    /// Runs on a thread of a pool of so many, from where products are handed to the others at little cost.
    ///
    /// # Errors
    /// If there cannot be so many, or what it runs fails.
    pub fn install<R: Send>(self, run: impl FnOnce() -> Outcome<R> + Send) -> Outcome<R> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.threads.unwrap_or(0));
        let flag = self
            .threads
            .map_or(String::new(), |n| format!("--threads {n}: "));
        let pool = pool.build().map_err(|e| format!("{flag}{e}"))?;
        pool.install(run)
    }
}
