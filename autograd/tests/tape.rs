//! The tape and the sweep: names, storage, recycled buffers, long recordings, errors.

use autograd::{Gradients, Keep, Matrix, Tape, Var};
use proptest::prelude::*;

/// h_t = tanh(U x_t + W h_{t-1} + b) over `steps` steps of `batch` rows, and the sum of all h.
fn rnn<'t>(p: &[Var<'t, f64>], steps: usize, batch: usize) -> Var<'t, f64> {
    let [u, w, b] = [p[0], p[1], p[2]];
    let tape = u.tape();
    let wave = |r: usize, c: usize| ((r * 7 + c * 3) as f64).sin();
    let zx = tape
        .constant(Matrix::from_fn(steps * batch, u.col_count(), wave))
        .matmul_t(u)
        + b;
    let mut h = tape.zeros(batch, w.row_count());
    let mut all = Vec::new();
    for t in 0..steps {
        let _step = tape.step(t);
        h = (zx.rows(t * batch..(t + 1) * batch) + h.matmul_t(w))
            .tanh()
            .named("h");
        all.push(h);
    }
    Var::concat_rows(&all).sum().named("E")
}

fn parameters(hidden: usize) -> Vec<Matrix<f64>> {
    let wave = |r: usize, c: usize| 0.4 * ((r * 5 + c * 11) as f64).cos();
    [(hidden, 3), (hidden, hidden), (1, hidden)]
        .map(|(r, c)| Matrix::from_fn(r, c, wave))
        .into()
}

fn bind<'t>(tape: &'t Tape<f64>, parameters: &[Matrix<f64>]) -> Vec<Var<'t, f64>> {
    parameters.iter().map(|m| tape.var(m.clone())).collect()
}

#[test]
fn the_gradients_of_many_steps_are_the_same_gathered_or_one_by_one() {
    // 300 steps of 5 rows fill the gathered product several times over.
    let (hidden, steps, batch) = (4, 300, 5);
    let parameters = parameters(hidden);
    let tape = Tape::new();
    let p = bind(&tape, &parameters);
    let gathered = rnn(&p, steps, batch).backward();
    // A copy of W for each step gets one contribution each; their sum is the gradient of W.
    let apart = Tape::new();
    let q = bind(&apart, &parameters);
    let copies: Vec<_> = (0..steps)
        .map(|_| apart.var(parameters[1].clone()))
        .collect();
    let wave = |r: usize, c: usize| ((r * 7 + c * 3) as f64).sin();
    let zx = apart
        .constant(Matrix::from_fn(steps * batch, 3, wave))
        .matmul_t(q[0])
        + q[2];
    let mut h = apart.zeros(batch, hidden);
    let mut all = Vec::new();
    for t in 0..steps {
        h = (zx.rows(t * batch..(t + 1) * batch) + h.matmul_t(copies[t])).tanh();
        all.push(h);
    }
    let one_by_one = Var::concat_rows(&all).sum().backward();
    let mut sum = Matrix::zeros(hidden, hidden);
    for &w in &copies {
        sum += one_by_one.of(w);
    }
    assert!(gathered.of(p[1]).max_abs_diff(&sum) < 1e-10 * sum.norm());
    assert!(gathered.of(p[0]).max_abs_diff(&one_by_one.of(q[0])) < 1e-10 * sum.norm());
}

#[test]
fn after_the_first_pass_recording_and_sweeping_allocate_no_buffer() {
    let parameters = parameters(6);
    let mut tape = Tape::new();
    let mut allocated = Vec::new();
    for keep in [
        Keep::Leaves,
        Keep::Leaves,
        Keep::Leaves,
        Keep::All,
        Keep::All,
        Keep::All,
    ] {
        let e = rnn(&bind(&tape, &parameters), 20, 3);
        drop(e.backward_keeping(keep));
        tape.clear();
        allocated.push(tape.stats().allocated);
    }
    assert_eq!(allocated[0], allocated[2]);
    assert_eq!(allocated[3], allocated[5]);
    assert!(tape.stats().recycled > 5 * 80);
}

