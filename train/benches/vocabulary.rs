//! What a training step of a text classifier costs with a vocabulary of some size, whose words' gradients are
//! dense or sparse: a line of JSON.
//!
//!     cargo bench --bench vocabulary -- 50000 [--sparse] [--reps 20]
#![allow(missing_docs)]

mod peak;

use std::time::Instant;

use clap::Parser;
use peak::peak_mb;
use train::prelude::*;

#[derive(Parser)]
struct Args {
    /// Words there are
    words: usize,
    /// Gradients of the words that were looked up only
    #[arg(long)]
    sparse: bool,
    /// Training steps to time
    #[arg(long, default_value_t = 20)]
    reps: usize,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// Of a mini-batch, and words of each.
const SENTENCES: usize = 32;
const LENGTH: usize = 20;
const FEATURES: usize = 128;
const HIDDEN: usize = 128;

fn main() {
    let args = Args::parse();
    let (mut set, mut rng) = (ParameterSet::<f32>::new(), ChaCha8Rng::seed_from_u64(1));
    let mut words = Embedding::new(&mut set, "words", args.words, FEATURES, &mut rng);
    if args.sparse {
        words = words.sparse(&mut set);
    }
    let lstm = Lstm::new(&mut set, "lstm", FEATURES, HIDDEN, &mut rng);
    let reader = Stack::new().with(words).with(Forward(lstm));
    let output = Linear::new(&mut set, "output", HIDDEN, 2, &mut rng);
    let before = peak_mb();
    let mut trainer = Trainer::new(set, Adam::new(1e-3)).clip(1.0);
    let mut step = || {
        let mut sentence = || {
            (0..LENGTH)
                .map(|_| rng.random_range(0..args.words))
                .collect()
        };
        let sentences: Vec<Vec<usize>> = (0..SENTENCES).map(|_| sentence()).collect();
        let start = Instant::now();
        let report = trainer.step(|p| {
            let x = Sequence::from_symbols(&sentences).expect("words");
            let last = reader.run(p, x).last();
            let logits = output.apply(p, last);
            logits.cross_entropy(&[0, 1].repeat(SENTENCES / 2))
        });
        report.expect("a finite loss");
        start.elapsed().as_secs_f64() * 1e3
    };
    step();
    let mut times: Vec<_> = (0..args.reps.max(1)).map(|_| step()).collect();
    times.sort_by(f64::total_cmp);
    println!(
        "{{\"words\": {}, \"sparse\": {}, \"ms_median\": {:.2}, \"ms_min\": {:.2}, \"before_mb\": {before:.0}, \"peak_mb\": {:.0}}}",
        args.words,
        args.sparse,
        times[times.len() / 2],
        times[0],
        peak_mb(),
    );
}
