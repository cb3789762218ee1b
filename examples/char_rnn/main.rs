//! A recurrent network that learns to write text, one character at a time.
//!
//! Without arguments it learns this workspace's own Rust sources, and shows what the lecture
//! shows: text sampled from the untrained network, after the first epoch, and at the end.
//!
//!     cargo run --release --example char_rnn
//!     cargo run --release --example char_rnn -- --text corpus/ --ext c,h --cell gru --save gru.safetensors
//!     cargo run --release --example char_rnn -- sample --load gru.safetensors --prime "static int"

mod model;
mod settings;
mod training;

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use layers::Sampling;
use rand::{SeedableRng, rngs::ChaCha8Rng};
use train::Checkpoint;

use crate::model::Model;
use crate::settings::{Cli, Command, SampleArgs};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(help) if !help.use_stderr() => help.exit(),
        Err(error) => {
            let text = error.to_string();
            eprintln!(
                "{}",
                text.lines().next().unwrap_or("error: wrong arguments")
            );
            return ExitCode::from(2);
        }
    };
    let outcome = match cli.command {
        Some(Command::Sample(args)) => write_sample(&args),
        None => in_pool(cli.train.threads, || training::train(&cli.train)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Runs on a thread of the pool, from where products are handed to the others at little cost.
fn in_pool(threads: Option<usize>, run: impl FnOnce() -> Outcome<()> + Send) -> Outcome<()> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0))
        .build()?;
    pool.install(run)
}

fn write_sample(args: &SampleArgs) -> Outcome<()> {
    let checkpoint = Checkpoint::load(&args.load)?;
    let (model, mut parameters, _) = Model::from_checkpoint(&checkpoint, &args.load)?;
    let restored = checkpoint.restore(&mut parameters);
    restored.map_err(|e| format!("{}: {e}", args.load.display()))?;
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
    let sampling = Sampling {
        temperature: args.temperature,
        top_k: args.top_k,
        top_p: args.top_p,
    };
    let text = model.write(&parameters, &args.prime, args.length, sampling, &mut rng)?;
    let mut out = std::io::stdout().lock();
    write!(out, "{}{text}", args.prime)?;
    if out.is_terminal() {
        writeln!(out)?;
    }
    Ok(())
}