#[test]
fn clearing_changes_no_result() {
    let parameters = parameters(5);
    let mut tape = Tape::new();
    let mut results = Vec::new();
    for _ in 0..3 {
        let p = bind(&tape, &parameters);
        let gradients = rnn(&p, 9, 2).backward();
        results.push(p.iter().map(|&v| gradients.of(v)).collect::<Vec<_>>());
        drop(gradients);
        tape.clear();
    }
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
}

#[test]
fn a_hundred_thousand_steps_do_not_overflow_the_stack() {
    let run = || {
        let tape = Tape::new();
        let w = tape.var(Matrix::scalar(0.999_f64));
        let mut h = tape.constant(Matrix::scalar(1.0));
        for t in 0..100_000 {
            let _step = tape.step(t);
            h = h * w;
        }
        let expected = 100_000.0 * 0.999_f64.powi(99_999);
        let found = h.backward().of(w).data()[0];
        assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
    };
    // A small stack, so that any recursion would show.
    std::thread::Builder::new()
        .stack_size(128 << 10)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn keeping_leaves_gives_their_gradients_and_no_others() {
    let tape = Tape::new();
    let p = bind(&tape, &parameters(3));
    let e = rnn(&p, 4, 2);
    let all = e.backward();
    let leaves = e.backward_keeping(Keep::Leaves);
    for &v in &p {
        assert_eq!(all.of(v), leaves.of(v));
    }
    let h = tape.node(e.index() - 2);
    assert_eq!(h.info().name, Some("h"));
    assert!(all.get(h).is_some() && leaves.get(h).is_none());
}

#[test]
fn detach_cuts_the_graph() {
    let tape = Tape::<f64>::new();
    let x = tape.var(Matrix::scalar(3.0));
    let y = x.square();
    let gradients = (y.detach() * x).backward();
    assert_eq!(gradients.of(x), Matrix::scalar(9.0));
    assert!(gradients.get(y).is_none());
}

#[test]
fn what_does_not_lead_to_the_start_has_no_gradient() {
    let tape = Tape::<f64>::new();
    let (x, unused) = (
        tape.var(Matrix::scalar(2.0)),
        tape.var(Matrix::from([[1.0, 2.0]])),
    );
    let constant = tape.constant(Matrix::scalar(5.0));
    let y = x * constant;
    let later = y * unused;
    let gradients: Gradients<'_, f64> = y.backward();
    assert!(
        [unused, constant, later]
            .iter()
            .all(|&v| gradients.get(v).is_none())
    );
    assert_eq!(gradients.of(unused), Matrix::zeros(1, 2));
    assert!((constant * 2.0).backward().get(x).is_none());
}

#[test]
fn nodes_have_names_scopes_and_times() {
    let tape = Tape::<f32>::new();
    let x = tape.zeros(2, 3);
    let h = {
        let _outer = tape.scope("encoder");
        let _inner = tape.scope("lstm1");
        let _step = tape.step(7);
        x.tanh().named("h")
    };
    assert_eq!(h.info().to_string(), "encoder/lstm1/h.7 (tanh)");
    assert_eq!(x.tanh().at(2).info().label(), "%2.2");
    assert_eq!(h.info().parents, [0]);
}

#[test]
fn a_view_shares_the_storage_of_what_it_is_a_part_of() {
    let tape = Tape::<f64>::new();
    let m = tape.var(Matrix::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]));
    let before = tape.stats();
    let part = m.cols(1..3).rows(1..2);
    let after = tape.stats();
    assert_eq!(after.elements, before.elements);
    assert_eq!(
        (after.bytes.values, after.bytes.viewed),
        (before.bytes.values, 48)
    );
    assert!(std::ptr::eq(
        part.value().row(0).as_ptr(),
        &m.value()[(1, 1)]
    ));
    let gradients = part.square().sum().backward();
    assert_eq!(
        gradients.of(m),
        Matrix::from([[0.0, 0.0, 0.0], [0.0, 10.0, 12.0]])
    );
    assert_eq!(gradients.of(part), Matrix::from([[10.0, 12.0]]));
}

