//! A recurrent network that learns to write text, one character or word at a time.
//!
//! Without arguments it learns this workspace's own Rust sources, and shows what the lecture
//! shows: text sampled from the untrained network, after the first epoch, and at the end.
//!
//!     cargo run --release --example char_rnn
//!     cargo run --release --example char_rnn -- --text corpus/ --ext c,h --cell gru --save gru.safetensors
//!     cargo run --release --example char_rnn -- sample --load gru.safetensors --prime "static int"

mod model;
mod report;
mod settings;
mod training;

use std::error::Error;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use clap::error::ErrorKind as Usage;
use layers::Sampling;
use rand::{SeedableRng, rngs::ChaCha8Rng};
use train::{Checkpoint, escaped};

use crate::model::Model;
use crate::report::note;
use crate::settings::{Cli, Command, SampleArgs};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let outcome = match cli.command {
        Some(Command::Sample(args)) => write_sample(&args),
        None => in_pool(cli.train.threads, || training::train(&cli.train)),
    };
    let Err(error) = outcome else {
        return ExitCode::SUCCESS;
    };
    match error.downcast_ref::<io::Error>() {
        Some(closed) if closed.kind() == ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Some(error) => note(format_args!(
            "error: cannot write to standard output: {error}"
        )),
        None => note(format_args!("error: {error}")),
    }
    ExitCode::from(2)
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

/// Runs on a thread of the pool, from where products are handed to the others at little cost.
fn in_pool(threads: Option<usize>, run: impl FnOnce() -> Outcome<()> + Send) -> Outcome<()> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0));
    let flag = threads.map_or(String::new(), |n| format!("--threads {n}: "));
    let pool = pool.build().map_err(|e| format!("{flag}{e}"))?;
    pool.install(run)
}

fn write_sample(args: &SampleArgs) -> Outcome<()> {
    let checkpoint = Checkpoint::load(&args.load)?;
    let (model, mut parameters) = Model::from_checkpoint(&checkpoint, &args.load)?;
    checkpoint.restore(&mut parameters)?;
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
    let sampling = Sampling {
        temperature: args.temperature,
        top_k: args.top_k,
        top_p: args.top_p,
    };
    let prime = args.prime.clone().unwrap_or_else(|| model.default_prime());
    let text = model.write(&parameters, &prime, sampling, &mut rng);
    let text = text.map_err(|e| format!("--prime: {e}"))?;
    let mut out = io::stdout().lock();
    write!(out, "{prime}")?;
    for symbol in text.take(args.length) {
        write!(out, "{}", symbol?)?;
    }
    if out.is_terminal() {
        writeln!(out)?;
    }
    Ok(out.flush()?)
}
