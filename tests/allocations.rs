//! After the first step, a training step allocates no buffer: counted at the allocator.
#![allow(missing_docs)]
#![allow(unsafe_code)] // a global allocator is

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use layers::{Carried, CellKind, CharModel, ParameterSet};
use rand::{SeedableRng, rngs::ChaCha8Rng};
use train::{Adam, Trainer};

static COUNT: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

/// Counts allocations.
struct Counting;

// SAFETY: everything is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Relaxed);
        BYTES.fetch_add(layout.size(), Relaxed);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(at, layout) }
    }
}

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
