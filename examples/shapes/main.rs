//! The five shapes of sequence modelling (row 1 of the lecture), each learned on a toy in seconds: one to one, one to
//! many, many to one, many to many, in step. `shapes.rs` has a function of less than 25 lines for each.
//!
//!     cargo run --release --example shapes
//!     cargo run --release --example shapes -- --seed 7 --out pictures

mod learned;
mod picture;
mod shapes;
mod tasks;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use train::program::{self, Out, Outcome, Threads};

use crate::learned::Learned;
use crate::picture::Caption;

/// Learns a toy of each shape of sequence modelling, and draws all five.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// Seed of data and parameters
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    out: Out,
}

/// Learns a shape from a seed.
type Lesson = fn(u64) -> Outcome<Learned>;

/// The shapes in the lecture's order, with what is learned.
const SHAPES: [(&str, &str, Lesson); 5] = [
    ("one to one", "point → ring", shapes::one_to_one),
    ("one to many", "number → Roman numeral", shapes::one_to_many),
    (
        "many to one",
        "brackets → which closes next",
        shapes::many_to_one,
    ),
    (
        "many to many",
        "Roman numeral → number",
        shapes::many_to_many,
    ),
    ("in step", "two bits → bit of the sum", shapes::in_step),
];

fn main() -> ExitCode {
    program::run(|cli: Cli| cli.threads.install(|| run(&cli)))
}

fn run(cli: &Cli) -> Outcome {
    cli.out.check()?;
    let mut all = Vec::new();
    for (name, task, learn) in SHAPES {
        let start = Instant::now();
        let learned = learn(cli.seed)?;
        println!(
            "{name:12}  {task:28}  {:5.1} % of {} right  {:4.1} s   {learned}",
            100.0 * learned.right,
            learned.tested,
            start.elapsed().as_secs_f64()
        );
        all.push((Caption { name, task }, learned));
    }
    println!("Right is what is right at every step, of samples that were not learned from.\n");
    println!("{}\n", cli.out.write("shapes.svg", picture::draw(&all))?);
    for (Caption { name, .. }, learned) in &all {
        println!("result {} {:.4}", name.replace(' ', "_"), learned.right);
    }
    Ok(())
}
