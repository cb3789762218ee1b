//! The same seed gives the same run, bit for bit: on any number of threads, and across a stop.
#![allow(missing_docs)]

use layers::{Carried, CellKind, CharModel, ParameterSet};
use rand::{SeedableRng, rngs::ChaCha8Rng};
use train::{Adam, Checkpoint, Trainer};

/// A character model that learns a periodic text.
struct Run {
    model: CharModel,
    trainer: Trainer,
    /// The states of each part of the mini-batch.
    carried: Vec<Vec<Carried>>,
}

const BATCH: usize = 32;
const STEPS: usize = 12;

impl Run {
    fn new(kind: CellKind, hidden: usize, parts: usize) -> Self {
        let mut parameters = ParameterSet::new();
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let model = CharModel::new(&mut parameters, kind, 30, hidden, 2, &mut rng);
        let carried = (0..parts).map(|_| model.zeros(BATCH / parts)).collect();
        Run {
            model,
            trainer: Trainer::new(parameters, Adam::new(0.002)).clip(1.0),
            carried,
        }
    }

    fn step(&mut self, window: usize) -> f64 {
        let symbol = |stream: usize, t: usize| (t + window * STEPS + stream * 5) * 7 % 30;
        let Run {
            model,
            trainer,
            carried,
        } = self;
        let size = BATCH / carried.len();
        let mut parts: Vec<_> = carried.iter_mut().enumerate().collect();
        let report = trainer.step_in_parts(&mut parts, |p, (part, carried)| {
            let read = |t0: usize| -> Vec<usize> {
                let steps = t0..t0 + STEPS;
                let streams = *part * size..(*part + 1) * size;
                steps
                    .flat_map(|t| streams.clone().map(move |s| symbol(s, t)))
                    .collect()
            };
            let (logits, states) = model.logits(p, &read(0), size, carried);
            Carried::store_all(carried, &states);
            logits.cross_entropy(&read(1)) * (size as f32 / BATCH as f32)
        });
        report.expect("a finite loss").loss
    }
}

const KINDS: [CellKind; 3] = [CellKind::Rnn, CellKind::Lstm, CellKind::Gru];

#[test]
fn one_thread_or_two_give_the_same_losses() {
    for (kind, parts) in KINDS.into_iter().flat_map(|k| [(k, 1), (k, 2), (k, 4)]) {
        let losses = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let mut run = Run::new(kind, 320, parts); // large enough for products to be split
                (0..6).map(|w| run.step(w).to_bits()).collect::<Vec<_>>()
            })
        };
        assert_eq!(losses(1), losses(2), "{kind} in {parts} parts");
    }
}

#[test]
fn parts_of_a_mini_batch_learn_as_the_whole_does() {
    for kind in KINDS {
        let losses = |parts| {
            let mut run = Run::new(kind, 24, parts);
            (0..8).map(|w| run.step(w)).collect::<Vec<_>>()
        };
        for (whole, parts) in losses(1).into_iter().zip(losses(4)) {
            assert!(
                (whole - parts).abs() < 1e-4 * whole,
                "{kind}: {whole} {parts}"
            );
        }
    }
}

#[test]
fn a_run_that_is_saved_and_resumed_goes_on_as_if_unbroken() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let mut unbroken = Run::new(kind, 32, 2);
        let losses: Vec<_> = (0..12).map(|w| unbroken.step(w)).collect();
        assert!(losses[11] < losses[0], "it learns: {losses:?}");

        let mut first = Run::new(kind, 32, 2);
        (0..6).for_each(|w| _ = first.step(w));
        let file = folder.path().join(kind.to_string());
        first
            .trainer
            .checkpoint(serde_json::Value::Null)
            .save(&file)
            .unwrap();

        let mut second = Run::new(kind, 32, 2);
        second
            .trainer
            .restore(&Checkpoint::load(&file).unwrap())
            .unwrap();
        second.carried = first.carried;
        let resumed: Vec<_> = (6..12).map(|w| second.step(w)).collect();
        assert_eq!(resumed, losses[6..], "{kind}");
    }
}
