//! What a character model has learnt of source code (the lecture's Linux, rows 15 and 16): samples before
//! training, after one epoch and at the end; how many of their brackets, quotes and comments match; and which of
//! its units keep track of them, drawn as coloured text.
//!
//! Without arguments it learns the Rust sources of this workspace's libraries.
//!
//!     cargo run --release --example source_code
//!     cargo run --release --example source_code -- --text linux/kernel linux/lib linux/mm --ext c,h --epochs 10
//!     cargo run --release --example source_code -- --load c.safetensors --text linux/kernel --ext c,h

mod syntax;
mod units;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use train::bits;
use train::prelude::*;
use train::program::{self, Draw, Out, Outcome, Save, Threads, at_least_one, note, positive};

use crate::syntax::{Matched, Syntax};
use crate::units::Tracked;

/// Shows what a character model has learnt of source code.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// Files or directories of source code; the sources of this workspace's libraries if none are given
    #[arg(long, num_args = 1..)]
    text: Vec<PathBuf>,
    /// Extensions of the files to read in directories, such as c,h
    #[arg(long, value_delimiter = ',')]
    ext: Vec<String>,
    /// Saved model to look at instead of training one, such as one of char_rnn
    #[arg(long, conflicts_with = "path")]
    load: Option<PathBuf>,
    /// Recurrent layers: rnn, lstm or gru
    #[arg(long, default_value = "lstm")]
    cell: CellKind,
    /// Units of a layer
    #[arg(long, default_value_t = 128, value_parser = at_least_one::<usize>)]
    hidden: usize,
    /// Recurrent layers
    #[arg(long, default_value_t = 1, value_parser = program::up_to(10))]
    layers: usize,
    /// Passes over the text; the learning rate falls to a twentieth over them
    #[arg(long, default_value_t = 10, value_parser = at_least_one::<u64>)]
    epochs: u64,
    /// Learning rate of Adam; a simple network wants a quarter of it
    #[arg(long, default_value_t = 8e-3, value_parser = positive)]
    lr: f64,
    /// Streams of text read side by side
    #[arg(long, default_value_t = 32, value_parser = at_least_one::<usize>)]
    batch: usize,
    /// Characters to sample each time
    #[arg(long, default_value_t = 10_000, value_parser = program::up_to(10_000_000))]
    length: usize,
    /// Characters held out that units are looked at on
    #[arg(long, default_value_t = 20_000, value_parser = program::up_to(10_000_000))]
    read: usize,
    #[command(flatten)]
    draw: Draw,
    #[command(flatten)]
    save: Save,
    #[command(flatten)]
    out: Out,
    #[command(flatten)]
    threads: Threads,
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Steps that gradients go back in time.
const STEPS: usize = 50;
/// Characters of a sample that are shown.
const SHOWN: usize = 400;

fn main() -> ExitCode {
    program::run(|cli: Cli| cli.threads.install(|| run(&cli)))
}

fn run(cli: &Cli) -> Outcome {
    cli.out.check()?;
    cli.save.check()?;
    let text = text(cli)?;
    let (model, untrained, parameters) = match &cli.load {
        Some(path) => {
            let (model, parameters) = TextModel::load(path)?;
            (model, None, parameters)
        }
        None => train(cli, &text)?,
    };
    let held_out: String = {
        let count = text.chars().count();
        let characters = text.chars().skip(count - count / 10);
        characters.take(cli.read).collect()
    };
    let symbols = model.vocabulary.encode(&held_out);
    let symbols = symbols.map_err(|e| format!("--text: {e}"))?;
    let syntax = Syntax::of(&held_out);
    let before = untrained.map(|p| units::track(&model, &p, &symbols, &syntax));
    let tracked = units::track(&model, &parameters, &symbols, &syntax);
    report_units(&tracked, before.as_deref());
    let page = units::page(&held_out, &syntax, &tracked);
    println!("{}", cli.out.write("units.html", page)?);
    Ok(())
}

fn text(cli: &Cli) -> Outcome<String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = ["autograd", "autograd/pictures", "layers", "train"];
    let own = own.map(|name| workspace.join(name).join("src"));
    let corpus = match cli.text.is_empty() {
        true => read_text(&own, &["rs".into()])?,
        false => read_text(&cli.text, &cli.ext)?,
    };
    corpus.skipped.iter().for_each(note);
    Ok(corpus.text)
}

