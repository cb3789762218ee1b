//! Sparse parameters: rows that were looked up, and what they cost and change, against whole matrices.

use proptest::prelude::*;
use train::prelude::*;
use train::{clip_by_global_norm, clip_by_value};

const CLASSES: usize = 7;
const SIZE: usize = 3;

/// An embedding, and a weight that everything goes through.
struct Model {
    set: ParameterSet<f64>,
    words: Embedding,
    output: Linear,
}

fn model(is_sparse: bool) -> Model {
    let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(1));
    let words = Embedding::new(&mut set, "words", CLASSES, SIZE, &mut rng);
    let output = Linear::new(&mut set, "output", SIZE, 2, &mut rng);
    let words = match is_sparse {
        true => words.sparse(&mut set),
        false => words,
    };
    Model { set, words, output }
}

/// Words of a part of a mini-batch; look-ups at several steps, as a decoder makes them.
fn loss<'t>(model: (&Embedding, &Linear), p: &Bound<'t, f64>, words: &[usize]) -> Var<'t, f64> {
    let (first, second) = words.split_at(words.len() / 2);
    let of = |words: &[usize]| {
        let y = model.1.apply(p, model.0.apply(p, words)).tanh();
        y.square().sum() + y.sum()
    };
    let later = of(second);
    match first.is_empty() {
        true => later,
        false => of(first) + later,
    }
}

/// All tensors of a run after some steps of two parts each.
fn trained(
    is_sparse: bool,
    optimizer: impl Optimizer<f64> + 'static,
    steps: &[Vec<Vec<usize>>],
    at_once: usize,
) -> Vec<(String, Matrix<f64>)> {
    let Model { set, words, output } = model(is_sparse);
    let mut trainer = Trainer::new(set, optimizer).at_once(at_once);
    for parts in steps {
        let mut parts = parts.clone();
        trainer
            .step_in_parts(&mut parts, |p, part| loss((&words, &output), p, part))
            .unwrap();
    }
    trainer.checkpoint(serde_json::json!({})).tensors
}

fn steps() -> impl Strategy<Value = Vec<Vec<Vec<usize>>>> {
    let words = || prop::collection::vec(0..CLASSES, 1..9);
    let parts = prop::collection::vec(words(), 1..4);
    prop::collection::vec(parts, 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.min(64), failure_persistence: None, ..Default::default()
    })]

    /// What has no memory changes nothing that has no gradient.
    #[test]
    fn plain_descent_is_the_same_to_the_bit(steps in steps(), at_once in 1..4_usize) {
        let run = |is_sparse| trained(is_sparse, Sgd::new(0.1), &steps, at_once);
        prop_assert_eq!(run(true), run(false));
    }

    #[test]
    fn rows_are_those_of_the_whole_gradient(words in prop::collection::vec(0..CLASSES, 1..9)) {
        let gradients = |is_sparse| {
            let Model { set, words: e, output } = model(is_sparse);
            let tape = Tape::new();
            let bound = set.bind(&tape);
            let mut gradients = ParameterGradients::new(&set);
            gradients.differentiate(loss((&e, &output), &bound, &words), &bound);
            (e.e, gradients)
        };
        let ((e, mut sparse), (same, mut whole)) = (gradients(true), gradients(false));
        let expected = whole.get(same).clone();
        prop_assert!(whole.rows(same).is_none());
        let mut looked_up = words.clone();
        looked_up.sort_unstable();
        looked_up.dedup();
        let rows: Vec<_> = sparse.rows(e).unwrap().map(|(r, g)| (r, g.to_vec())).collect();
        prop_assert_eq!(rows.iter().map(|(r, _)| *r).collect::<Vec<_>>(), looked_up);
        for (r, g) in rows {
            prop_assert_eq!(&g, expected.view().row(r));
        }
        prop_assert_eq!(sparse.get(e), &expected);
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b;
        prop_assert!(close(sparse.norm(), whole.norm()));
        clip_by_global_norm(&mut sparse, 0.1);
        clip_by_global_norm(&mut whole, 0.1);
        prop_assert!((sparse.get(e) - whole.get(same)).norm() < 1e-15);
        clip_by_value(&mut sparse, 0.01);
        clip_by_value(&mut whole, 0.01);
        prop_assert!((sparse.get(e) - whole.get(same)).norm() < 1e-15);
        sparse.get_mut(e).data_mut()[0] = f64::NAN;
        prop_assert_eq!(sparse.first_non_finite(), Some(e));
    }
}

