//! Mini-batches of sequences of unequal length: zeros appended, sorted by length, in buckets, packed. What each of
//! them computes and how long an epoch takes, for names, sentences and scores; and that packed and padded train
//! alike, step by step.
//!
//!     cargo run --release --example batching
//!     cargo run --release --example batching -- --data rt-polarity.pos rt-polarity.neg

mod compare;
mod lengths;
mod model;
mod pictures;
mod ways;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use train::prelude::*;
use train::program::{self, Out, Outcome, Threads, at_least_one};

use crate::compare::{Cost, compare, costs};
use crate::lengths::Kind;
use crate::model::{Rows, Sample, sample};
use crate::pictures::{Row, slide};
use crate::ways::WAYS;

/// Compares ways to make mini-batches of sequences of unequal length.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// Files with a sentence on each line, for the lengths of sentences; drawn from a distribution if none are given
    #[arg(long, num_args = 1.., value_name = "FILE")]
    data: Vec<PathBuf>,
    /// Names and sentences to train on; scores are an eighth as many
    #[arg(long, default_value_t = 2000, value_parser = at_least_one::<usize>)]
    samples: usize,
    /// Epochs of each way, of which the fastest counts
    #[arg(long, default_value_t = 6, value_parser = at_least_one::<u64>)]
    epochs: u64,
    /// Seed of lengths, samples and parameters
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    out: Out,
}

fn main() -> ExitCode {
    program::run(|cli: Cli| cli.threads.install(|| run(&cli)))
}

fn run(cli: &Cli) -> Outcome {
    cli.out.check()?;
    let mut rng = ChaCha8Rng::seed_from_u64(cli.seed);
    let kinds = Kind::all(&cli.data, cli.samples, &mut rng)?;
    let mut all = Vec::new();
    for kind in &kinds {
        println!("{}", described(kind));
        let data = samples::<f64>(kind, cli.seed);
        let difference = compare(&data[..data.len().min(1000)], cli.seed)?;
        println!(
            "  padded and packed over {} steps: losses differ by {:.0e} at most, gradients by {:.0e}, relative",
            difference.steps, difference.loss, difference.gradient
        );
        let costs = costs(&samples(kind, cli.seed), cli.epochs, cli.seed)?;
        print!("{}", table(kind, &costs));
        println!(
            "result difference_{} {:e}",
            kind.name,
            difference.loss.max(difference.gradient)
        );
        all.push(costs);
    }
    draw(cli, &kinds, &all)?;
    for (kind, costs) in kinds.iter().zip(&all) {
        let packed = costs[WAYS.len() - 1];
        println!(
            "result saved_{} {:.3}",
            kind.name,
            1.0 - packed.rows as f64 / costs[0].rows as f64
        );
        println!(
            "result speedup_{} {:.2}",
            kind.name,
            costs[0].seconds / packed.seconds
        );
    }
    Ok(())
}

/// "names: 2000 sequences of 2 to 18 steps, 7.1 on average".
fn described(kind: &Kind) -> String {
    let Kind { name, lengths } = kind;
    let (least, most) = (
        lengths.iter().min().unwrap_or(&0),
        lengths.iter().max().unwrap_or(&0),
    );
    let mean = Rows::Packed.count(lengths) as f64 / lengths.len() as f64;
    format!(
        "{name}: {} sequences of {least} to {most} steps, {mean:.1} on average",
        lengths.len()
    )
}

fn samples<T: Scalar>(kind: &Kind, seed: u64) -> Vec<Sample<T>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    kind.lengths
        .iter()
        .map(|&length| sample(length, &mut rng))
        .collect()
}

/// A line for each way.
fn table(kind: &Kind, costs: &[Cost]) -> String {
    let steps = Rows::Packed.count(&kind.lengths);
    let mut text = format!(
        "  {:16} {:>9} {:>9} {:>9} {:>9}\n",
        "", "rows", "padding", "s/epoch", "faster"
    );
    for (way, cost) in WAYS.iter().zip(costs) {
        let padding = 100.0 * (1.0 - steps as f64 / cost.rows as f64);
        let faster = costs[0].seconds / cost.seconds;
        let Cost { rows, seconds } = cost;
        text += &format!(
            "  {:16} {rows:>9} {padding:>7.1} % {seconds:>9.3} {faster:>8.2}x\n",
            way.name
        );
    }
    text
}

fn draw(cli: &Cli, kinds: &[Kind], all: &[Vec<Cost>]) -> Outcome {
    let names: Vec<_> = kinds.iter().map(|kind| kind.name).collect();
    let mut rows = BarChart::new("rows computed for each step of a sample", &names);
    let mut times = BarChart::new("training time for each step of a sample, in µs", &names);
    for (i, way) in WAYS.iter().enumerate() {
        let of = |what: &dyn Fn(&Cost) -> f64| -> Vec<f64> {
            let steps = kinds
                .iter()
                .map(|kind| Rows::Packed.count(&kind.lengths) as f64);
            all.iter()
                .zip(steps)
                .map(|(costs, steps)| what(&costs[i]) / steps)
                .collect()
        };
        rows = rows.bars(way.name, &of(&|cost| cost.rows as f64));
        times = times.bars(way.name, &of(&|cost| 1e6 * cost.seconds));
    }
    println!("{}", cli.out.write("rows.svg", rows.svg())?);
    println!("{}", cli.out.write("times.svg", times.svg())?);
    let title = "24 sentences in three mini-batches";
    println!(
        "{}",
        cli.out
            .write("batches.svg", slide(title, &slide_rows(&kinds[1])))?
    );
    Ok(())
}

/// The first sentences in mini-batches of eight: as they come, sorted, and packed.
fn slide_rows(kind: &Kind) -> Vec<Row> {
    let lengths = &kind.lengths[..kind.lengths.len().min(24)];
    let mut sorted = lengths.to_vec();
    sorted.sort_unstable_by_key(|&length| std::cmp::Reverse(length));
    let row = |name, rows, lengths: &[usize]| Row {
        name,
        rows,
        batches: lengths.chunks(8).map(<[_]>::to_vec).collect(),
    };
    vec![
        row("zero padding", Rows::Padded, lengths),
        row("sorted, padded", Rows::Padded, &sorted),
        row("packed", Rows::Packed, lengths),
        row("sorted, packed", Rows::Packed, &sorted),
    ]
}
