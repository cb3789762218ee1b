//! A run on text, beside the same one in PyTorch: the loss of every step. Text, weights and rates are those of
//! loss_curve_reference.py.

use train::prelude::*;

const TEXT: &str = include_str!("../../LICENSE-APACHE");
const REFERENCE: &str = include_str!("reference/loss_curve.txt");

#[test]
fn two_hundred_steps_lose_what_they_lose_in_pytorch() {
    let text: String = TEXT.chars().take(2001).collect();
    let vocabulary = Vocabulary::new(&text);
    let (mut set, mut rng) = (ParameterSet::<f64>::new(), ChaCha8Rng::seed_from_u64(1));
    let model = CharModel::new(&mut set, CellKind::Lstm, vocabulary.len(), 16, 1, &mut rng);
    for (k, id) in set.ids().enumerate() {
        let Shape { rows, cols } = set.get(id).shape();
        *set.get_mut(id) = Matrix::from_fn(rows, cols, |r, c| {
            0.2 * (0.7 * (r * cols + c) as f64 + (k + 1) as f64).sin()
        });
    }
    let mut trainer = Trainer::new(set, Adam::new(0.01)).clip(0.5);
    let windows = Windows::new(vocabulary.encode(&text).unwrap(), 4, 10).unwrap();
    let theirs = REFERENCE.lines().filter(|line| !line.starts_with('#'));
    let theirs: Vec<f64> = theirs.map(|line| line.parse().unwrap()).collect();
    let (mut inputs, mut targets, mut ours) = (Vec::new(), Vec::new(), Vec::new());
    for _epoch in 0..4 {
        let mut carried = model.zeros(4);
        for window in 0..windows.len() {
            windows.fill(window, &mut inputs, &mut targets);
            let report = trainer.step(|p| {
                let (logits, states) = model.logits(p, &inputs, 4, &carried);
                Carried::store_all(&mut carried, &states);
                logits.cross_entropy(&targets)
            });
            ours.push(report.unwrap().loss);
        }
    }
    assert_eq!((ours.len(), theirs.len()), (200, 200));
    for (step, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        assert!(
            (ours - theirs).abs() < 1e-8,
            "step {step}: {ours} and {theirs}"
        );
    }
    assert!(
        ours[199] < ours[0] - 0.5,
        "it learns: {} {}",
        ours[0],
        ours[199]
    );
}
