//! Surnames and nationalities: whose name is it (many to one), and a name for a nationality (one to many).
//!
//!     cargo run --release --example names
//!     cargo run --release --example names -- classify --name Müller --name Satoshi
//!     cargo run --release --example names -- write --nationality Irish --count 20
//!     cargo run --release --example names -- --seeds 5

mod classify;
mod data;
mod judge;
mod pictures;
mod seeds;
mod tutorial;
mod write;
mod writer;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use train::escaped;
use train::program::{self, Draw, Out, Outcome, Threads, at_least_one, up_to};

use crate::data::{Names, Parts};
use crate::judge::JudgeSettings;
use crate::writer::WriterSettings;

/// Learns whose surnames are whose, and to write some.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// classify: only whose name it is. write: only names for a nationality. Both if neither is given
    #[arg(value_enum, hide_possible_values = true)]
    what: Option<What>,
    /// Folder with a file NATIONALITY.txt for each nationality, a name on each line
    #[arg(long, value_name = "FOLDER", default_value = data::DEFAULT, hide_default_value = true)]
    data: PathBuf,
    /// Name to be judged, again for each; a few if none are given. What is believed after each letter of the first
    /// one is drawn
    #[arg(long)]
    name: Vec<String>,
    /// Nationality that names are written for, again for each; a few if none are given
    #[arg(long)]
    nationality: Vec<String>,
    /// Names to write for each
    #[arg(long, default_value_t = 8, value_parser = up_to(10_000))]
    count: usize,
    #[command(flatten)]
    draw: Draw,
    #[command(flatten)]
    judge: JudgeSettings,
    #[command(flatten)]
    writer: WriterSettings,
    /// Names that the tutorial's model is trained on, one by one; 0 to leave it out
    #[arg(long, default_value_t = tutorial::DRAWS)]
    tutorial: usize,
    /// Seed of split, parameters and all that is drawn
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Runs with so many seeds from --seed on, and their spread
    #[arg(long, default_value_t = 1, value_parser = at_least_one::<u64>)]
    seeds: u64,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    out: Out,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    Classify,
    Write,
}

/// What there is to learn from, with a seed.
struct Task<'a> {
    cli: &'a Cli,
    names: &'a Names,
    parts: &'a Parts,
    seed: u64,
}

fn main() -> ExitCode {
    program::run(|cli: Cli| cli.threads.install(|| run(&cli)))
}

fn run(cli: &Cli) -> Outcome {
    cli.out.check()?;
    let names = Names::read(&cli.data)?;
    check(cli, &names)?;
    let several = names.names.iter().filter(|(_, classes)| classes.len() > 1);
    println!(
        "{} lines of {} nationalities, {} different names, {} of them of several nationalities",
        names.lines,
        names.nationalities.len(),
        names.names.len(),
        several.count()
    );
    let mut figures = Vec::new();
    for seed in (cli.seed..).take(cli.seeds as usize) {
        let parts = &names.split(seed);
        println!(
            "\nseed {seed}: {} names to learn from, {} to tell when to stop, {} held out",
            parts.training.len(),
            parts.validation.len(),
            parts.test.len()
        );
        figures.push(learn(&Task {
            cli,
            names: &names,
            parts,
            seed,
        })?);
    }
    seeds::report(&figures);
    Ok(())
}

/// Learns to classify, and to write; gives the figures.
fn learn(task: &Task) -> Outcome<seeds::Figures> {
    let mut figures = seeds::Figures::new();
    let judge = match task.cli.what {
        Some(What::Write) => None,
        _ => Some(classify::learn(task, &mut figures)?),
    };
    if task.cli.what != Some(What::Classify) {
        write::learn(task, judge.as_ref(), &mut figures)?;
    }
    Ok(figures)
}

/// That names and nationalities of the command line are some, and there are names for each part, before anything is
/// trained.
fn check(cli: &Cli, names: &Names) -> Outcome {
    for name in &cli.name {
        if name.is_empty() {
            return Err("--name \"\": expected a name".into());
        }
        let encoded = names.alphabet.encode(name);
        encoded.map_err(|e| format!("--name {}: {e}", escaped(name)))?;
    }
    for text in &cli.nationality {
        names.nationality(text)?;
    }
    let Parts {
        training,
        validation,
        test,
    } = names.split(cli.seed);
    match [training, validation, test].iter().any(Vec::is_empty) {
        true => Err(format!(
            "--data {}: {} names are too few to be split",
            escaped(&cli.data),
            names.names.len()
        )
        .into()),
        false => Ok(()),
    }
}
