//! What is shown of a tape is what is on it.
#![allow(missing_docs)]

use autograd::{Matrix, Tape, Var};
use proptest::prelude::*;

/// A graph of some operations, chosen by `choices`, on matrices [n, n]: shared operands, views,
/// weights at several steps.
fn graph<'t>(tape: &'t Tape<f64>, n: usize, choices: &[u8]) -> Var<'t, f64> {
    let wave =
        |seed: usize| Matrix::from_fn(n, n, |r, c| ((r * 5 + c * 3 + seed) as f64).sin() * 0.5);
    let (x, w) = (tape.var(wave(1)).named("x"), tape.var(wave(2)).named("W"));
    let mut nodes = vec![x, w];
    for (t, &choice) in choices.iter().enumerate() {
        let _step = tape.step(t);
        let (a, b) = (
            nodes[nodes.len() - 1],
            nodes[choice as usize / 8 % nodes.len()],
        );
        nodes.push(match choice % 8 {
            0 => a.tanh().named("h"),
            1 => a + b,
            2 => a * b,
            3 => a.matmul_t(w),
            4 => b.add_matmul_t(a, w),
            5 => Var::concat_cols(&[a.cols(0..n / 2 + 1), b.cols(n / 2..n)])
                .cols(0..n)
                .sigmoid(),
            6 => a - b.detach(),
            _ => a.matmul(a) * 0.3,
        });
    }
    nodes[nodes.len() - 1].square().sum().named("E")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_replay_ends_where_the_sweep_does(n in 1..5_usize, choices in prop::collection::vec(any::<u8>(), 1..20)) {
        let tape = Tape::new();
        let e = graph(&tape, n, &choices);
        let swept = e.backward();
        let mut replay = e.replay();
        let mut last = usize::MAX;
        let mut totals = vec![None; tape.len()];
        for event in replay.by_ref() {
            prop_assert!(event.node.index < last);
            last = event.node.index;
            prop_assert_eq!(&event.gradient, &swept.of(tape.node(last)));
            for sent in &event.sent {
                totals[sent.to.index] = Some(sent.total.clone());
            }
        }
        let end = replay.finish();
        for index in 0..tape.len() {
            let node = tape.node(index);
            prop_assert_eq!(end.of(node), swept.of(node), "node {}", index);
            // Of a node without views, all that was sent is its gradient.
            let has_views = (0..tape.len()).any(|i| {
                let info = tape.node(i).info();
                matches!(info.operation, "rows" | "cols") && info.parents[0] == index
            });
            if let (Some(total), false) = (&totals[index], has_views) {
                let is_view = matches!(node.info().operation, "rows" | "cols");
                if !is_view {
                    let gradient = swept.of(node);
                    prop_assert!(total.max_abs_diff(&gradient) <= 1e-12 * gradient.norm().max(1.0), "node {}", index);
                }
            }
        }
    }
}

#[test]
fn a_replay_can_be_stopped_and_finished() {
    let tape = Tape::new();
    let e = graph(&tape, 3, &[3, 0, 3, 0, 3, 0]);
    let mut replay = e.replay();
    let first: Vec<_> = replay.by_ref().take(3).collect();
    assert_eq!(first[0].node.name, Some("E"));
    assert_eq!(first[1].sent[0].rule, "ȳ ⊙ (2 x)");
    let (x, w) = (tape.node(0), tape.node(1));
    let (end, swept) = (replay.finish(), e.backward());
    assert_eq!((end.of(x), end.of(w)), (swept.of(x), swept.of(w)));
}

#[test]
fn a_program_has_a_line_for_each_node_with_what_it_was_made_with() {
    let tape = Tape::<f64>::new();
    let x = tape.var(Matrix::from([[1.0, 2.0], [3.0, 4.0]])).named("x");
    let _scope = tape.scope("lstm1");
    let _step = tape.step(2);
    x.rows(1..2).powi(3).clamp(-1.0, 0.5).named("h");
    let expected = "let x: [2, 2] = variable
let lstm1/%1.2: [1, 2] = rows(x, 1..2)   # t = 2
let lstm1/%2.2: [1, 2] = powi(lstm1/%1.2, 3)   # t = 2
let lstm1/h.2: [1, 2] = clamp(lstm1/%2.2, -1, 0.5)   # t = 2
";
    assert_eq!(tape.program().to_string(), expected);
}

#[test]
fn a_table_is_filtered_and_summed_up() {
    let tape = Tape::new();
    let e = graph(&tape, 2, &[0; 30]);
    let gradients = e.backward();
    let table = tape.table(Some(&gradients));
    assert_eq!(table.rows().len(), tape.len());
    let text = table.clone().step(4).to_string();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains("h.4") && text.contains("tanh"), "{text}");
    assert_eq!(table.clone().operation("tanh").rows().len(), 30);
    assert!(table.clone().scope("nowhere").rows().is_empty());

    let long = Tape::new();
    graph(&long, 2, &[0; 200]);
    let text = long.table(None).to_string();
    assert!(
        text.starts_with("scope") && text.lines().count() == 203,
        "{text}"
    );
}
