//! Handwriting (row 17 of the lecture): a network foresees where the pen goes next, as a mixture of Gaussians, and what
//! it foresees is drawn, read, and so on (Graves 2013, *Generating sequences with recurrent neural networks*, section 4).
//!
//!     cargo run --release --example handwriting
//!     cargo run --release --example handwriting -- --script kanji
//!     cargo run --release --example handwriting -- --start "[[0,0,0],[0,200,1],[-60,-120,0],[120,0,1]]"
//!     cargo run --release --example handwriting -- --data omniglot.train.jsonl.gz --valid omniglot.valid.jsonl.gz \
//!         --test omniglot.test.jsonl.gz --epochs 4

mod baseline;
mod corpus;
mod density;
mod pictures;
mod scale;
mod show;
mod strokes;
mod writer;

use std::process::ExitCode;

use ::pictures::BarChart;
use clap::Parser;
use train::prelude::*;
use train::program::{self, Out, Outcome, Threads, at_least_one, note, positive, up_to};

use crate::baseline::Unconditional;
use crate::corpus::{Corpus, CorpusFiles};
use crate::density::steps;
use crate::scale::Scale;
use crate::show::Scribe;
use crate::strokes::Character;
use crate::writer::Writer;

/// Characters of a mini-batch, and its parts that are computed side by side.
const BATCH: usize = 32;
const PARTS: usize = 2;
/// Offsets of more standard deviations than this are told.
const FAR: f64 = 50.0;

/// Learns to write characters, stroke by stroke.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    files: CorpusFiles,
    /// Gaussians of the mixtures to compare; the first one writes
    #[arg(long, value_delimiter = ',', default_value = "20,5,1", value_parser = up_to(1000))]
    mixtures: Vec<usize>,
    /// Biases to write with: from 0, as the model foresees it, to larger ones, which are neater
    #[arg(long, value_delimiter = ',', default_value = "0,0.5,1,2", allow_negative_numbers = true, value_parser = bias)]
    biases: Vec<f64>,
    /// Points that a character begins with, as a line of the data; else the first strokes of some test characters
    #[arg(long, value_name = "JSON", value_parser = strokes::character)]
    start: Option<Character>,
    /// Units of a layer
    #[arg(long, default_value_t = 128, value_parser = up_to(10_000))]
    hidden: usize,
    /// LSTMs on top of each other
    #[arg(long, default_value_t = 1, value_parser = up_to(100))]
    layers: usize,
    /// Passes over the characters
    #[arg(long, default_value_t = 10, value_parser = at_least_one::<u64>)]
    epochs: u64,
    /// Learning rate of Adam at the beginning; it falls to a twentieth
    #[arg(long, default_value_t = 1e-2, allow_negative_numbers = true, value_parser = positive)]
    lr: f64,
    /// Seed of everything random
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

fn main() -> ExitCode {
    program::run(|cli: Cli| cli.threads.install(|| run(&cli)))
}

/// A number from 0 on.
fn bias(text: &str) -> Result<f64, String> {
    let number = text
        .parse()
        .ok()
        .filter(|b: &f64| b.is_finite() && *b >= 0.0);
    number.ok_or_else(|| "expected a number from 0 on".into())
}

/// Characters as a network reads them.
struct Points {
    training: Vec<Matrix<f32>>,
    validation: Vec<Matrix<f32>>,
    test: Vec<Matrix<f32>>,
}

fn run(cli: &Cli) -> Outcome {
    cli.out.check()?;
    let corpus = Corpus::read(&cli.files, cli.seed)?;
    let scale = Scale::of(&corpus.training).ok_or("--data: expected offsets other than 0")?;
    introduce(&corpus, &scale);
    let mut runs = Vec::new();
    let mut writer = None;
    for seed in cli.seed..cli.seed.saturating_add(cli.seeds) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut points = |characters: &[Character]| scale.all(characters, &mut rng);
        let points = Points {
            test: points(&corpus.test),
            validation: points(&corpus.validation),
            training: points(&corpus.training),
        };
        let mut nats = vec![Unconditional::fit(&points.training).nats(&points.test)];
        for &components in &cli.mixtures {
            let (trained, scores) = train(cli, components, &points, seed)?;
            nats.push(scores.loss);
            writer.get_or_insert(trained);
        }
        runs.push(nats);
    }
    let nats = report(cli, &scale, &runs)?;
    let writer = writer.ok_or("--mixtures: expected one at least")?;
    let scribe = Scribe::new(&writer, &scale, &corpus.test, cli.seed);
    let ended = scribe.show(&cli.biases, cli.start.as_ref(), &cli.out)?;
    println!("result nats_unconditional {:.4}", nats[0]);
    for (components, nats) in cli.mixtures.iter().zip(&nats[1..]) {
        println!("result nats_{components} {nats:.4}");
    }
    println!("result ended {ended:.3}");
    Ok(())
}

