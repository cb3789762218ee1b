//! What is shown of a tape is what is on it.

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_triangle_sums_to_the_gradient(n in 1..5_usize, choices in prop::collection::vec(any::<u8>(), 1..20)) {
        let tape = Tape::new();
        let e = graph(&tape, n, &choices);
        // Another error, of no step, that sees a part of the graph.
        let half = tape.node(tape.len() / 2).sum().named("half");
        let swept = (e + half).backward();
        let alone = [e.backward(), half.backward()];
        for parameter in [tape.node(0), tape.node(1)] {
            let triangle = parameter.triangle(&[e, half]);
            prop_assert!(close(&triangle.total(), &swept.of(parameter)));
            for (i, alone) in alone.iter().enumerate() {
                prop_assert!(close(&triangle.row_sum(i), &alone.of(parameter)));
            }
            let mut by_columns = Matrix::zeros(n, n);
            for step in triangle.steps() {
                by_columns += triangle.column_sum(step);
            }
            prop_assert!(close(&by_columns, &swept.of(parameter)));
        }
    }

    #[test]
    fn a_jacobian_has_the_gradients_of_all_elements(n in 1..4_usize, choices in prop::collection::vec(any::<u8>(), 1..20)) {
        let tape = Tape::new();
        graph(&tape, n, &choices);
        let y = tape.node(tape.len() - 3);
        let of: Vec<_> = (0..tape.len()).map(|i| tape.node(i)).filter(|v| v.info().needs_gradient).collect();
        let jacobians = y.jacobians(&of);
        for row in 0..n * n {
            let mut seed = Matrix::zeros(n, n);
            seed.data_mut()[row] = 1.0;
            let swept = y.backward_from(&seed);
            for (&x, jacobian) in of.iter().zip(&jacobians) {
                let expected = swept.of(x);
                let row = jacobian.view().row(row);
                for (a, b) in row.iter().zip(expected.data()) {
                    prop_assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "{} by {}", y.info(), x.info());
                }
            }
        }
    }

    #[test]
    fn a_mini_batchs_jacobian_has_a_block_for_each_sample(
        batch in 1..6_usize, hidden in 1..5_usize, steps in 1..5_usize, seed in any::<u8>(),
    ) {
        let tape = Tape::new();
        let wave = |r: usize, c: usize| ((seed as usize + r * 5 + c * 3) as f64).sin();
        let w = tape.var(Matrix::from_fn(hidden, hidden, wave));
        let mut states = vec![tape.var(Matrix::from_fn(batch, hidden, |r, c| wave(c, r)))];
        for t in 0..steps {
            states.push(states[t].matmul_t(w).tanh());
        }
        let (first, last) = (states[0], states[steps]);
        let blocks = last.jacobian_by_sample(first).expect("samples that do not mix");
        let whole = last.jacobian(first);
        for b in 0..batch {
            let part = b * hidden..(b + 1) * hidden;
            let block = whole.view().rows(part.clone()).cols(part).to_matrix();
            prop_assert!(close(&blocks[b], &block), "sample {b}");
        }
        let flow = last.square().sum().gradient_flow(&states);
        prop_assert!((flow.jacobians[0] - whole.norm()).abs() < 1e-10 * whole.norm().max(1.0));
        prop_assert!((flow.largest[0] - whole.singular_values()[0]).abs() < 1e-9);
        // Two samples that meet anywhere on the way are seen, whichever they are.
        let (from, to) = (seed as usize % batch, (seed as usize / 7) % batch);
        let passed = states[1].gather_rows(&[from]).scatter_add_rows(&[to], batch);
        let mixed = last * passed;
        prop_assert_eq!(mixed.jacobian_by_sample(first).is_none(), from != to);
    }
}

fn close(a: &Matrix<f64>, b: &Matrix<f64>) -> bool {
    a.max_abs_diff(b) <= 1e-10 * b.norm().max(1.0)
}

/// The lecture's network with one unit, by hand: h_t = tanh(u x_t + w h_{t-1}), E_t = h_t².
#[test]
fn rows_of_a_triangle_are_told_apart() {
    let tape = Tape::<f64>::new();
    let w = tape.var(Matrix::scalar(0.5)).named("W");
    let [a, b] = [w.square(), w.exp()].map(|e| e.named("E"));
    let timed = w.tanh().named("E").at(3);
    let names = [a, b, timed].map(|e| e.index());
    let expected = [
        format!("E %{}", names[0]),
        format!("E %{}", names[1]),
        "E.3".into(),
    ];
    assert_eq!(w.triangle(&[a, b, timed]).error_names(), expected);
}

