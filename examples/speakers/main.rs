//! Who speaks? (Many to one.) The data set "Japanese Vowels": nine men say two vowels, 7 to 29 steps of twelve
//! coefficients, and it is to be told who it was. Any other problem of classified time series in files `.ts` does as
//! well:
//!
//!     cargo run --release --example speakers
//!     cargo run --release --example speakers -- --train Handwriting_TRAIN.ts --test Handwriting_TEST.ts
//!     cargo run --release --example speakers -- --folds 5 --noise 0 --shift 0
//!
//! Published for Japanese Vowels: 94.1 % (Kudo, Toyama and Shimbo 1999, "Multidimensional curve classification using
//! passing-through regions"), and 96.2 % by a hidden Markov model of five states, which they compare with.

mod belief;
mod header;
mod model;
mod noise;
mod picture;
mod scale;
mod ts;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use train::escaped;
use train::prelude::*;
use train::program::{self, Out, Outcome, Threads, at_least_one, note};

use crate::belief::{Belief, hardest};
use crate::model::{Settings, together};
use crate::scale::Scale;
use crate::ts::Series;

/// Learns to tell whose utterance it is, or the class of any time series.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// Series to learn from, a .ts file; those of Japanese Vowels if none is given
    #[arg(long, value_name = "FILE")]
    train: Option<PathBuf>,
    /// Series to test with, a .ts file
    #[arg(
        long,
        value_name = "FILE",
        requires = "train",
        conflicts_with = "folds"
    )]
    test: Option<PathBuf>,
    /// Tests nothing, and judges the settings by cross-validation in so many folds on the series to learn from
    #[arg(long, value_name = "K", value_parser = program::up_to(100_000))]
    folds: Option<usize>,
    /// Series of the test that is drawn, counted from 1; the one that is recognised last if none is given
    #[arg(long, value_name = "NUMBER", value_parser = program::up_to(u64::MAX))]
    drawn: Option<usize>,
    #[command(flatten)]
    settings: Settings,
    /// The first seed of parameters, order and noise
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Models, each with a seed of its own
    #[arg(long, default_value_t = 5, value_parser = at_least_one::<u64>)]
    seeds: u64,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    out: Out,
}

impl Cli {
    fn each_seed(&self) -> impl Iterator<Item = u64> {
        (0..self.seeds).map(|i| self.seed.wrapping_add(i))
    }
}

/// See examples/data/README.md.
const TRAINING: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/examples/data/japanese-vowels/JapaneseVowels_TRAIN.ts"
);
const TEST: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/examples/data/japanese-vowels/JapaneseVowels_TEST.ts"
);

fn main() -> ExitCode {
    program::run(|cli: Cli| cli.threads.install(|| run(&cli)))
}

fn run(cli: &Cli) -> Outcome {
    cli.out.check()?;
    let (train, test) = match (&cli.train, &cli.test) {
        (Some(train), Some(test)) => (train.as_path(), test.as_path()),
        (Some(train), None) if cli.folds.is_some() => (train.as_path(), train.as_path()),
        (Some(_), None) => return Err("--train: expected --test FILE beside it, or --folds".into()),
        (None, _) => (Path::new(TRAINING), Path::new(TEST)),
    };
    let training = read("--train", train)?;
    introduce("learn from", &training);
    if let Some(folds) = cli.folds {
        return cross_validate(cli, &training, folds);
    }
    let numbered = read("--test", test)?.numbered_as(&training);
    let test = numbered.map_err(|e| format!("--test {}: {e}", escaped(test)))?;
    introduce("test with", &test);
    learn_and_test(cli, &training, &test)
}

/// Reads a file, and tells what is missing in it.
fn read(flag: &str, path: &Path) -> Outcome<Series> {
    let series = Series::read(path).map_err(|e| format!("{flag} {e}"))?;
    if series.missing > 0 {
        note(format_args!(
            "{}: {} values are missing, and taken to be those of the step before",
            escaped(path),
            series.missing
        ));
    }
    Ok(series)
}