fn tensor<'a>(tensors: &'a [(String, Matrix<f64>)], name: &str) -> &'a Matrix<f64> {
    &tensors.iter().find(|(n, _)| n == name).unwrap().1
}

/// A row that is looked up at every step goes as it always went; one that is not stays where it was, with all that is
/// remembered of it.
#[test]
fn averages_of_the_other_rows_stand_still() {
    let every_step = vec![vec![vec![2, 5, 2], vec![5]]; 4];
    let mut once = every_step.clone();
    once[0][0].push(3);
    let start = model(true).set;
    let start = start.get(start.find("words.E").unwrap()).clone();
    for decay in [0.0, 0.1] {
        let adam = || Adam::decoupled(0.01, decay);
        let (sparse, whole) = (
            trained(true, adam(), &every_step, 4),
            trained(false, adam(), &every_step, 4),
        );
        for name in ["words.E", "adam.m.words.E", "adam.v.words.E"] {
            let [sparse, whole] = [&sparse, &whole].map(|tensors| tensor(tensors, name).view());
            assert_eq!(sparse.row(2), whole.row(2), "{name}");
            assert_eq!(sparse.row(5), whole.row(5), "{name}");
        }
        assert_eq!(
            tensor(&sparse, "words.E").view().row(3),
            start.view().row(3)
        );
        assert_eq!(tensor(&sparse, "adam.v.words.E").view().row(3), [0.0; SIZE]);
        let [early, late] = [&once[..1], &once[..]].map(|steps| trained(true, adam(), steps, 4));
        for name in ["words.E", "adam.m.words.E", "adam.v.words.E"] {
            let [early, late] = [&early, &late].map(|tensors| tensor(tensors, name).view());
            assert_eq!(early.row(3), late.row(3), "{name}");
            assert_ne!(early.row(2), late.row(2), "{name}");
        }
    }
}

/// Weights that the output shares with the embedding have a gradient everywhere.
#[test]
fn what_is_used_otherwise_too_has_a_whole_gradient() {
    let run = |is_sparse| {
        let Model { set, words, .. } = model(is_sparse);
        let mut trainer = Trainer::new(set, Adam::new(0.01)).clip(0.5);
        for _ in 0..3 {
            let mut parts = [vec![1, 1, 4], vec![6]];
            trainer
                .step_in_parts(&mut parts, |p, part| {
                    let x = words.apply(p, part);
                    x.matmul_t(p.var(words.e)).cross_entropy(part)
                })
                .unwrap();
        }
        assert!(trainer.gradients().rows(words.e).is_none());
        trainer.into_parameters().get(words.e).clone()
    };
    let apart = &run(true) - &run(false);
    assert!(apart.norm() < 1e-14, "{apart}");
}

#[test]
fn one_part_of_two_may_use_it_otherwise() {
    let run = |is_sparse| {
        let Model { set, words, .. } = model(is_sparse);
        let mut trainer = Trainer::new(set, Sgd::new(0.1));
        let mut parts = [(vec![1, 2], false), (vec![3], true)];
        trainer
            .step_in_parts(&mut parts, |p, (part, otherwise)| {
                let x = words.apply(p, part).square().sum();
                match otherwise {
                    true => x + p.var(words.e).sum(),
                    false => x,
                }
            })
            .unwrap();
        trainer.into_parameters().get(words.e).clone()
    };
    assert_eq!(run(true), run(false));
}
