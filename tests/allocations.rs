//! After the first step, a training step allocates no buffer: counted at the allocator.
#![allow(missing_docs)]

mod counting;

use std::sync::atomic::Ordering::Relaxed;

use counting::{BYTES, COUNT, Counting};
use layers::{Carried, CellKind, CharModel, ParameterSet};
use rand::{SeedableRng, rngs::ChaCha8Rng};
use train::{Adam, Trainer};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_training_step_allocates_lists_of_handles_and_nothing_else() {
    rayon::broadcast(|_| ()); // so that threads do not start, and allocate, while we count
    let (batch, steps, vocabulary) = (4, 25, 20);
    for kind in [CellKind::Rnn, CellKind::Lstm, CellKind::Gru] {
        let mut parameters = ParameterSet::<f32>::new();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let model = CharModel::new(&mut parameters, kind, vocabulary, 32, 2, &mut rng);
        let mut trainer = Trainer::new(parameters, Adam::new(1e-3)).clip(5.0);
        let mut carried = model.zeros(batch);
        let inputs: Vec<_> = (0..steps * batch).map(|i| i * 7 % vocabulary).collect();
        let targets: Vec<_> = (0..steps * batch).map(|i| i * 3 % vocabulary).collect();
        let mut step = || {
            let before = (COUNT.load(Relaxed), BYTES.load(Relaxed));
            let report = trainer.step(|p| {
                let (logits, states) = model.logits(p, &inputs, batch, &carried);
                Carried::store_all(&mut carried, &states);
                logits.cross_entropy(&targets)
            });
            report.expect("a finite loss");
            (
                COUNT.load(Relaxed) - before.0,
                BYTES.load(Relaxed) - before.1,
            )
        };
        let first = step();
        let later: Vec<_> = (0..3).map(|_| step()).collect();
        println!("{kind}: first step {first:?}, later {later:?} (allocations, bytes)");
        let buffers = trainer.tape().stats().allocated;
        assert!(later[0] == later[2], "steps differ: {later:?}");
        // A handle is 16 bytes; a layer lists one for each step, and a few for its states. The sequence
        // that is read owns its symbols.
        let handles = 2 * 2 * 16 * (steps + 9) + 8 * steps * batch;
        assert!(
            later[2].0 < 40 && later[2].1 <= handles,
            "{kind}: {:?} {handles}",
            later[2]
        );
        assert_eq!(trainer.tape().stats().allocated, buffers);
    }
}