fn introduce(what_for: &str, series: &Series) {
    let lengths = || series.samples.iter().map(|(x, _)| x.row_count());
    println!(
        "{} series to {what_for}: {} classes, {} dimensions, {} to {} steps",
        series.samples.len(),
        series.classes.len(),
        series.dimensions,
        lengths().min().unwrap_or(0),
        lengths().max().unwrap_or(0)
    );
}

/// Judges the settings without the test.
fn cross_validate(cli: &Cli, training: &Series, folds: usize) -> Outcome {
    let (samples, classes) = (&training.samples, training.classes.len());
    if !(2..=samples.len()).contains(&folds) {
        let most = samples.len();
        return Err(format!("--folds {folds}: expected 2 to {most}, as there are series").into());
    }
    let (mut accuracies, mut losses) = (Vec::new(), Vec::new());
    for seed in cli.each_seed() {
        let (accuracy, loss) = cli.settings.cross_validate(samples, classes, folds, seed)?;
        println!("seed {seed}: accuracy {accuracy:.4}, loss {loss:.4}");
        accuracies.push(accuracy);
        losses.push(loss);
    }
    println!();
    println!("result cross_validated {:.4}", Spread::of(accuracies).mean);
    println!("result cross_validated_loss {:.4}", Spread::of(losses).mean);
    Ok(())
}

/// Trains the models, tests each and all together, and draws.
fn learn_and_test(cli: &Cli, training: &Series, test: &Series) -> Outcome {
    let drawn = cli.drawn.unwrap_or(1);
    if drawn > test.samples.len() {
        let most = test.samples.len();
        return Err(format!("--drawn {drawn}: expected 1 to {most}, as there are series").into());
    }
    let scale = Scale::of(&training.samples);
    let classes = training.classes.len();
    let (samples, unseen) = (scale.apply(&training.samples), scale.apply(&test.samples));
    let (mut models, mut accuracies) = (Vec::new(), Vec::new());
    let mut confusion = Confusion::new(classes);
    for seed in cli.each_seed() {
        let start = Instant::now();
        let mut model = cli.settings.learn(&samples, classes, seed)?;
        if models.is_empty() {
            println!("\n{}\n", model.summary());
        }
        let scores = model.evaluate(&unseen)?;
        let accuracy = scores.measures.get("accuracy").unwrap_or(0.0);
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "seed {seed}: test accuracy {accuracy:.4}, loss {:.3}, {seconds:.1} s",
            scores.loss
        );
        scores
            .measures
            .confusion()
            .into_iter()
            .for_each(|c| confusion.add_all(c));
        accuracies.push(accuracy);
        models.push(model);
    }
    let (series, expected): (Vec<_>, Vec<_>) = unseen.iter().cloned().unzip();
    let found = together(&models, &series)?.view().row_argmax();
    let right = found.iter().zip(&expected).filter(|(a, b)| a == b).count();
    let right = right as f64 / expected.len() as f64;

    println!("\nAll models, in rows what is right, in columns what is said:\n{confusion}\n");
    let map = confusion.heat_map(&training.classes);
    println!("{}", cli.out.write("confusion.svg", map.svg())?);
    let shown = match cli.drawn {
        Some(number) => number - 1,
        None => hardest(&models[0], &unseen)?,
    };
    let belief = Belief::of(&models[0], &unseen[shown])?;
    let name = format!(
        "test series {}, of class {}",
        shown + 1,
        training.classes[belief.class]
    );
    let drawing = picture::draw(&belief, &name, &training.classes);
    println!("{}\n", cli.out.write("belief.svg", drawing)?);

    let accuracy = Spread::of(accuracies);
    println!(
        "{accuracy:.4} over {} seeds; all models together {right:.4}",
        cli.seeds
    );
    println!("result accuracy {:.4}", accuracy.mean);
    println!("result deviation {:.4}", accuracy.deviation);
    println!("result together {right:.4}");
    Ok(())
}
