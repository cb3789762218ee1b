//! The training step.

use train::TrainError;
use train::prelude::*;

const W: [[f64; 2]; 1] = [[2.0, -3.0]];

/// A linear model y = x Wᵀ + b on four points.
fn loss<'t>(p: &Bound<'t, f64>, ids: (ParameterId, ParameterId)) -> Var<'t, f64> {
    let x = Matrix::from([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [-1.0, 2.0]]);
    let y = Matrix::from_fn(4, 1, |r, _| x[(r, 0)] * W[0][0] + x[(r, 1)] * W[0][1] + 0.5);
    let data = |m: Matrix<f64>| {
        let (rows, cols) = (m.row_count(), m.col_count());
        p.tape().constant_with(rows, cols, |to| *to = m)
    };
    let (x, y) = (data(x), data(y));
    (x.matmul_t(p.var(ids.0)) + p.var(ids.1)).mean_squared_error(y)
}

/// The parameters of the model, at zero.
fn line() -> (ParameterSet<f64>, (ParameterId, ParameterId)) {
    let mut set = ParameterSet::new();
    let w = set.add("line.W", Matrix::zeros(1, 2));
    let b = set.add("line.b", Matrix::zeros(1, 1));
    (set, (w, b))
}

fn regression(
    optimizer: impl Optimizer<f64> + 'static,
) -> (Trainer<f64>, (ParameterId, ParameterId)) {
    let (set, ids) = line();
    (Trainer::new(set, optimizer), ids)
}

#[test]
fn a_linear_regression_converges() {
    let (mut trainer, ids) = regression(Adam::new(0.05));
    let first = trainer.step(|p| loss(p, ids)).unwrap();
    assert!(first.loss > 1.0 && first.gradient_norm > 0.0);
    for _ in 0..2000 {
        trainer.step(|p| loss(p, ids)).unwrap();
    }
    assert!(trainer.evaluate(|p| loss(p, ids)) < 1e-10);
    let set = trainer.parameters();
    assert!(set.get(ids.0).max_abs_diff(&Matrix::from(W)) < 1e-4);
    assert!(trainer.tape().is_empty());
}

#[test]
fn the_report_has_the_norm_before_clipping() {
    let (set, ids) = line();
    let mut clipped = Trainer::new(set.clone(), Sgd::new(1.0)).clip(0.25);
    let mut free = Trainer::new(set, Sgd::new(1.0));
    let report = clipped.step(|p| loss(p, ids)).unwrap();
    assert_eq!(report, free.step(|p| loss(p, ids)).unwrap());
    assert!(report.gradient_norm > 0.25);
    assert_eq!(clipped.gradients().norm(), report.gradient_norm);
    let (clipped, free) = (clipped.parameters(), free.parameters());
    let factor = 0.25 / report.gradient_norm;
    let scaled = free.get(ids.0).map(|x| factor * x);
    assert!(clipped.get(ids.0).max_abs_diff(&scaled) < 1e-12);
}

#[test]
fn a_loss_that_is_not_finite_names_the_node_and_changes_nothing() {
    let (mut trainer, (w, b)) = regression(Adam::new(0.05));
    trainer.step(|p| loss(p, (w, b))).unwrap();
    let before = trainer.checkpoint(serde_json::Value::Null);
    let error = trainer.step(|p| {
        let _step = p.tape().step(3);
        let h = (p.var(w) * 0.0 - 1.0).ln().named("h");
        h.tanh().sum()
    });
    let error = error.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("the loss is NaN: "), "{text}");
    assert!(text.contains("h.3 (ln) at time step 3"), "{text}");
    assert!(!trainer.tape().is_empty()); // to be looked at
    assert_eq!(trainer.checkpoint(serde_json::Value::Null), before);
    trainer.step(|p| loss(p, (w, b))).unwrap();
}

