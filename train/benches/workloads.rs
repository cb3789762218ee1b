//! Times one workload of the performance page and prints a line of JSON, as the peers' scripts do.
//!
//!     cargo bench --bench workloads -- W2 --threads 2
#![allow(missing_docs)]

use std::time::Instant;

use clap::Parser;
use layers::{Carried, CellKind, CharModel, Generator, ParameterSet, Segments, sample};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use train::{Adam, Trainer};

#[derive(Parser)]
struct Args {
    /// W1 to W6
    workload: String,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Parts of the mini-batch
    #[arg(long, default_value_t = 2)]
    parts: usize,
    /// Steps of the sequence, instead of the workload's
    #[arg(long)]
    steps: Option<usize>,
    /// Training steps to time; as many as fit in four seconds if not given
    #[arg(long)]
    reps: Option<usize>,
    /// Steps of a segment that is computed again on the way back
    #[arg(long)]
    recompute: Option<usize>,
    /// W6 with weights rounded to bf16
    #[arg(long)]
    rounded: bool,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

struct Part {
    batch: usize,
    inputs: Vec<usize>,
    targets: Vec<usize>,
    carried: Vec<Carried>,
}

/// cell, layers, V, H, B, T
const WORKLOADS: [(&str, CellKind, [usize; 5]); 5] = [
    ("W1", CellKind::Rnn, [1, 64, 100, 1, 25]),
    ("W2", CellKind::Lstm, [1, 64, 128, 32, 50]),
    ("W3", CellKind::Lstm, [2, 96, 512, 64, 64]),
    ("W4", CellKind::Gru, [1, 96, 256, 64, 64]),
    ("W5", CellKind::Lstm, [1, 16, 64, 16, 1000]),
];

fn main() {
    let args = Args::parse();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads);
    pool.build().expect("threads").install(|| run(&args));
}

fn run(args: &Args) {
    if args.workload == "W6" {
        return write(args);
    }
    let found = WORKLOADS.iter().find(|w| w.0 == args.workload);
    let Some(&(name, kind, [layers, v, h, b, t])) = found else {
        return eprintln!("no workload {}", args.workload);
    };
    let t = args.steps.unwrap_or(t);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut parameters = ParameterSet::new();
    let model = CharModel::new(&mut parameters, kind, v, h, layers, &mut rng);
    let mut trainer = Trainer::new(parameters, Adam::new(2e-3)).clip(5.0);
    let mut parts: Vec<Part> = (0..args.parts.min(b))
        .map(|_| {
            let batch = b / args.parts.min(b);
            let mut draw = || (0..t * batch).map(|_| rng.random_range(0..v)).collect();
            let (inputs, targets) = (draw(), draw());
            Part {
                batch,
                inputs,
                targets,
                carried: model.zeros(batch),
            }
        })
        .collect();
    let mut step = || {
        let start = Instant::now();
        let report = trainer.step_in_parts(&mut parts, |p, part| {
            let (symbols, carried) = ((&*part.inputs, &*part.targets), &part.carried);
            let loss = match args.recompute {
                Some(segment) => {
                    let segments = Segments::from(segment);
                    let loss = model.loss_in_segments(p, symbols, part.batch, carried, segments);
                    loss.0
                }
                None => {
                    let (logits, _) = model.logits(p, symbols.0, part.batch, carried);
                    logits.cross_entropy(symbols.1)
                }
            };
            loss * (part.batch as f32 / b as f32)
        });
        report.expect("a finite loss");
        start.elapsed().as_secs_f64()
    };
    step();
    let one = step();
    let reps = args.reps.unwrap_or(((4.0 / one) as usize).clamp(7, 2000));
    let times = sorted((0..reps).map(|_| step()));
    let median = times[reps / 2];
    println!(
        "{{\"peer\": \"bptt\", \"workload\": \"{name}\", \"threads\": {}, \"ms_median\": {:.4}, \"ms_min\": {:.4}, \"tokens_per_s\": {:.0}}}",
        args.threads,
        median * 1e3,
        times[0] * 1e3,
        (b * t) as f64 / median,
    );
}

/// W6: characters written with W3's model.
fn write(args: &Args) {
    let (vocabulary, hidden, layers) = (96, 512, 2);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut parameters = ParameterSet::<f32>::new();
    let kind = CellKind::Lstm;
    let model = CharModel::new(&mut parameters, kind, vocabulary, hidden, layers, &mut rng);
    let mut generator = Generator::new(&model, &parameters, 1);
    if args.rounded {
        generator = generator.with_rounded_weights();
    }
    let mut symbol = 0;
    let mut write = |count: usize| {
        let start = Instant::now();
        for _ in 0..count {
            let logits = generator.read(&[symbol]);
            symbol = sample(logits.row(0), 1.0, None, &mut rng).expect("finite logits");
        }
        start.elapsed().as_secs_f64() / count as f64
    };
    write(50);
    let reps = args.reps.unwrap_or(15);
    let times = sorted((0..reps).map(|_| write(200)));
    println!(
        "{{\"peer\": \"bptt\", \"workload\": \"W6\", \"threads\": {}, \"chars_per_s\": {:.1}}}",
        args.threads,
        1.0 / times[reps / 2],
    );
}

fn sorted(times: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut times: Vec<_> = times.collect();
    times.sort_by(f64::total_cmp);
    times
}