#[test]
fn the_first_node_that_is_not_finite_is_found() {
    let tape = Tape::<f32>::new();
    let x = tape.var(Matrix::from([[1.0, 0.0]]));
    let _step = tape.step(3);
    let bad = x.ln().named("z");
    bad.exp().sum();
    assert_eq!(
        tape.first_non_finite().map(|n| n.to_string()).as_deref(),
        Some("z.3 (ln)")
    );
}

fn message(f: impl FnOnce(&Tape<f32>)) -> String {
    let tape = Tape::new();
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| f(&tape))).unwrap_err();
    tape.zeros(1, 1).tanh(); // the tape goes on working
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn a_shape_mistake_names_operation_labels_and_shapes() {
    let text = message(|tape| {
        let x = tape.zeros(32, 64).named("x");
        let u = tape.zeros(100, 65).named("U");
        x.matmul_t(u);
    });
    assert_eq!(
        text,
        "matmul_t: x [32, 64] against U [100, 65]: 64 columns against 65"
    );
    let text = message(|tape| {
        let _ = tape.zeros(2, 3) + tape.zeros(3, 2);
    });
    assert!(
        text.starts_with("add: %0 [2, 3] against %1 [3, 2]: the shapes must be equal"),
        "{text}"
    );
    let text = message(|tape| {
        tape.zeros(2, 3).named("y").cross_entropy(&[0, 3]);
    });
    assert!(
        text.ends_with("target 3 of row 1 is not below 3 classes"),
        "{text}"
    );
    let text = message(|tape| {
        tape.zeros(2, 3).cols(1..4);
    });
    assert!(text.ends_with("1..4 of 3 columns"), "{text}");
    let text = message(|tape| {
        tape.zeros(2, 3).named("h").backward();
    });
    assert!(text.contains("h (data) is [2, 3]: give a seed"), "{text}");
    let other = Tape::new();
    let text = message(|tape| {
        let _ = tape.zeros(1, 1) + other.zeros(1, 1);
    });
    assert_eq!(text, "add: %0 is of another tape than that of %0");
}

#[test]
fn losses_survive_extreme_logits() {
    let tape = Tape::<f32>::new();
    let x = tape.var(Matrix::from([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4]]));
    let e = x.cross_entropy(&[1, 2]);
    assert!((e.item() - (2e4 + 3_f32.ln()) / 2.0).abs() < 1e-2);
    assert!(e.backward().of(x).view().is_finite());
    let targets = tape.constant(Matrix::from([[0.0, 1.0, 1.0], [1.0, 0.0, 0.5]]));
    assert!(x.binary_cross_entropy(targets).item().is_finite());
    let none = tape.zeros(2, 1);
    let masked = x.cross_entropy_weighted(&[0, 0], none);
    assert_eq!((masked.item(), masked.backward().of(x).norm()), (0.0, 0.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// The one operation that stands for two: its result is theirs to the bit.
    #[test]
    fn add_matmul_t_is_a_sum_with_a_product(m in 1..40_usize, k in 1..40_usize, n in 1..70_usize, spread: bool) {
        let wave = |r: usize, c: usize| ((r * 31 + c * 17) as f32).sin();
        let tape = Tape::new();
        let d = tape.var(Matrix::from_fn(if spread { 1 } else { m }, n, wave));
        let a = tape.var(Matrix::from_fn(m, k, wave));
        let b = tape.var(Matrix::from_fn(n, k, wave));
        let (one, two) = (d.add_matmul_t(a, b), d + a.matmul_t(b));
        prop_assert_eq!(one.value().to_matrix(), two.value().to_matrix());
        let (one, two) = (one.tanh().sum().backward(), two.tanh().sum().backward());
        for x in [d, a, b] {
            prop_assert_eq!(one.of(x), two.of(x));
        }
    }

    /// Products are split by their shapes alone, so the pool's size changes no bit.
    #[test]
    fn thread_count_changes_nothing(m in 1..300_usize, k in 200..400_usize, n in 100..600_usize) {
        let wave = |r: usize, c: usize| ((r * 31 + c * 17) as f32).sin();
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let tape = Tape::new();
                let a = tape.var(Matrix::from_fn(m, k, wave));
                let b = tape.var(Matrix::from_fn(n, k, wave));
                let y = a.matmul_t(b).tanh();
                let gradients = y.sum().backward();
                (y.value().to_matrix(), gradients.of(a), gradients.of(b))
            })
        };
        prop_assert!(run(1) == run(2));
    }
}