/// A model, with its parameters before and after.
fn train(cli: &Cli, text: &str) -> Outcome<(TextModel, Option<ParameterSet>, ParameterSet)> {
    let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(cli.seed));
    let vocabulary = Vocabulary::new(text);
    let model = TextModel::new(
        &mut set, vocabulary, cli.cell, cli.hidden, cli.layers, &mut rng,
    );
    let model = model.map_err(|e| format!("--hidden and --layers: {e}"))?;
    let symbols = model.vocabulary.encode(text)?;
    let streams = model.streams(&symbols, cli.batch, STEPS, 2);
    let (mut training, mut validation) = streams.map_err(|e| format!("--text and --batch: {e}"))?;
    println!(
        "{} characters, {} different; {} x {} {}, {} parameters",
        symbols.len(),
        model.vocabulary.len(),
        cli.layers,
        cli.hidden,
        cli.cell,
        set.element_count()
    );
    let untrained = set.clone();
    println!("in the text itself: {}", Syntax::of(text).matched);
    show_sample(cli, &model, &set, "before training")?;

    let mut trainer = Trainer::new(set, Adam::new(cli.lr)).clip(5.0);
    let steps = cli.epochs.saturating_mul(training.windows().len() as u64);
    let (key, metadata) = model.metadata();
    let fit = Fit::new(cli.epochs)
        .seed(cli.seed)
        .keep_best()
        .schedule(Schedule::cosine(steps, 0.05))
        .stop_when(program::interrupted()?)
        .metadata(key, metadata)
        .describe(|report| {
            let loss = report.scores().loss;
            format!(
                "epoch {:2}: {loss:.4} nats = {:.3} bits per character held out",
                report.epoch,
                bits(loss)
            )
        })
        .on_epoch(|report, trainer| {
            // Whether the standard output is gone, the next line of the run will tell.
            report.epoch != 1
                || show_sample(cli, &model, trainer.parameters(), "after epoch 1").is_ok()
        });
    let mut fit = cli.save.of(fit);
    fit.run_and_validate(
        &mut trainer,
        &mut training,
        &mut validation,
        |p, stretch, _| model.loss(p, stretch),
    )?;
    let best = fit
        .history()
        .epochs
        .iter()
        .map(|report| report.scores().loss);
    let best = bits(best.fold(f64::INFINITY, f64::min));
    drop(fit);
    let matched = show_sample(cli, &model, trainer.parameters(), "at the end")?;
    println!("result bits {best:.3}");
    if let Some(share) = matched.brackets.share() {
        println!("result brackets {share:.3}");
    }
    Ok((model, Some(untrained), trainer.parameters().clone()))
}

/// Samples, shows the beginning, and what of it matches.
fn show_sample(
    cli: &Cli,
    model: &TextModel,
    parameters: &ParameterSet,
    when: &str,
) -> Outcome<Matched> {
    let mut rng = ChaCha8Rng::seed_from_u64(cli.seed);
    let prime = model.default_prime();
    let written = model.write(parameters, prime, cli.draw.sampling(), &mut rng)?;
    let sample = written.take(cli.length).collect::<Result<String, _>>()?;
    let matched = Syntax::of(&sample).matched;
    let shown: String = sample.chars().take(SHOWN).collect();
    println!(
        "\n--- {when} ---\n{}\n---\nof {} characters: {matched}\n",
        shown.trim(),
        cli.length
    );
    Ok(matched)
}

fn report_units(tracked: &[Tracked], before: Option<&[Tracked]>) {
    println!("\nwhat a unit tracks   the best unit, correlation  (in the untrained model)");
    for unit in tracked {
        let mut before = before.into_iter().flatten();
        let before = before.find(|other| other.what == unit.what);
        let before = before.map_or(String::from("-"), |other| {
            format!("{:.2}", other.correlation.abs())
        });
        println!(
            "{:20} {:16} {:+.2}       ({before})",
            unit.what.name(),
            unit.name,
            unit.correlation
        );
        println!("result {} {:.3}", unit.what.key(), unit.correlation.abs());
    }
}
