//! Times one workload of sequences of unequal length and prints a line of JSON, as the peers' scripts do.
//!
//!     cargo bench --bench sequences -- W7 --threads 2 [--padded]
#![allow(missing_docs)]

use std::sync::Arc;
use std::time::Instant;

use autograd::{Matrix, Var};
use clap::Parser;
use layers::{
    Attention, Bidirectional, Bound, Decoder, Embedding, Forward, Gru, Layer, Lengths, Linear,
    Lstm, ParameterSet, Reset, Sequence, Stack, State, States,
};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use train::{Adam, Fit, Sequential, Trainer};

#[derive(Parser)]
struct Args {
    /// W7, W8, W9, or fit: W7's sentences as words, by a list of layers and its loop
    workload: String,
    /// Threads, and parts of the mini-batch, to which its samples are dealt
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Every sample as long as the longest, as if it were padded
    #[arg(long)]
    padded: bool,
    /// Samples of the mini-batch, evenly among the 32 by their lengths
    #[arg(long, default_value_t = 32)]
    samples: usize,
    /// Words of each language of W8
    #[arg(long, default_value_t = 5000)]
    words: usize,
    /// Training steps to time; as many as fit in four seconds if not given
    #[arg(long)]
    reps: Option<usize>,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// 32 quantiles of the words of a sentence in rt-polarity (Pang and Lee 2005), 10,662 snippets.
const SENTENCES: [usize; 32] = [
    4, 6, 8, 9, 10, 12, 13, 14, 14, 15, 16, 17, 18, 18, 19, 20, 21, 22, 22, 23, 24, 25, 26, 27, 28,
    29, 30, 31, 33, 35, 38, 43,
];
/// Those of the words in Multi30k (Elliott et al. 2016), English and French, 29,000 pairs.
const ENGLISH: [usize; 32] = [
    7, 8, 8, 9, 9, 9, 10, 10, 10, 11, 11, 11, 11, 12, 12, 12, 13, 13, 13, 14, 14, 14, 15, 15, 16,
    16, 17, 17, 18, 19, 21, 24,
];
const FRENCH: [usize; 32] = [
    7, 8, 9, 9, 10, 10, 11, 11, 11, 12, 12, 12, 13, 13, 13, 14, 14, 15, 15, 15, 16, 16, 17, 17, 18,
    19, 19, 20, 21, 23, 25, 29,
];

fn main() {
    let args = Args::parse();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads);
    pool.build().expect("threads").install(|| run(&args));
}

fn run(args: &Args) {
    let mut set = ParameterSet::new();
    match args.workload.as_str() {
        "W7" => {
            let model = Classifier::of_sentences(&mut set);
            time(args, set, &parts(args, &[SENTENCES]), |p, part| {
                model.loss(p, part)
            });
        }
        "W8" => {
            let model = Translator::new(&mut set, args.words);
            let parts = parts(args, &[ENGLISH, FRENCH]);
            time(args, set, &parts, |p, part| model.loss(p, part));
        }
        "W9" => {
            let model = Classifier::of_equal_lengths(&mut set);
            time(args, set, &parts(args, &[[20; 32]]), |p, part| {
                model.loss(p, part)
            });
        }
        "fit" => fit(args),
        other => eprintln!("no workload {other}"),
    }
}

/// Some samples of a mini-batch: of each of its sequences the lengths, symbols for the steps, and features.
struct Part {
    share: f32,
    sequences: Vec<(Lengths, Vec<usize>)>,
    features: Arc<Matrix>,
    classes: Vec<usize>,
}

fn parts(args: &Args, lengths: &[[usize; 32]]) -> Vec<Part> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let some = |all: &[usize; 32]| all.iter().step_by(32 / args.samples).copied().collect();
    let lengths: Vec<Vec<usize>> = lengths.iter().map(some).collect();
    let dealt = Lengths::new(&lengths[0])
        .expect("lengths")
        .deal(args.threads);
    let mut part = |samples: &Vec<usize>| {
        let sequence = |all: &Vec<usize>| {
            let longest = *all.iter().max().expect("lengths");
            let length = |&sample: &usize| if args.padded { longest } else { all[sample] };
            Lengths::new(&samples.iter().map(length).collect::<Vec<_>>()).expect("lengths")
        };
        let lengths: Vec<_> = lengths.iter().map(sequence).collect();
        let mut symbols = |n| (0..n).map(|_| rng.random_range(0..args.words)).collect();
        let sequences: Vec<_> = lengths
            .iter()
            .map(|l| (l.clone(), symbols(l.row_count())))
            .collect();
        let feature = |_, _| rng.random_range(-1.0..1.0);
        Part {
            share: samples.len() as f32 / args.samples as f32,
            features: Arc::new(Matrix::from_fn(lengths[0].row_count(), 128, feature)),
            classes: samples.iter().map(|s| s % 2).collect(),
            sequences,
        }
    };
    dealt.iter().map(&mut part).collect()
}

/// W7 and W9: LSTMs of 128 units on 128 features, and two classes from their last states.
struct Classifier {
    layer: Box<dyn Layer<f32> + Send + Sync>,
    output: Linear,
}