#[test]
fn integers_are_arguments() {
    let tape = Tape::<f64>::new();
    let x = tape.var(Matrix::zeros(3, 2)).named("x");
    assert_eq!(x.gather_rows(&[2, 0]).arguments(), "[2, 0]");
    assert_eq!(x.gather_rows(&[2, 0, 1, 1, 0]).arguments(), "[2, 0, 1, …]");
    assert_eq!(
        x.scatter_add_rows(&[3, 3, 1], 4).arguments(),
        "4, [3, 3, 1]"
    );
}

#[test]
fn a_triangle_is_the_lectures_sum() {
    let tape = Tape::<f64>::new();
    let (u, w) = (0.7, -0.4);
    let u_var = tape.var(Matrix::scalar(u)).named("U");
    let w_var = tape.var(Matrix::scalar(w)).named("W");
    let x = [1.0, -0.5, 0.8];
    let mut h = tape.constant(Matrix::scalar(0.0));
    let (mut errors, mut states) = (vec![], vec![]);
    for (t, x) in x.into_iter().enumerate() {
        let _step = tape.step(t);
        let x = tape.constant(Matrix::scalar(x)).named("x");
        let z = (x.matmul_t(u_var) + h.matmul_t(w_var)).named("z");
        h = z.tanh().named("h");
        states.push(h);
        errors.push(h.square().named("E"));
    }
    let triangle = u_var.triangle(&errors);
    let value: Vec<f64> = states.iter().map(|h| h.item()).collect();
    let slope = |t: usize| 1.0 - value[t] * value[t];
    for i in 0..3 {
        for j in 0..3 {
            // ∂E_i/∂h_i · Π (1 − h_k²) w over j < k ≤ i · (1 − h_j²) x_j
            let way: f64 = (j + 1..=i).map(|k| slope(k) * w).product();
            let expected = (j <= i).then(|| 2.0 * value[i] * way * slope(j) * x[j]);
            let found = triangle.part(i, j).map(|m| m.data()[0]);
            match (found, expected) {
                (Some(found), Some(expected)) => assert!((found - expected).abs() < 1e-15),
                (found, expected) => assert_eq!(found, expected, "E_{i} through {j}"),
            }
        }
    }
    let formula = errors[2].nested_formula(u_var, &states);
    assert_eq!(formula.depth(), 3);
    assert!((formula.jacobian(2).data()[0] - slope(2) * w).abs() < 1e-15);
    assert!((formula.immediate(1).data()[0] - slope(1) * x[1]).abs() < 1e-15);
    assert!((formula.value().data()[0] - triangle.row_sum(2).data()[0]).abs() < 1e-15);
    let text = formula.to_string();
    assert!(
        text.starts_with("∂E₂/∂U = ∂E₂/∂h₂ (∂⁺h₂/∂U + ∂h₂/∂h₁ (∂⁺h₁/∂U + ∂h₁/∂h₀ ∂⁺h₀/∂U))\n"),
        "{text}"
    );
    // E_0 sees h_0 alone.
    assert_eq!(errors[0].nested_formula(u_var, &states).depth(), 1);
    println!("{triangle}{formula}\n{}", formula.latex());
}

#[test]
fn what_cannot_be_asked_for_is_refused_by_name() {
    let tape = Tape::<f64>::new();
    let x = tape.constant(Matrix::from([[1.0, 2.0]])).named("x");
    let w = tape.var(Matrix::from([[0.5, 0.5]])).named("W");
    let y = (x * w).named("y");
    let message = |f: &dyn Fn()| {
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).unwrap_err();
        *caught.downcast::<String>().unwrap()
    };
    let said = message(&|| drop(y.jacobian(x)));
    assert!(
        said.contains("no gradient is taken by x (constant): make it"),
        "{said}"
    );
    let said = message(&|| drop(w.triangle(&[y])));
    assert_eq!(said, "triangle() is of [1, 1] nodes, and y (mul) is [1, 2]");
    let other = Tape::new();
    let z = other.var(Matrix::scalar(1.0)).named("z");
    assert_eq!(
        message(&|| drop(w.triangle(&[z]))),
        "triangle(): W (variable) is of another tape than z (variable)"
    );
    let square = y.square();
    let sum = (y.sum() + square.sum()).named("E");
    let said = message(&|| drop(sum.nested_formula(w, &[y, square])));
    assert!(
        said.contains("E (add) sees y (mul) not only through later states"),
        "{said}"
    );
}

