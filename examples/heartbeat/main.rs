//! The heart's beats, by a recurrent network: of which kind is a beat (many to one), and where in an ECG are beats, and
//! which of them come early (in step).
//!
//! Both from minutes 14 to 21 of record 100 of the MIT-BIH Arrhythmia Database, or another record: files that
//! PhysioNet's library reads are read here too. Beats one by one can come from a file of the UCR archive as well.
//!
//!     cargo run --release --example heartbeat
//!     cargo run --release --example heartbeat -- steps --record mitdb/100
//!     cargo run --release --example heartbeat -- beats --beats ECG5000_TRAIN.txt

mod beats;
mod classify;
mod ecg;
mod found;
mod steps;
mod strip;
mod wfdb;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use train::Spread;
use train::escaped;
use train::program::{self, Out, Outcome, Threads, note, positive};

use crate::beats::Beats;
use crate::classify::BeatSettings;
use crate::ecg::{CLASSES, Ecg, NORMAL, NOTHING, PREMATURE};
use crate::found::{Found, Pair, TOLERANCE, detection};
use crate::steps::StepSettings;
use crate::strip::Strip;
use crate::wfdb::Record;

/// Minutes 14 to 21 of record 100, with 15 of its 34 premature beats.
const EXCERPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/mitdb/100_14");

/// Tells the kinds of heartbeats, and finds them in an ECG.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// beats: only the kinds of beats. steps: only where they are in the ECG. Both if neither is given
    #[arg(value_enum, hide_possible_values = true)]
    what: Option<What>,
    /// Record in WFDB format: PATH.hea, signals in format 212, and PATH.atr
    #[arg(long, value_name = "PATH", default_value = EXCERPT, hide_default_value = true)]
    record: PathBuf,
    /// File of beats, a class and samples on each line, instead of beats that are cut from the record
    #[arg(long, value_name = "FILE")]
    beats: Option<PathBuf>,
    /// Steps a second: as many samples are averaged for each as give about that
    #[arg(long, default_value_t = 30.0, value_parser = positive)]
    rate: f64,
    #[command(flatten)]
    beat: BeatSettings,
    #[command(flatten)]
    step: StepSettings,
    /// Seed of parameters, folds and windows
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    out: Out,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    Beats,
    Steps,
}

fn main() -> ExitCode {
    program::run(|cli: Cli| cli.threads.install(|| run(&cli)))
}

fn run(cli: &Cli) -> Outcome {
    cli.out.check()?;
    let given = cli.beats.as_ref().map(|path| Beats::read(path)).transpose();
    let given = given.map_err(|e| format!("--beats {e}"))?;
    let ecg = match (&given, cli.what) {
        (Some(_), Some(What::Beats)) => None,
        _ => Some(read(cli)?),
    };
    if let Some(ecg) = ecg.as_ref().filter(|_| cli.what != Some(What::Beats)) {
        steps::check(ecg, &cli.step)?; // before anything is learned
    }
    let mut results = Vec::new();
    if cli.what != Some(What::Steps) {
        match given.or_else(|| ecg.as_ref().map(Beats::cut)) {
            Some(beats) => results.extend(tell(cli, &beats)?),
            None => unreachable!("an ECG is read where no beats are given"),
        }
    }
    if let Some(ecg) = ecg.filter(|_| cli.what != Some(What::Beats)) {
        results.extend(locate(cli, &ecg)?);
    }
    for (name, figure) in results {
        println!("result {name} {figure:.4}");
    }
    Ok(())
}

/// The record as an ECG.
fn read(cli: &Cli) -> Outcome<Ecg> {
    let record = Record::read(&cli.record).map_err(|e| format!("--record {e}"))?;
    for remark in &record.remarks {
        note(format_args!("record {}: {remark}", escaped(&record.name)));
    }
    let ecg = Ecg::new(&record, cli.rate);
    let ecg = ecg.map_err(|e| format!("--record {}: {e}", escaped(&cli.record)))?;
    println!(
        "record {}: {:.0} s of {} signals, {} normal beats and {} premature ones; {:.0} steps a second",
        escaped(&record.name),
        record.length() as f64 / record.frequency,
        record.signals.len(),
        ecg.count(NORMAL),
        ecg.count(PREMATURE),
        ecg.rate
    );
    Ok(ecg)
}

/// Many to one.
fn tell(cli: &Cli, beats: &Beats) -> Outcome<Vec<(&'static str, f64)>> {
    println!("\nof which kind is a beat? {} folds", cli.beat.folds);
    for (class, count) in beats.classes.iter().zip(beats.counts()) {
        println!("{class:>12}: {count} beats");
    }
    let judged = classify::learn(beats, &cli.beat, cli.seed)?;
    println!("\n{:24}  accuracy, its deviation over folds   macro-F1", "");
    for (name, folds) in [
        ("GRUs in both directions", &judged.network),
        ("nearest neighbour", &judged.nearest),
    ] {
        let Spread {
            mean, deviation, ..
        } = classify::accuracy(folds);
        println!(
            "{name:24}  {mean:8.3} ± {deviation:.3} {:28.3}",
            classify::all(folds).mean_f1()
        );
    }
    let (network, nearest) = (
        classify::all(&judged.network),
        classify::all(&judged.nearest),
    );
    println!("\nof each class, in their order, what it is taken for by the network:\n{network}");
    println!("\nand by the nearest neighbour:\n{nearest}");
    println!(
        "{}",
        cli.out
            .write("kinds.svg", network.heat_map(&beats.classes).svg())?
    );
    Ok(vec![
        ("beats_accuracy", classify::accuracy(&judged.network).mean),
        ("beats_macro_f1", network.mean_f1()),
        ("nearest_accuracy", classify::accuracy(&judged.nearest).mean),
        ("nearest_macro_f1", nearest.mean_f1()),
    ])
}

