//! The style of a score (rows 5, 6 and 18 of the lecture): scores of different length, of three classes, read note
//! by note; the class is told from the last output alone.
//!
//! Without arguments it learns 500 scores made up in the styles blues, rock and classical. Classes of one's own are
//! files or folders of ABC notation:
//!
//!     cargo run --release --example genre
//!     cargo run --release --example genre -- --class german=erk5.abc,erk10.abc --class chinese=han1.abc,han2.abc --class irish=oneills1850/

mod by_hand;
mod corpus;
mod features;
mod styles;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use scores::{Event, PianoRoll, Tune};
use train::prelude::*;
use train::program::{self, Out, Outcome, Threads, at_least_one};

use crate::corpus::{ClassFiles, Corpus, samples};
use crate::features::{FEATURES, features};

/// Learns to tell styles of music apart from scores.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// A class and its files or folders of ABC notation, as NAME=PATH,PATH…; two or more
    #[arg(long = "class", value_name = "CLASS")]
    classes: Vec<ClassFiles>,
    /// Scores to make up where no classes are given
    #[arg(long, default_value_t = 500, value_parser = program::up_to(100_000))]
    scores: usize,
    /// Passes over the scores
    #[arg(long, default_value_t = 20, value_parser = at_least_one::<u64>)]
    epochs: u64,
    /// Seeds to compare RNN, LSTM and GRU with
    #[arg(long, default_value_t = 2, value_parser = at_least_one::<u64>)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    out: Out,
    #[command(flatten)]
    threads: Threads,
}

/// Units of every layer.
const HIDDEN: usize = 100;
/// The learning rate of the listing.
const RATE: f64 = 0.1;

/// The lecture's listing, in Keras and here.
fn listing(classes: usize, seed: u64) -> Classifier {
    Sequential::new(FEATURES)
        .seed(seed)
        .dense(HIDDEN)
        .simple_rnn(HIDDEN)
        .last()
        .dense(classes)
        .classifier(Sgd::new(RATE))
}

/// The same with another layer, trained by Adam.
fn with_cell(cell: CellKind, classes: usize, seed: u64) -> Classifier {
    let model = Sequential::new(FEATURES).seed(seed).dense(HIDDEN);
    let model = match cell {
        CellKind::Rnn => model.simple_rnn(HIDDEN),
        CellKind::Lstm => model.lstm(HIDDEN),
        CellKind::Gru => model.gru(HIDDEN),
    };
    model.last().dense(classes).classifier(Adam::new(2e-3))
}

fn main() -> ExitCode {
    program::run(|cli: Cli| cli.threads.install(|| run(&cli)))
}

fn run(cli: &Cli) -> Outcome {
    cli.out.check()?;
    let corpus = match cli.classes.len() {
        0 => Corpus::made_up(cli.scores, cli.seed),
        1 => return Err("--class: one class alone cannot be told from another".into()),
        _ => Corpus::read(&cli.classes)?,
    };
    let classes = corpus.classes.clone();
    let (training, test) = corpus.split(0.2, cli.seed);
    introduce(&classes, &training, &test);
    let (train_data, test_data) = (samples(&training), samples(&test));

    println!(
        "\nThe lecture's listing: dense 100, simple recurrent 100, its last output, dense {}; SGD",
        classes.len()
    );
    let mut model = listing(classes.len(), cli.seed);
    println!("{}", model.summary());
    let history = model.fit(&train_data, cli.epochs)?;
    let scores = model.evaluate(&test_data)?;
    println!("held out: {}", accuracy(&scores));
    cli.out
        .write("accuracy.svg", history.chart("accuracy").svg())?;
    let last = history.epochs.last();
    let last = last.map_or(f64::NAN, |epoch| epoch.training.loss);
    let loss = by_hand::learn(&train_data, classes.len(), cli.seed, cli.epochs)?;
    println!("loss of the last epoch: {last:.6}, and by hand {loss:.6}");

    let (mut best, mut results) = (None, Vec::new());
    println!("\nheld out, {} seeds, Adam:", cli.seeds);
    for cell in [CellKind::Rnn, CellKind::Lstm, CellKind::Gru] {
        let start = Instant::now();
        let mut accuracies = Vec::new();
        for seed in cli.seed..cli.seed.saturating_add(cli.seeds) {
            let mut model = with_cell(cell, classes.len(), seed);
            let (learned, validation) = split_by_class(train_data.clone(), 0.1, seed, |(_, c)| *c);
            let mut fit = Fit::new(cli.epochs).silent().seed(seed).keep_best();
            model.fit_with(&mut fit, 32, &learned.to_vec(), &validation.to_vec())?;
            let scores = model.evaluate(&test_data)?;
            accuracies.push(scores.measures.get("accuracy").unwrap_or(0.0));
            if cell == CellKind::Gru {
                best = Some((model, scores));
            }
        }
        let mean = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
        let least = accuracies.iter().copied().fold(f64::INFINITY, f64::min);
        let most = accuracies.iter().copied().fold(0.0, f64::max);
        let seconds = start.elapsed().as_secs_f64() / accuracies.len() as f64;
        println!("{cell:5} accuracy {mean:.3} ({least:.3} to {most:.3}), {seconds:.1} s each");
        results.push((cell, mean));
    }
    if let Some((model, scores)) = best {
        show(cli, &classes, &model, &scores, &test)?;
    }
    println!(
        "result listing {:.3}",
        scores.measures.get("accuracy").unwrap_or(0.0)
    );
    for (cell, mean) in results {
        println!("result {cell} {mean:.3}");
    }
    Ok(())
}