#[test]
fn a_gradient_that_is_not_finite_names_the_parameter_and_changes_nothing() {
    for clip in [None, Some(1.0)] {
        let (mut trainer, (w, b)) = regression(Sgd::new(0.1));
        trainer.set_clip(clip);
        let before = trainer.checkpoint(serde_json::Value::Null);
        // √0 is finite, and its derivative is not.
        let error = trainer.step(|p| p.var(w).sum() + p.var(b).sqrt().sum());
        let error = error.unwrap_err();
        let is_b = |name: &Option<String>| name.as_deref() == Some("line.b");
        assert!(
            matches!(&error, TrainError::NonFiniteGradient { parameter, .. } if is_b(parameter))
        );
        assert_eq!(trainer.checkpoint(serde_json::Value::Null), before);
    }
}

#[test]
fn a_parameter_that_the_loss_does_not_depend_on_has_a_zero_gradient() {
    let (mut trainer, (w, b)) = regression(Sgd::new(0.1));
    trainer.step(|p| loss(p, (w, b))).unwrap();
    let before = trainer.parameters().get(w).clone();
    trainer.step(|p| p.var(b).square().sum()).unwrap();
    assert_eq!(*trainer.gradients().get(w), Matrix::zeros(1, 2));
    assert_eq!(*trainer.parameters().get(w), before);
}

/// A step of a small recurrent network, unrolled.
fn recurrent<'t>(p: &Bound<'t, f32>, [u, w]: [ParameterId; 2]) -> Var<'t, f32> {
    let tape = p.tape();
    let mut h = tape.zeros(3, 4);
    for t in 0..10 {
        let _step = tape.step(t);
        let x = tape.constant_with(3, 2, |x| x.data_mut().fill(0.1 * t as f32));
        h = (x.matmul_t(p.var(u)) + h.matmul_t(p.var(w)))
            .tanh()
            .named("h");
    }
    (h - 0.5).square().mean()
}

#[test]
fn after_the_first_step_no_buffer_is_allocated_and_no_parameter_copied() {
    let mut set = ParameterSet::new();
    let u = set.add("rnn.U", Matrix::filled(4, 2, 0.1));
    let w = set.add("rnn.W", Matrix::filled(4, 4, 0.2));
    let mut trainer = Trainer::new(set, Adam::new(0.01)).clip(0.1);
    trainer.step(|p| recurrent(p, [u, w])).unwrap();
    let allocated = trainer.tape().stats().allocated;
    let place = trainer.parameters().get(w).data().as_ptr();
    for _ in 0..20 {
        trainer.step(|p| recurrent(p, [u, w])).unwrap();
        trainer.evaluate(|p| recurrent(p, [u, w]));
    }
    assert_eq!(trainer.tape().stats().allocated, allocated);
    assert_eq!(trainer.parameters().get(w).data().as_ptr(), place);
}

#[test]
fn a_step_in_parts_is_a_step_on_their_sum_and_names_the_part_that_fails() {
    let (set, ids) = line();
    let mut whole = Trainer::new(set.clone(), Adam::new(0.05));
    let mut parts = Trainer::new(set, Adam::new(0.05));
    for _ in 0..5 {
        let a = whole.step(|p| loss(p, ids)).unwrap();
        let shares = &mut [0.25, 0.5, 0.25];
        let b = parts
            .step_in_parts(shares, |p, share| loss(p, ids) * *share)
            .unwrap();
        assert!(
            (a.loss - b.loss).abs() < 1e-12 && (a.gradient_norm - b.gradient_norm).abs() < 1e-12
        );
    }
    let (w, v) = (whole.parameters().get(ids.0), parts.parameters().get(ids.0));
    assert!(w.max_abs_diff(v) < 1e-12);
    let before = parts.checkpoint(serde_json::Value::Null);
    let error = parts.step_in_parts(&mut [1.0, -1.0], |p, sign| {
        let x = p.tape().constant(Matrix::scalar(*sign)).named("x");
        p.var(ids.0).sum() * x.ln().named("z")
    });
    assert_eq!(
        error.unwrap_err().to_string(),
        "the loss is NaN: the first value that is not finite is z (ln)"
    );
    let found = parts.tape().first_non_finite().map(|node| node.label());
    assert_eq!(found.as_deref(), Some("z"));
    assert_eq!(parts.checkpoint(serde_json::Value::Null), before);
}
