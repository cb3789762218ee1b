//! A recurrent network that learns to write text, one character or word at a time.
//!
//! Without arguments it learns this workspace's own Rust sources, and shows what the lecture
//! shows: text sampled from the untrained network, after the first epoch, and at the end.
//!
//!     cargo run --release --example char_rnn
//!     cargo run --release --example char_rnn -- --text corpus/ --ext c,h --cell gru --save gru.safetensors
//!     cargo run --release --example char_rnn -- sample --load gru.safetensors --prime "static int"

mod settings;
mod training;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rand::{SeedableRng, rngs::ChaCha8Rng};
use train::TextModel;
use train::program::{self, Outcome};

use crate::settings::{SampleArgs, TrainArgs};

/// Trains a character model on text, and samples from it.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    train: TrainArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Writes text with a model that was saved
    Sample(SampleArgs),
}

fn main() -> ExitCode {
    program::run(|cli: Cli| match cli.command {
        Some(Command::Sample(args)) => write_sample(&args),
        None => cli.train.threads.install(|| training::train(&cli.train)),
    })
}

fn write_sample(args: &SampleArgs) -> Outcome {
    let (mut model, parameters) = TextModel::load(&args.load)?;
    if args.bf16 {
        model = model.with_rounded_weights();
    }
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
    let prime = args.prime.as_deref().unwrap_or(model.default_prime());
    let text = model.write(&parameters, prime, args.draw.sampling(), &mut rng);
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
