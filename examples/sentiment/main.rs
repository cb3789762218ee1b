//! The sentiment of a text (rows 1 and 7 of the lecture, many to one): is a review positive or negative, and which of
//! its words say so?
//!
//! Without arguments it learns reviews that a grammar makes up. Real ones are a file of positive and one of negative
//! reviews, one on each line, such as those of Pang and Lee (2005), on which published figures are means over ten folds:
//!
//!     cargo run --release --example sentiment
//!     cargo run --release --example sentiment -- --judge "The plot is not dull, but the ending is far from clever."
//!     cargo run --release --example sentiment -- --data rt-polarity.pos rt-polarity.neg --run-folds 10 --networks 4 --epochs 2
//!     cargo run --release --example sentiment -- --data rt-polarity.pos rt-polarity.neg --epochs 2 --save judge.safetensors
//!     cargo run --release --example sentiment -- --load judge.safetensors --judge "A film that is never less than funny."

mod bayes;
mod figures;
mod judge;
mod made_up;
mod reader;
mod reviews;
mod saved;
mod settings;
mod shown;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use train::prelude::*;
use train::program::{self, Out, Outcome, Threads, at_least_one, up_to};

use crate::judge::Judge;
use crate::reviews::{NEGATIVE, POSITIVE, Reviews, Sample, samples, words};
use crate::settings::ReaderSettings;
use crate::shown::Asked;

/// The share of what is learned from that tells when to stop.
const VALIDATION: f64 = 0.1;

/// Learns to tell positive reviews from negative ones, and which words say so.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// File of positive and file of negative reviews, one on each line; or a folder with a file *.pos and a file *.neg
    #[arg(long, num_args = 1..=2, value_names = ["POS", "NEG"])]
    data: Vec<PathBuf>,
    /// Reviews to make up where no data are given
    #[arg(long, default_value_t = 3000, value_parser = up_to(1_000_000))]
    reviews: usize,
    /// Parts of the reviews, each of which can be held out
    #[arg(long, default_value_t = 10, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(2..=1000))]
    folds: usize,
    /// Parts that are held out one after the other; the first one's model is what is saved, and judges
    #[arg(long, default_value_t = 1, value_parser = at_least_one::<usize>)]
    run_folds: usize,
    #[command(flatten)]
    reader: ReaderSettings,
    /// Text to be judged, again for each; some are chosen if none is given. The first one is drawn
    #[arg(long, value_name = "TEXT")]
    judge: Vec<String>,
    /// File to save the model to; what is there is replaced if it is a saved model
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Replaces any file with --save
    #[arg(long, requires = "save")]
    force: bool,
    /// Saved model that judges; nothing is learned
    #[arg(long, value_name = "FILE", requires = "judge", conflicts_with_all = ["data", "save"])]
    load: Option<PathBuf>,
    /// Seed of reviews, folds, parameters and all that is drawn
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    out: Out,
}

impl Cli {
    fn replaced(&self) -> Replace {
        match self.force {
            true => Replace::AnyFile,
            false => Replace::Checkpoint,
        }
    }
}

fn main() -> ExitCode {
    program::run(|cli: Cli| cli.threads.install(|| run(&cli)))
}

fn run(cli: &Cli) -> Outcome {
    cli.out.check()?;
    let asked = asked(&cli.judge)?;
    if let Some(path) = &cli.load {
        return shown::show(&Judge::load(path)?, TITLE, &asked, &cli.out);
    }
    if let Some(path) = &cli.save {
        let replaced = cli.replaced().check(path);
        replaced.map_err(|e| format!("--save: {e}"))?;
    }
    if cli.run_folds > cli.folds {
        let (run, folds) = (cli.run_folds, cli.folds);
        return Err(format!("--run-folds {run}: there are {folds} folds").into());
    }
    let reviews = match cli.data.is_empty() {
        true => Reviews::of(made_up::reviews(cli.reviews, cli.seed)),
        false => Reviews::read(&cli.data)?,
    };
    introduce(&reviews);
    let mut folds = Vec::new();
    for (fold, (others, test)) in (1..=cli.run_folds).zip(reviews.folds(cli.folds, cli.seed)?) {
        let (training, validation) = split_at_random(others.to_vec(), VALIDATION, cli.seed);
        let [others, training, validation] =
            [samples(&others), samples(&training), samples(&validation)];
        let test = samples(&test);
        let (learned, chosen, held_out) = (training.len(), validation.len(), test.len());
        println!(
            "\nfold {fold}: {learned} reviews to learn from, {chosen} to tell when to stop, {held_out} held out"
        );
        let judge = Judge::train(&cli.reader, &training, &validation, cli.seed)?;
        let figures = figures::figures(&judge, &others, &test);
        figures::print(fold, &figures);
        if folds.is_empty() {
            first(cli, &judge, &asked, &test)?;
        }
        folds.push(figures);
    }
    let chart = figures::report(&folds);
    println!("{}", cli.out.write("accuracy.svg", chart.svg())?);
    Ok(())
}

/// The title of the page.
const TITLE: &str = "Which words speak for positive (blue) and for negative (orange)";

/// The texts of --judge, word by word.
fn asked(texts: &[impl AsRef<str>]) -> Outcome<Vec<Asked>> {
    let asked = |text: &_| match words(AsRef::as_ref(text)) {
        words if words.is_empty() => Err("--judge: expected a text with words".into()),
        words => Ok(Asked {
            words,
            known: String::new(),
        }),
    };
    texts.iter().map(asked).collect()
}

fn introduce(reviews: &Reviews) {
    let (counts, again) = reviews.counts();
    println!(
        "{} positive and {} negative reviews; {again} are the same as one before, and on the same side",
        counts[POSITIVE], counts[NEGATIVE]
    );
    let mut lengths: Vec<_> = reviews.0.iter().map(|review| review.words.len()).collect();
    lengths.sort_unstable();
    let (middle, last) = (lengths[lengths.len() / 2], lengths[lengths.len() - 1]);
    println!("of {} to {last} words, {middle} in the middle", lengths[0]);
}

/// What the first fold's model is for.
fn first(cli: &Cli, judge: &Judge, asked: &[Asked], test: &[Sample]) -> Outcome {
    println!("naive Bayes counts {:.2} beside the networks", judge.weight);
    if let Some(path) = &cli.save {
        judge.save(path, cli.replaced())?;
    }
    let (some, telling) = (self::asked(&made_up::TEXTS)?, shown::telling(judge, test));
    let asked = match asked {
        [] if cli.data.is_empty() => &some,
        [] => &telling,
        _ => asked,
    };
    shown::show(judge, TITLE, asked, &cli.out)
}