fn introduce(classes: &[String], training: &[(Tune, usize)], test: &[(Tune, usize)]) {
    for (class, name) in classes.iter().enumerate() {
        let of = |scores: &[(Tune, usize)]| scores.iter().filter(|(_, c)| *c == class).count();
        println!(
            "{name:12} {:5} scores to learn from, {:4} held out",
            of(training),
            of(test)
        );
    }
    let lengths = || training.iter().map(|(tune, _)| tune.events.len());
    println!(
        "of {} to {} notes",
        lengths().min().unwrap_or(0),
        lengths().max().unwrap_or(0)
    );
}

fn accuracy(scores: &Scores) -> String {
    format!(
        "accuracy {:.3}, loss {:.3}",
        scores.measures.get("accuracy").unwrap_or(0.0),
        scores.loss
    )
}

/// The confusion of the last GRU, and what it believes while it reads.
fn show(
    cli: &Cli,
    classes: &[String],
    model: &Classifier,
    scores: &Scores,
    test: &[(Tune, usize)],
) -> Outcome {
    if let Some(confusion) = scores.measures.confusion() {
        println!(
            "\nGRU, in rows what is right, in columns what is said: {}\n{confusion}",
            classes.join(", ")
        );
        let map = confusion.heat_map(classes);
        println!("{}", cli.out.write("confusion.svg", map.svg())?);
    }
    for (class, name) in classes.iter().enumerate() {
        let of_class = |(_, c): &&(Tune, usize)| *c == class;
        // Of a middle length, so that there is something to see.
        let mut tunes: Vec<_> = test.iter().filter(of_class).map(|(tune, _)| tune).collect();
        tunes.sort_by_key(|tune| tune.events.len());
        let Some(tune) = tunes.get(tunes.len() / 4) else {
            continue;
        };
        let picture = belief(classes, model, tune)?;
        println!("{}", cli.out.write(&format!("{name}.svg"), picture)?);
    }
    Ok(())
}

/// The score as a piano roll, and below it the probability of each class after each note: what the model would
/// say if the score ended there.
fn belief(classes: &[String], model: &Classifier, tune: &Tune) -> Outcome<pictures::Svg> {
    let x = features(tune);
    let prefix = |t: usize| Matrix::from_fn(t, FEATURES, |r, c| x[(r, c)]);
    let prefixes: Vec<_> = (1..=x.row_count()).map(prefix).collect();
    let probabilities = model.probabilities(&prefixes)?;
    let of_class = |class: usize| {
        let belief = probabilities.iter().map(|p| f64::from(p[(0, class)]));
        tune.events
            .iter()
            .map(Event::end)
            .zip(belief)
            .collect::<Vec<_>>()
    };
    let lines: Vec<_> = (0..classes.len()).map(of_class).collect();
    let lines: Vec<_> = classes
        .iter()
        .zip(&lines)
        .map(|(name, line)| (name.as_str(), &line[..]))
        .collect();
    let roll =
        PianoRoll::new(tune).with_lines("what the model would say if the score ended here", &lines);
    Ok(roll.svg())
}
