//! One training step of a text that is read as one sequence, in as much memory as it is given, and a line
//! of JSON about it.
//!
//!     cargo bench --bench long -- --steps 100000 --memory 4 [--cell gru] [--hidden 32]
#![allow(missing_docs)]

mod peak;

use std::time::Instant;

use clap::Parser;
use layers::{CellKind, CharModel, ParameterSet, Segments};
use peak::peak_mb;
use rand::{SeedableRng, rngs::ChaCha8Rng};
use train::{Sgd, Trainer};

#[derive(Parser)]
struct Args {
    #[arg(long, default_value_t = 100_000)]
    steps: usize,
    /// Megabytes for what grows with the steps; all that it takes if not given
    #[arg(long)]
    memory: Option<f64>,
    #[arg(long, default_value = "lstm")]
    cell: CellKind,
    #[arg(long, default_value_t = 32)]
    hidden: usize,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

const SYMBOLS: usize = 64;

fn main() {
    let args = Args::parse();
    let (mut set, mut rng) = (ParameterSet::<f32>::new(), ChaCha8Rng::seed_from_u64(1));
    let model = CharModel::new(&mut set, args.cell, SYMBOLS, args.hidden, 1, &mut rng);
    let mut trainer = Trainer::new(set, Sgd::new(0.1));
    let text: Vec<_> = (0..=args.steps).map(|i| i * i % 61).collect();
    let (symbols, targets) = (&text[..args.steps], &text[1..]);
    let start = model.zeros(1);
    let (before, clock) = (peak_mb(), Instant::now());
    let report = trainer.step(|p| match args.memory {
        Some(megabytes) => {
            let memory = Segments::memory((megabytes * 1e6) as usize);
            let (loss, _) = model.loss_in_segments(p, (symbols, targets), 1, &start, memory);
            loss
        }
        None => {
            let (logits, _) = model.logits(p, symbols, 1, &start);
            logits.cross_entropy(targets)
        }
    });
    println!(
        "{{\"steps\": {}, \"s\": {:.2}, \"loss\": {:.6}, \"text_mb\": {:.1}, \"before_mb\": {before:.1}, \"peak_mb\": {:.1}}}",
        args.steps,
        clock.elapsed().as_secs_f64(),
        report.expect("a finite loss").loss,
        16e-6 * args.steps as f64,
        peak_mb(),
    );
}
