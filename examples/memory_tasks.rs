//! Two tasks that need a long memory: the adding problem (Hochreiter and Schmidhuber 1997) and the copy
//! task (as in Arjovsky et al. 2016), for one kind of layer after the other with the same budget.
//!
//!     cargo run --release --example memory_tasks
//!     cargo run --release --example memory_tasks -- copy --cells gru --minibatches 4000

use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use layers::loss::{Reduction, squared_error};
use train::prelude::*;
use train::program::{self, Outcome, at_least_one, positive};

/// Trains on a task that needs a long memory.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// adding: the sum of the two numbers of a hundred that are marked. copy: ten symbols, to be said
    /// again after a hundred blanks
    #[arg(value_enum, default_value = "adding")]
    task: Task,
    /// Recurrent layers: rnn, lstm, gru
    #[arg(long, value_delimiter = ',', default_value = "rnn,lstm,gru")]
    cells: Vec<CellKind>,
    /// Steps between what is to be remembered and where it is asked for
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(2..))]
    steps: u64,
    /// Units of the layer
    #[arg(long, default_value_t = 64, value_parser = at_least_one::<usize>)]
    hidden: usize,
    /// Mini-batches of 32 samples to train on
    #[arg(long, default_value_t = 4000)]
    minibatches: u64,
    /// Learning rate of Adam
    #[arg(long, default_value_t = 2e-3, value_parser = positive)]
    lr: f64,
    /// Seed of parameters and samples
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Task {
    Adding,
    Copy,
}

const BATCH: usize = 32;
/// Symbols of the copy task: eight, a blank, and one that asks for the answer.
const SYMBOLS: usize = 8;
const BLANK: usize = 8;
const ASK: usize = 9;
/// How many of them are to be remembered.
const LENGTH: usize = 10;

fn main() -> ExitCode {
    program::run(|cli: Cli| {
        let mut cells = cli.cells.iter();
        cells.try_for_each(|&cell| learn(&cli, cell).map_err(|e| format!("{cell}: {e}").into()))
    })
}

fn learn(cli: &Cli, cell: CellKind) -> Outcome {
    let (hidden, start) = (cli.hidden, Instant::now());
    let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(cli.seed));
    let (inputs, outputs) = match cli.task {
        Task::Adding => (2, 1),
        Task::Copy => (SYMBOLS + 2, SYMBOLS + 1),
    };
    let layer = Forward(cell.build(&mut set, &format!("{cell}1"), inputs, hidden, &mut rng));
    let output = Linear::new(&mut set, "output", hidden, outputs, &mut rng);
    let mut trainer = Trainer::new(set, Adam::new(cli.lr)).clip(1.0);
    let baseline = match cli.task {
        Task::Adding => 1.0 / 6.0, // the variance of a sum of two numbers from 0 to 1
        Task::Copy => {
            LENGTH as f64 * (SYMBOLS as f64).ln() / (cli.steps as usize + 2 * LENGTH) as f64
        }
    };
    println!("{cell}: {:.4} without a memory", baseline);
    let draw = |rng: &mut ChaCha8Rng| match cli.task {
        Task::Adding => adding(cli.steps as usize, rng),
        Task::Copy => copy(cli.steps as usize, rng),
    };
    for minibatch in 1..=cli.minibatches {
        let samples = draw(&mut rng);
        trainer.step(|p| samples.loss(p, &layer, &output))?;
        if minibatch % cli.minibatches.div_ceil(5) == 0 || minibatch == cli.minibatches {
            let mut rng = ChaCha8Rng::seed_from_u64(u64::MAX); // samples that are not trained on
            let held_out = |_| {
                let samples = draw(&mut rng);
                trainer.evaluate(|p| samples.loss(p, &layer, &output))
            };
            let error = (0..20).map(held_out).sum::<f64>() / 20.0;
            let seconds = start.elapsed().as_secs_f64();
            println!("{cell}: {error:.4} after {minibatch} mini-batches, {seconds:.0} s");
        }
    }
    Ok(())
}

/// A mini-batch, step by step.
enum Samples {
    /// `[T*B, 2]`, and the sums `[B, 1]`.
    Adding(Matrix, Matrix),
    /// Symbols, and those to be said.
    Copy(Vec<usize>, Vec<usize>),
}

impl Samples {
    fn loss<'t>(&self, p: &Bound<'t>, layer: &dyn Layer<f32>, output: &Linear) -> Var<'t> {
        match self {
            Samples::Adding(x, sums) => {
                let x = p.tape().constant(x.clone()).named("x");
                let h = layer.run(p, Sequence::from_stacked(x, BATCH));
                let sums = p.tape().constant(sums.clone());
                squared_error(output.apply(p, h.last()), sums, Reduction::Mean)
            }
            Samples::Copy(symbols, answers) => {
                let h = layer.run(p, Sequence::from_stacked_symbols(symbols, BATCH));
                output.apply(p, h.stacked()).cross_entropy(answers)
            }
        }
    }
}

/// Numbers from 0 to 1, of which one in each half is marked, and the sums of those.
fn adding(steps: usize, rng: &mut ChaCha8Rng) -> Samples {
    let mut x = Matrix::zeros(steps * BATCH, 2);
    let mut sums = Matrix::zeros(BATCH, 1);
    for sample in 0..BATCH {
        let marked = [
            rng.random_range(0..steps / 2),
            rng.random_range(steps / 2..steps),
        ];
        for t in 0..steps {
            let number: f32 = rng.random();
            x[(t * BATCH + sample, 0)] = number;
            if marked.contains(&t) {
                x[(t * BATCH + sample, 1)] = 1.0;
                sums[(sample, 0)] += number;
            }
        }
    }
    Samples::Adding(x, sums)
}

/// Ten symbols, then blanks, then a request; the answers are blanks, and after the request the symbols.
fn copy(steps: usize, rng: &mut ChaCha8Rng) -> Samples {
    let total = steps + 2 * LENGTH;
    let (mut symbols, mut answers) = (vec![BLANK; total * BATCH], vec![BLANK; total * BATCH]);
    for sample in 0..BATCH {
        for i in 0..LENGTH {
            let symbol = rng.random_range(0..SYMBOLS);
            symbols[i * BATCH + sample] = symbol;
            answers[(steps + LENGTH + i) * BATCH + sample] = symbol;
        }
        symbols[(steps + LENGTH - 1) * BATCH + sample] = ASK;
    }
    Samples::Copy(symbols, answers)
}
