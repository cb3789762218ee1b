//! The same seed gives the same run, bit for bit: on any number of threads, and across a stop.
#![allow(missing_docs)]

use layers::{Carried, CellKind, CharModel, ParameterSet};
use rand::{SeedableRng, rngs::ChaCha8Rng};
use train::{Adam, Checkpoint, Trainer};

/// A character model that learns a periodic text.
struct Run {
    model: CharModel,
    trainer: Trainer,
    carried: Vec<Carried>,
}

const BATCH: usize = 32;
const STEPS: usize = 12;

impl Run {
    fn new(kind: CellKind, hidden: usize) -> Self {
        let mut parameters = ParameterSet::new();
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let model = CharModel::new(&mut parameters, kind, 30, hidden, 2, &mut rng);
        let carried = model.zeros(BATCH);
        Run {
            model,
            trainer: Trainer::new(parameters, Adam::new(0.002)).clip(1.0),
            carried,
        }
    }

    fn step(&mut self, window: usize) -> f64 {
        let symbol = |i: usize| (i / BATCH + window * STEPS + i % BATCH * 5) * 7 % 30;
        let inputs: Vec<_> = (0..STEPS * BATCH).map(symbol).collect();
        let targets: Vec<_> = (0..STEPS * BATCH).map(|i| symbol(i + BATCH)).collect();
        let Run {
            model,
            trainer,
            carried,
        } = self;
        let report = trainer.step(|p| {
            let (logits, states) = model.logits(p, &inputs, BATCH, carried, None);
            Carried::store_all(carried, &states);
            logits.cross_entropy(&targets)
        });
        report.expect("a finite loss").loss
    }
}

const KINDS: [CellKind; 3] = [CellKind::Rnn, CellKind::Lstm, CellKind::Gru];

#[test]
fn one_thread_or_two_give_the_same_losses() {
    for kind in KINDS {
        let losses = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let mut run = Run::new(kind, 320); // large enough for products to be split
                (0..6).map(|w| run.step(w).to_bits()).collect::<Vec<_>>()
            })
        };
        assert_eq!(losses(1), losses(2), "{kind}");
    }
}

#[test]
fn a_run_that_is_saved_and_resumed_goes_on_as_if_unbroken() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let mut unbroken = Run::new(kind, 32);
        let losses: Vec<_> = (0..12).map(|w| unbroken.step(w)).collect();
        assert!(losses[11] < losses[0], "it learns: {losses:?}");

        let mut first = Run::new(kind, 32);
        (0..6).for_each(|w| _ = first.step(w));
        let file = folder.path().join(kind.to_string());
        first
            .trainer
            .checkpoint(serde_json::Value::Null)
            .save(&file)
            .unwrap();

        let mut second = Run::new(kind, 32);
        second
            .trainer
            .restore(&Checkpoint::load(&file).unwrap())
            .unwrap();
        second.carried = first.carried;
        let resumed: Vec<_> = (6..12).map(|w| second.step(w)).collect();
        assert_eq!(resumed, losses[6..], "{kind}");
    }
}