#[test]
fn rules_are_printed_with_the_names_of_the_operands() {
    let tape = Tape::<f64>::new();
    let node = |name| tape.var(Matrix::from([[0.5, 1.0], [0.2, 0.3]])).named(name);
    let (x, u, h, w, b) = (node("x"), node("U"), node("h"), node("W"), node("b"));
    let z = (b + x.matmul_t(u)).add_matmul_t(h, w).named("z");
    let unnamed = z.tanh();
    let e = (unnamed * h).sum().named("E");
    let updates: Vec<String> = e
        .replay()
        .flat_map(|event| event.sent)
        .map(|s| s.update)
        .collect();
    let expected = [
        "x̄ += ȳ", // of the sum, whose operand has no name
        "ā += ȳ ⊙ h",
        "h̄ += ȳ ⊙ %8",
        "z̄ += ȳ ⊙ (1 − y²)",
        "d̄ += ȳ",
        "h̄ += ȳ W",
        "W̄ += ȳᵀ h",
        "b̄ += ȳ",
        "b̄ += ȳ", // the letter of an operand without a name
        "x̄ += ȳ U",
        "Ū += ȳᵀ x",
    ];
    let spelled = expected.map(|text| {
        text.replace('\u{16a}', "U\u{304}")
            .replace('\u{101}', "a\u{304}")
    });
    assert_eq!(updates, spelled);
}

/// A rule may name an operand that was not given, such as the weights of a cross-entropy.
#[test]
fn every_operation_can_be_replayed() {
    let tape = Tape::<f64>::new();
    let x = tape.var(Matrix::from([[0.5, 1.0], [0.2, 0.3]])).named("x");
    let mask = tape
        .constant(Matrix::from([[1.0, 0.0], [0.0, 1.0]]))
        .named("m");
    let column = tape.constant(Matrix::from([[1.0], [0.5]])).named("w");
    let parts = [
        x.cross_entropy(&[0, 1]),
        x.cross_entropy_weighted(&[0, 1], column),
        x.mean_squared_error(mask),
        x.binary_cross_entropy(mask),
        x.dropout(mask, 0.5).select(mask, x).sum(),
        x.log_softmax().row_max().sum(),
        x.gather_rows(&[1, 1, 0]).transpose().sum_rows().sum_cols(),
        tape.recompute(&[x], |v| v[0].tanh().sum()),
        Var::concat_rows(&[x, x]).log_sum_exp().mean(),
    ];
    let e = Var::concat_cols(&parts).sum().named("E");
    let updates: Vec<_> = e
        .replay()
        .flat_map(|event| event.sent)
        .map(|s| s.update)
        .collect();
    assert!(updates.iter().all(|u| u.contains(" += ")), "{updates:?}");
    assert!(
        updates.contains(&"x\u{304} += ȳ w ⊙ (p − c) / 1.5".to_string()),
        "{updates:?}"
    );
}

/// What users call things cannot get out of where it is shown.
#[test]
fn hostile_names_stay_text_everywhere() {
    const EVIL: &str = "</title></svg></script><script>alert(1)</script>\"'&\\input{x}$^_%#~\u{0}";
    let tape = Tape::<f64>::new();
    let scope = tape.scope(EVIL);
    let w = tape.var(Matrix::scalar(0.5)).named(EVIL);
    let h = (w * 2.0).named(EVIL).at(0);
    let e = h.square().named(EVIL).at(0);
    drop(scope);
    let table = tape.table(Some(&e.backward())).html();
    let event = e.replay().next().expect("it sends something").html();
    for text in [table, event] {
        assert!(text.contains("&lt;script&gt;"), "it shows the name: {text}");
        assert!(!text.contains("<script>alert"), "{text}");
        assert!(!text.contains('\u{0}'), "{text}");
    }
    let latex = e.nested_formula(w, &[h]).latex();
    for part in ["<", "&\\input", "\\input", "$", "script>", "%", "#"] {
        assert!(!latex.contains(part), "{part} in {latex}");
    }
}
