//! Who went to Paris? Stories that say so far back, and what of them recurrent networks still know when they are
//! asked.
//!
//! A simple network, a GRU, an LSTM and an LSTM whose forget bias is 0 learn to answer from the same stories, with
//! about as many parameters, in as many mini-batches. Then they answer at each distance between the fact and the
//! question, and for one story it is drawn what the LSTM remembers.
//!
//! What separates them is what they learn from so many stories, not what they can hold: with ten times as many, and
//! a smaller rate, the simple network learns to keep a name too (examples/RESULTS.md).
//!
//!     cargo run --release --example long_memory
//!     cargo run --release --example long_memory -- --kinds lstm,gru --longest 400 --minibatches 400
//!     cargo run --release --example long_memory -- --kinds rnn --minibatches 2000 --lr 0.001

mod kind;
mod picture;
mod reader;
mod story;

use std::process::ExitCode;

use clap::Parser;
use train::prelude::*;
use train::program::{self, Out, Outcome, Threads, at_least_one, positive, up_to};

use crate::kind::Kind;
use crate::reader::{Reader, Recipe, held_out};
use crate::story::{Grammar, NAMES, SHORTEST};

/// Learns to answer who went to Paris, and shows how long it is remembered.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// Recurrent layers; lstm0 is an LSTM whose forget bias is 0
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "rnn,gru,lstm,lstm0"
    )]
    kinds: Vec<Kind>,
    /// Words between fact and question at which is tested
    #[arg(long, value_delimiter = ',', default_value = "10,25,50,100,200,400", value_parser = distance)]
    distances: Vec<usize>,
    /// The longest distance to learn from
    #[arg(long, default_value = "200", value_parser = distance)]
    longest: usize,
    /// Mini-batches of 32 stories to learn from, before the longest distance is doubled
    #[arg(long, default_value_t = 200, value_parser = at_least_one::<usize>)]
    minibatches: usize,
    /// Units of the LSTMs; the others have as many parameters
    #[arg(long, default_value_t = 48, value_parser = up_to(1024))]
    hidden: usize,
    /// Learning rate of Adam
    #[arg(long, default_value_t = 5e-3, value_parser = positive)]
    lr: f64,
    /// Stories to test with at each distance
    #[arg(long, default_value_t = 500, value_parser = at_least_one::<usize>)]
    stories: usize,
    /// Seed of parameters and stories
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    out: Out,
}

/// Words that stories can have between the fact and the question.
fn distance(text: &str) -> Result<usize, String> {
    let distance = text
        .parse()
        .ok()
        .filter(|n| (SHORTEST..=100_000).contains(n));
    distance.ok_or_else(|| format!("expected a number of words from {SHORTEST} to 100000"))
}

fn main() -> ExitCode {
    program::run(|cli: Cli| cli.threads.install(|| run(&cli)))
}

/// The distance of the story whose memory is drawn, and of the one whose gradients are.
const DRAWN: usize = 18;
const FLOWN: usize = 100;
/// A reader that is right this often has read the name, so its answers follow the name at least this often.
const RIGHT: f64 = 0.97;
const FOLLOWING: f64 = 0.9;

fn run(cli: &Cli) -> Outcome {
    cli.out.check()?;
    let grammar = Grammar::new();
    let example = held_out(&grammar, DRAWN, 1, cli.seed).sample(0);
    let told = grammar.tokens(&example).concat();
    println!("{} {}.\n", told.trim(), NAMES[example.answer]);

    let recipe = Recipe {
        minibatches: cli.minibatches,
        longest: cli.longest,
        rate: cli.lr,
        seed: cli.seed,
    };
    let mut readers = learn(cli, &grammar, &recipe)?;
    let accuracies = test(cli, &grammar, &recipe, &mut readers);
    println!("{}", table(cli, &accuracies));
    let chart = chart(cli, &accuracies);
    println!("{}", cli.out.write("accuracy.svg", chart.svg())?);
    if let Some(reader) = readers.iter().find(|reader| reader.kind == Kind::Lstm) {
        let memory = picture::of(reader, &grammar, &example);
        println!("{}", cli.out.write("memory.svg", memory.heat_map().svg())?);
        println!("{}", cli.out.write("memory.html", memory.text())?);
    }
    for (reader, accuracies) in readers.iter().zip(&accuracies) {
        show_results(cli, &grammar, &recipe, reader, accuracies)?;
    }
    Ok(())
}