impl Classifier {
    fn of_sentences(set: &mut ParameterSet) -> Self {
        let rng = &mut ChaCha8Rng::seed_from_u64(1);
        let layer = Bidirectional::new("lstm1", |name| Lstm::new(set, name, 128, 128, rng));
        let output = Linear::new(set, "output", 256, 2, rng);
        Classifier {
            layer: Box::new(layer),
            output,
        }
    }

    fn of_equal_lengths(set: &mut ParameterSet) -> Self {
        let rng = &mut ChaCha8Rng::seed_from_u64(1);
        let layer = Box::new(Forward(Lstm::new(set, "lstm1", 128, 128, rng)));
        Classifier {
            layer,
            output: Linear::new(set, "output", 128, 2, rng),
        }
    }

    fn loss<'t>(&self, p: &Bound<'t>, part: &Part) -> Var<'t> {
        let x = p.tape().constant(Arc::clone(&part.features));
        let mut states = States::initial();
        self.layer.pass(
            p,
            Sequence::from_stacked(x, &part.sequences[0].0),
            &mut states,
        );
        let last: Vec<_> = states.last().iter().map(|s| s.h).collect();
        self.output
            .apply(p, Var::concat_cols(&last))
            .cross_entropy(&part.classes)
            * part.share
    }
}

/// W8: GRUs of 256 units with dot attention, 5,000 words.
struct Translator {
    encoder: Stack,
    decoder: Decoder,
}

impl Translator {
    fn new(set: &mut ParameterSet, words: usize) -> Self {
        let rng = &mut ChaCha8Rng::seed_from_u64(1);
        let mut layers = |language: &str| {
            Stack::new()
                .with(Embedding::new(
                    set,
                    &format!("{language}.words"),
                    words,
                    256,
                    rng,
                ))
                .with(Forward(Gru::new(
                    set,
                    &format!("{language}.gru"),
                    256,
                    256,
                    Reset::After,
                    rng,
                )))
        };
        let (encoder, writer) = (layers("english"), layers("french"));
        let output = Linear::new(set, "output", 512, words, rng);
        Translator {
            encoder,
            decoder: Decoder::new(writer, Attention::dot(), output),
        }
    }

    fn loss<'t>(&self, p: &Bound<'t>, part: &Part) -> Var<'t> {
        let [english, french] = &part.sequences[..] else {
            unreachable!("two languages")
        };
        let x = Sequence::from_stacked_symbols(&english.1, &english.0);
        let mut states = States::initial();
        let encoded = self.encoder.pass(p, x, &mut states);
        let memory = self.decoder.remember(p, &encoded);
        let start: Vec<State<'t>> = states.last();
        let y = Sequence::from_stacked_symbols(&french.1, &french.0);
        let decoded = self.decoder.run(p, y, &memory, &start);
        // Each word as the target of itself: what it is makes no difference to the time.
        decoded.logits.cross_entropy_sum(&french.1) * (1.0 / 480.0)
    }
}

/// Epochs of two mini-batches, with all that a loop does around its steps.
fn fit(args: &Args) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let lengths = SENTENCES.iter().step_by(32 / args.samples).cycle();
    let mut sentence = |&length: &usize| {
        let words = (0..length).map(|_| rng.random_range(0..args.words));
        (words.collect::<Vec<usize>>(), length % 2)
    };
    let data: Vec<_> = lengths.take(2 * args.samples).map(&mut sentence).collect();
    let mut model = Sequential::<f32>::of_symbols(args.words, 128)
        .bidirectional_lstm(128)
        .last()
        .dense(2)
        .classifier(Adam::new(2e-3));
    let epochs = args.reps.unwrap_or(20) as u64;
    let mut fit = Fit::new(epochs).silent();
    let ended = model.fit_with(&mut fit, args.samples, &data, &[]);
    ended.expect("finite losses");
    let steps = fit.history().epochs.iter().map(|epoch| epoch.seconds / 2.0);
    let mut steps: Vec<_> = steps.collect();
    steps.sort_by(f64::total_cmp);
    println!(
        "{{\"peer\": \"bptt\", \"workload\": \"fit\", \"threads\": {}, \"ms_median\": {:.4}}}",
        args.threads,
        steps[steps.len() / 2] * 1e3,
    );
}

fn time<F>(args: &Args, set: ParameterSet, parts: &[Part], loss: F)
where
    F: for<'t> Fn(&Bound<'t>, &Part) -> Var<'t> + Sync,
{
    let mut trainer = Trainer::new(set, Adam::new(2e-3)).clip(5.0);
    let mut parts: Vec<&Part> = parts.iter().collect();
    let mut step = || {
        let start = Instant::now();
        let report = trainer.step_in_parts(&mut parts, |p, part| loss(p, part));
        report.expect("a finite loss");
        start.elapsed().as_secs_f64()
    };
    step();
    let one = step();
    let reps = args.reps.unwrap_or(((4.0 / one) as usize).clamp(7, 2000));
    let mut times: Vec<_> = (0..reps).map(|_| step()).collect();
    times.sort_by(f64::total_cmp);
    println!(
        "{{\"peer\": \"bptt\", \"workload\": \"{}\", \"threads\": {}, \"ms_median\": {:.4}, \"ms_min\": {:.4}}}",
        args.workload,
        args.threads,
        times[reps / 2] * 1e3,
        times[0] * 1e3,
    );
}
