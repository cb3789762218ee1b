//! Long chains with few states kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use autograd::{Checkpoints, Matrix, Tape, Var};
use proptest::prelude::*;

/// ∂E/∂w and ∂E/∂s of a chain, twice, with its blocks computed forward by the end of the first sweep.
fn run(plan: Checkpoints) -> ([Matrix<f64>; 3], [Matrix<f64>; 3], usize) {
    let tape = Tape::new();
    let w = tape.var(Matrix::from([[0.9, -0.4], [0.3, 0.8]]));
    let s = tape.var(Matrix::from([[0.5, -0.7], [0.2, 0.1]]));
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let y = tape.recompute_chain(&[w], s, plan, move |i, shared, s| {
        counted.fetch_add(1, Relaxed);
        block(i, shared[0], s)
    });
    let sweep = || {
        let gradients = y.square().sum().backward();
        [y.value().to_matrix(), gradients.of(w), gradients.of(s)]
    };
    let first = sweep();
    let calls = calls.load(Relaxed);
    (first, sweep(), calls)
}

fn block<'t>(i: usize, w: Var<'t, f64>, s: Var<'t, f64>) -> Var<'t, f64> {
    (s.matmul(w) + 0.1 * i as f64).tanh()
}

proptest! {
    /// Whatever is kept, the same to the bit, and as often computed as planned: the first sweep goes on
    /// from the states of the first pass, and the last block is computed once more to be recorded.
    #[test]
    fn what_is_kept_changes_nothing(blocks in 1..40_usize, slots in 1..12_usize) {
        let plan = Checkpoints { blocks, slots };
        let (found, again, calls) = run(plan);
        let (expected, _, _) = run(Checkpoints::all(blocks));
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(&again, &found);
        prop_assert_eq!(calls as u128, plan.forward_blocks() + 1);
    }
}

#[test]
fn a_chain_is_its_blocks() {
    let (found, ..) = run(Checkpoints {
        blocks: 9,
        slots: 3,
    });
    let tape = Tape::new();
    let w = tape.var(Matrix::from([[0.9, -0.4], [0.3, 0.8]]));
    let s = tape.var(Matrix::from([[0.5, -0.7], [0.2, 0.1]]));
    let y = (0..9).fold(s, |s, i| block(i, w, s));
    let gradients = y.square().sum().backward();
    assert_eq!(found[0], y.value().to_matrix());
    for (found, of) in found[1..].iter().zip([w, s]) {
        assert!(found.max_abs_diff(&gradients.of(of)) < 1e-14);
    }
}

#[test]
#[should_panic(expected = "recompute_chain: %0 [2, 1]: block 1 makes a state [1, 1] of one [2, 1]")]
fn a_state_keeps_its_shape() {
    let tape = Tape::<f64>::new();
    let s = tape.var(Matrix::zeros(2, 1));
    let plan = Checkpoints {
        blocks: 3,
        slots: 2,
    };
    tape.recompute_chain(&[], s, plan, |i, _, s| if i == 1 { s.sum() } else { s });
}