#[test]
fn a_rewound_tape_goes_on_from_what_it_keeps_without_an_allocation() {
    let parameters = parameters(6);
    let mut tape = Tape::new();
    let kept = bind(&tape, &parameters).len();
    let x = Matrix::from_fn(2, 6, |r, c| (r + 2 * c) as f64 * 0.1);
    let mut allocated = Vec::new();
    let mut results = Vec::new();
    for _ in 0..4 {
        let w = tape.node(1);
        let x = tape.constant_with(2, 6, |to| to.data_mut().copy_from_slice(x.data()));
        let y = x.matmul_t(w).matmul(w.rows(0..6)).tanh();
        results.push((y.value().to_matrix(), y.sum().backward().of(w)));
        tape.rewind(kept);
        assert_eq!(tape.len(), kept);
        allocated.push(tape.stats().allocated);
    }
    assert!(results.iter().all(|r| *r == results[0]));
    assert_eq!(allocated[0], allocated[3]);
}

#[test]
fn what_look_ups_send_to_a_variable_is_known_by_rows_and_whole() {
    let tape = Tape::<f64>::new();
    let e = tape.var(Matrix::from_fn(6, 2, |r, c| (r + 3 * c) as f64));
    let h = e * 2.0;
    let looked_up = (e.gather_rows(&[4, 1, 4]).tanh() * e.gather_rows(&[1, 0, 4])).sum();
    let by_hand = Matrix::one_hot(&[4, 1, 4], 6);
    let second = Matrix::one_hot(&[1, 0, 4], 6);
    let [first, second] = [by_hand, second].map(|m| tape.constant(m));
    let by_products = (first.matmul(e).tanh() * second.matmul(e)).sum();
    let expected = by_products.backward().of(e);
    let mut gradients = looked_up.backward();
    let apart = &gradients.of(e) - &expected;
    assert!(apart.norm() < 1e-12, "{apart}");
    assert_eq!(gradients.get(e).unwrap().to_matrix(), gradients.of(e));
    assert!(gradients.take_rows(h).is_none());
    let whole = gradients.of(e);
    let rows = gradients.take_rows(e).unwrap();
    assert_eq!(rows.rows(), [0, 1, 4]);
    for (r, &row) in rows.rows().iter().enumerate() {
        assert_eq!(rows.values().view().row(r), whole.view().row(row));
    }
    assert!(gradients.get(e).is_none() && gradients.take(e).is_none());
    // With anything else than look-ups it is a gradient as any other.
    let mut mixed = (looked_up + e.square().sum() + e.rows(2..3).sum()).backward();
    assert!(mixed.take_rows(e).is_none());
    let whole = mixed.take(e).unwrap();
    let otherwise = Matrix::from_fn(6, 2, |r, c| {
        2.0 * (r + 3 * c) as f64 + f64::from(u8::from(r == 2))
    });
    assert!(
        (&(&*whole - &otherwise) - &expected).norm() < 1e-12,
        "{whole}"
    );
    let mut of_view = e.rows(2..6).gather_rows(&[3, 0]).sum().backward();
    assert!(of_view.take_rows(e).is_none());
    assert_eq!(of_view.of(e).view().row(5), [1.0, 1.0]);
    let mut of_node = h.gather_rows(&[3, 0]).sum().backward();
    assert!(of_node.take_rows(e).is_none());
    assert_eq!(of_node.of(e).view().row(3), [2.0, 2.0]);
}