fn introduce(corpus: &Corpus, scale: &Scale) {
    let Corpus {
        training,
        validation,
        test,
    } = corpus;
    println!(
        "{} characters to learn from, {} to tell the best epoch by, {} to be judged by",
        training.len(),
        validation.len(),
        test.len()
    );
    println!(
        "offsets are divided by their standard deviation, {:.2}",
        scale.sigma
    );
    match scale.is_whole {
        true => println!("they are whole numbers: noise from -0.5 to 0.5 is added before"),
        false => println!("they are not whole numbers: no noise is added"),
    }
    let all = [training, validation, test].map(|part| scale.largest(part));
    let largest = all.into_iter().fold(0.0, f64::max);
    if largest > FAR {
        note(format_args!(
            "an offset is {largest:.0} standard deviations: is it one?"
        ));
    }
}

/// A writer with a mixture of so many, and its scores on the test part.
fn train(cli: &Cli, components: usize, points: &Points, seed: u64) -> Outcome<(Writer, Scores)> {
    let mut writer = Writer::new(components, cli.hidden, cli.layers, seed);
    println!(
        "\n{}, seed {seed}: {} parameters",
        of(components),
        writer.size()
    );
    let line = |report: &EpochReport| {
        format!(
            "epoch {:2}: {:7.3} nats per step, validation {:7.3}, {:.1} s",
            report.epoch,
            report.training.loss,
            report.scores().loss,
            report.seconds
        )
    };
    let mini_batches = |part| samples(part, seed);
    let (mut training, mut validation) = (
        mini_batches(&points.training),
        mini_batches(&points.validation),
    );
    let steps = cli
        .epochs
        .saturating_mul(points.training.len().div_ceil(BATCH) as u64);
    let fit = Fit::new(cli.epochs)
        .seed(seed)
        .keep_best()
        .schedule(Schedule::cosine(steps, 0.05))
        .describe(line);
    let parts = [
        &mut training,
        &mut validation,
        &mut mini_batches(&points.test),
    ];
    let scores = writer.train(fit, cli.lr, parts)?;
    let ends = scores.measures.get("ends").unwrap_or(f64::NAN);
    println!(
        "test: {:.3} nats per step, {ends:.3} of them for where a character ends",
        scores.loss
    );
    Ok((writer, scores))
}

fn of(components: usize) -> String {
    match components {
        1 => "one Gaussian".into(),
        n => format!("mixture of {n}"),
    }
}

fn samples(points: &[Matrix<f32>], seed: u64) -> Samples<&[Matrix<f32>]> {
    Samples::new(points, BATCH)
        .shuffled(seed)
        .in_parts(PARTS)
        .sorted_by_length(20, |character| character.row_count())
        .weighed_by(|character| steps(character))
}

/// The figures: nats per step of the test part, as a mean over the seeds.
fn report(cli: &Cli, scale: &Scale, runs: &[Vec<f64>]) -> Outcome<Vec<f64>> {
    let names: Vec<_> = ["no network".into()]
        .into_iter()
        .chain(cli.mixtures.iter().map(|&k| of(k)))
        .collect();
    println!("\nnats per step on the test part: offset, pen, and whether the character ends");
    println!(
        "                  offsets / {:<8.2} in units of the file",
        scale.sigma
    );
    let (mut means, mut in_units) = (Vec::new(), Vec::new());
    for (i, name) in names.iter().enumerate() {
        let Spread {
            mean, deviation, ..
        } = Spread::of(runs.iter().map(|run| run[i]));
        let spread = if runs.len() > 1 {
            format!(" ± {deviation:.3}")
        } else {
            String::new()
        };
        println!(
            "{name:16} {mean:10.3}{spread:8}   {:8.3}",
            mean + scale.nats_of_unit()
        );
        means.push(mean);
        in_units.push(mean + scale.nats_of_unit());
    }
    let mut chart = BarChart::new(
        "nats to foresee a point, in units of the file",
        &["test part"],
    );
    for (name, nats) in names.iter().zip(in_units) {
        chart = chart.bars(name, &[nats]);
    }
    println!("{}", cli.out.write("nats.svg", chart.svg())?);
    Ok(means)
}
