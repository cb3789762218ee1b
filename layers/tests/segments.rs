//! Recomputation by segments changes nothing but the order of sums.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use autograd::{Gradients, Matrix, Tape};
use layers::{
    Bound, Cell, CellKind, CharModel, Gru, Lengths, ParameterSet, Reset, Segments, State, unroll,
    unroll_in_segments,
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::ChaCha8Rng};

const KINDS: [CellKind; 3] = [CellKind::Rnn, CellKind::Lstm, CellKind::Gru];
const INPUT: usize = 3;

fn cells(hidden: usize) -> Vec<(ParameterSet<f64>, Arc<dyn Cell<f64> + Send + Sync>)> {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut cells = Vec::new();
    for kind in KINDS {
        let mut set = ParameterSet::new();
        let cell = kind.build(&mut set, "layer", INPUT, hidden, &mut rng);
        cells.push((set, cell));
    }
    let mut set = ParameterSet::new();
    let cell = Gru::new(&mut set, "layer", INPUT, hidden, Reset::Before, &mut rng);
    cells.push((set, Arc::new(cell)));
    cells
}

fn assert_close(
    a: &Gradients<'_, f64>,
    p: &Bound<'_, f64>,
    b: &Gradients<'_, f64>,
    q: &Bound<'_, f64>,
) {
    for (x, y) in p.vars().zip(q.vars()) {
        let (a, b) = (a.of(x), b.of(y));
        assert!(a.max_abs_diff(&b) <= 1e-12 * a.norm().max(1e-3), "{a} {b}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_cell_in_segments(steps in 1..12_usize, batch in 1..4_usize, hidden in 1..5_usize, segment in 1..14_usize) {
        let x = Matrix::from_fn(steps * batch, INPUT, |r, c| ((r * 5 + c * 3 + 1) as f64).sin());
        for (set, cell) in cells(hidden) {
            let (tape, other) = (Tape::new(), Tape::new());
            let (p, q) = (set.bind(&tape), set.bind(&other));
            let zx = cell.project(&p, tape.constant(x.clone()));
            let whole = unroll(cell.as_ref(), &p, zx, batch, cell.initial_state(&p, batch));
            let zx = cell.project(&q, other.constant(x.clone()));
            let state = cell.initial_state(&q, batch);
            let parts = unroll_in_segments(&cell, &q, zx, batch, state, segment);
            prop_assert_eq!(whole.stacked().value().to_matrix(), parts.stacked().value().to_matrix());
            let p_found = whole.stacked().square().sum() + whole.state.c.unwrap_or(whole.state.h).sum();
            let q_found = parts.stacked().square().sum() + parts.state.c.unwrap_or(parts.state.h).sum();
            assert_close(&p_found.backward(), &p, &q_found.backward(), &q);
        }
    }

    #[test]
    fn a_character_model_in_segments(steps in 1..12_usize, batch in 1..4_usize, segment in 1..14_usize, layers in 1..3_usize) {
        for kind in KINDS {
            let mut set = ParameterSet::<f64>::new();
            let model = CharModel::new(&mut set, kind, 6, 4, layers, &mut ChaCha8Rng::seed_from_u64(5));
            let symbols: Vec<_> = (0..steps * batch).map(|i| (i * 7 + 1) % 6).collect();
            let targets: Vec<_> = (0..steps * batch).map(|i| (i * 5 + 2) % 6).collect();
            let (tape, other) = (Tape::new(), Tape::new());
            let (p, q) = (set.bind(&tape), set.bind(&other));
            let carried = model.zeros(batch);
            let (logits, states) = model.logits(&p, &symbols, batch, &carried);
            let whole = logits.cross_entropy(&targets);
            let (parts, finals) = model.loss_in_segments(&q, (&symbols, &targets), batch, &carried, segment);
            prop_assert!((whole.item() - parts.item()).abs() < 1e-13 * whole.item());
            for (a, b) in states.iter().zip(&finals) {
                prop_assert_eq!(a.h.value().to_matrix(), b.h.value().to_matrix());
                let values = |s: &State<'_, f64>| s.c.map(|c| c.value().to_matrix());
                prop_assert_eq!(values(a), values(b));
            }
            assert_close(&whole.backward(), &p, &parts.backward(), &q);
        }
    }

    /// Texts of any length, in any memory that does: at least as much as the message says.
    #[test]
    fn a_character_model_in_a_memory(lengths in prop::collection::vec(1..40_usize, 1..4), more in 0..300_000_usize, layers in 1..3_usize) {
        for kind in KINDS {
            let mut set = ParameterSet::<f64>::new();
            let model = CharModel::new(&mut set, kind, 6, 4, layers, &mut ChaCha8Rng::seed_from_u64(5));
            let lengths = Lengths::new(&lengths).unwrap();
            let symbols: Vec<_> = (0..lengths.row_count()).map(|i| (i * 7 + 1) % 6).collect();
            let targets: Vec<_> = symbols.iter().map(|s| (s * 5 + 2) % 6).collect();
            let (tape, other) = (Tape::new(), Tape::new());
            let (p, q) = (set.bind(&tape), set.bind(&other));
            let carried = model.zeros(lengths.samples());
            let (logits, states) = model.logits(&p, &symbols, &lengths, &carried);
            let whole = logits.cross_entropy(&targets);
            let within = |bytes| {
                let memory = Segments::memory(bytes);
                model.loss_in_segments(&q, (&symbols, &targets), &lengths, &carried, memory)
            };
            let refused = message(|| within(1));
            let least: usize = refused.rsplit(' ').next().unwrap().parse().unwrap();
            let steps = lengths.steps();
            prop_assert_eq!(refused, format!("a memory of 1 bytes: these {steps} steps take at least {least}"));
            message(|| within(least - 1));
            if lengths.are_equal() {
                prop_assert_eq!(model.least_memory(&set, lengths.samples(), steps), least);
            }
            let (parts, finals) = within(least + more);
            prop_assert!((whole.item() - parts.item()).abs() < 1e-13 * whole.item());
            for (a, b) in states.iter().zip(&finals) {
                prop_assert_eq!(a.h.value().to_matrix(), b.h.value().to_matrix());
            }
            assert_close(&whole.backward(), &p, &parts.backward(), &q);
        }
    }
}

/// What a function that has to panic says.
fn message<R>(f: impl FnOnce() -> R) -> String {
    let panic = catch_unwind(AssertUnwindSafe(f)).err().expect("a panic");
    *panic.downcast::<String>().expect("a message")
}