/// Readers that have learned; drawn is what of the gradient reaches far in them before and after.
fn learn(cli: &Cli, grammar: &Grammar, recipe: &Recipe) -> Outcome<Vec<Reader>> {
    let new = |&kind: &Kind| Reader::new(kind, grammar, cli.hidden, recipe);
    let mut readers: Vec<_> = cli.kinds.iter().map(new).collect();
    let before = flows(&readers, grammar, cli.seed, "before training");
    println!("{}", cli.out.write("gradients_before.svg", before.svg())?);
    for reader in &mut readers {
        let (name, count) = (
            reader.kind.name(),
            reader.trainer.parameters().element_count(),
        );
        println!("{name}: {count} parameters");
        reader.learn(grammar, recipe)?;
    }
    let after = flows(&readers, grammar, cli.seed, "after training");
    println!("{}", cli.out.write("gradients_after.svg", after.svg())?);
    Ok(readers)
}

/// The accuracies of each reader at each distance.
fn test(cli: &Cli, grammar: &Grammar, recipe: &Recipe, readers: &mut [Reader]) -> Vec<Vec<f64>> {
    let of_reader = |reader: &mut Reader| {
        let accuracy = |&distance: &usize| reader.accuracy(grammar, distance, cli.stories, recipe);
        cli.distances.iter().map(accuracy).collect()
    };
    readers.iter_mut().map(of_reader).collect()
}

fn table(cli: &Cli, accuracies: &[Vec<f64>]) -> String {
    let heads = cli
        .distances
        .iter()
        .map(|distance| format!("{distance:>8}"));
    let mut text = format!("\n{:19}{}\n", "words in between", heads.collect::<String>());
    for (kind, accuracies) in cli.kinds.iter().zip(accuracies) {
        let numbers = accuracies
            .iter()
            .map(|accuracy| format!("{:6.1} %", 100.0 * accuracy));
        text += &format!("{:19}{}\n", kind.name(), numbers.collect::<String>());
    }
    text + &format!(
        "by chance, one name of {} is right: {:.1} %",
        NAMES.len(),
        100.0 / NAMES.len() as f64
    )
}

fn chart(cli: &Cli, accuracies: &[Vec<f64>]) -> LineChart {
    let places: Vec<_> = cli
        .distances
        .iter()
        .map(|&distance| distance as f64)
        .collect();
    let by_chance = vec![100.0 / NAMES.len() as f64; places.len()];
    let title = "who went to Paris?";
    let chart = LineChart::new(
        title,
        "words between the fact and the question",
        "right answers, %",
    )
    .at(&places)
    .log_x()
    .dashed("by chance", &by_chance);
    cli.kinds
        .iter()
        .zip(accuracies)
        .fold(chart, |chart, (kind, accuracies)| {
            let percent: Vec<_> = accuracies.iter().map(|accuracy| 100.0 * accuracy).collect();
            chart.line(kind.name(), &percent)
        })
}

/// What of the gradient at the question reaches the words before, for every reader.
fn flows(readers: &[Reader], grammar: &Grammar, seed: u64, when: &str) -> LineChart {
    let story = held_out(grammar, FLOWN, 1, seed).sample(0);
    let title = format!("the gradient on its way back from the question, {when}");
    let chart = LineChart::new(
        &title,
        "words back from the question mark",
        "‖∂E/∂h_t‖ / ‖∂E/∂h_T‖",
    )
    .log();
    readers.iter().fold(chart, |chart, reader| {
        chart.line(reader.kind.name(), &picture::flow(reader, &story))
    })
}

/// The lines that a script reads; and whether the answers follow the name, at the longest distance that is both
/// learned and tested.
fn show_results(
    cli: &Cli,
    grammar: &Grammar,
    recipe: &Recipe,
    reader: &Reader,
    accuracies: &[f64],
) -> Outcome {
    let kind = format!("{:?}", reader.kind).to_lowercase();
    let tested = cli
        .distances
        .iter()
        .copied()
        .zip(accuracies.iter().copied());
    for (distance, accuracy) in tested.clone() {
        println!("result {kind}_{distance} {accuracy:.4}");
    }
    let learned = tested.filter(|&(distance, _)| distance <= cli.longest);
    let Some((distance, accuracy)) = learned.max_by_key(|&(distance, _)| distance) else {
        return Ok(());
    };
    let follows = reader.follows_the_name(grammar, distance, cli.stories, recipe);
    println!("result follows_the_name_{kind} {follows:.4}");
    if accuracy >= RIGHT && follows < FOLLOWING {
        let name = reader.kind.name();
        let found = format!("{name}, {distance} words: {accuracy:.2} of the answers are right");
        return Err(
            format!("{found}, and only {follows:.2} follow the name when it is changed").into(),
        );
    }
    Ok(())
}