/// In step.
fn locate(cli: &Cli, ecg: &Ecg) -> Outcome<Vec<(&'static str, f64)>> {
    println!(
        "\nwhere are beats, and which come early? {} blocks of time",
        cli.step.blocks
    );
    if ecg.beats.is_empty() {
        return Err(format!("--record {}: no beats are annotated", escaped(&cli.record)).into());
    }
    let p = steps::learn(ecg, &cli.step, cli.seed)?;
    let found = found::find(&p, ecg.rate);
    let pairs = found::pairs(&ecg.beats, &found, ecg.rate);
    let confusion = found::confusion(&pairs);
    println!(
        "\n{:>12}  found as normal  as premature  not found   sensitivity  precision",
        "annotated"
    );
    for class in [NORMAL, PREMATURE] {
        let [normal, premature, nothing] =
            [NORMAL, PREMATURE, NOTHING].map(|found| confusion.count(class, found));
        let (sensitivity, precision) = (confusion.recall(class), confusion.precision(class));
        println!(
            "{:>12}  {normal:15}  {premature:12}  {nothing:9}   {sensitivity:11.4}  {precision:9.4}",
            CLASSES[class]
        );
    }
    let extra = [NORMAL, PREMATURE].map(|class| confusion.count(NOTHING, class));
    println!("{:>12}  {:15}  {:12}", CLASSES[NOTHING], extra[0], extra[1]);
    let (sensitivity, precision) = detection(&confusion);
    println!(
        "beats of any kind: sensitivity {sensitivity:.4}, precision {precision:.4}; matched within {TOLERANCE} s"
    );
    tell_wrong(ecg, &pairs);
    draw(cli, ecg, &p, &found, &pairs)?;
    Ok(vec![
        ("beat_sensitivity", sensitivity),
        ("beat_precision", precision),
        ("normal_sensitivity", confusion.recall(NORMAL)),
        ("normal_precision", confusion.precision(NORMAL)),
        ("premature_sensitivity", confusion.recall(PREMATURE)),
        ("premature_precision", confusion.precision(PREMATURE)),
    ])
}

/// Beats that are told where they are wrong, at most.
const TOLD: usize = 8;

/// Where the model is wrong.
fn tell_wrong(ecg: &Ecg, pairs: &[Pair<'_>]) {
    let wrong = pairs.iter().filter(|pair| !is_right(pair));
    for (annotated, found) in wrong.clone().take(TOLD) {
        let step = annotated
            .map(|beat| beat.step)
            .or(found.map(|beat| beat.step));
        let seconds = step.unwrap_or(0.0) / ecg.rate;
        let (minutes, seconds) = ((seconds / 60.0) as u64, seconds % 60.0);
        let symbol = annotated.map_or("no beat".into(), |beat| beat.symbol.to_string());
        let found = found.map_or("nothing", |beat| CLASSES[beat.class]);
        println!("{minutes:3}:{seconds:05.2}  {symbol}, found: {found}");
    }
    let more = wrong.count().saturating_sub(TOLD);
    if more > 0 {
        println!("and {more} more");
    }
}

fn is_right((annotated, found): &Pair<'_>) -> bool {
    annotated.map(|beat| beat.class) == found.map(|beat| beat.class)
}

/// Seconds of a strip.
const DRAWN: f64 = 8.0;

/// A strip around the first premature beat that was found, and one around the first that was not.
fn draw(cli: &Cli, ecg: &Ecg, p: &[[f32; 3]], found: &[Found], pairs: &[Pair<'_>]) -> Outcome {
    let length = ecg.seconds(DRAWN).min(ecg.steps());
    for (file, title, wanted) in [
        (
            "strip.svg",
            "a premature beat, and what the model says of it",
            true,
        ),
        (
            "missed.svg",
            "a premature beat that the model misses",
            false,
        ),
    ] {
        let mut wanted = pairs.iter().filter(|pair| is_right(pair) == wanted);
        let premature = |(beat, _): &Pair<'_>| beat.filter(|beat| beat.class == PREMATURE).copied();
        let Some(beat) = wanted.find_map(premature) else {
            continue;
        };
        let from = (beat.step as usize)
            .saturating_sub(length / 2)
            .min(ecg.steps() - length);
        let strip = Strip {
            title,
            ecg,
            p,
            found,
            from,
            to: from + length,
        };
        println!("{}", cli.out.write(file, strip.svg())?);
    }
    Ok(())
}
