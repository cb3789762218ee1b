//! Clipping, on random gradients.

use proptest::prelude::*;
use train::prelude::*;

type Gradients3 = (ParameterGradients<f64>, Vec<ParameterId>);

/// Gradients of three parameters, with these elements.
fn gradients(elements: &[f64]) -> Gradients3 {
    let mut set = ParameterSet::new();
    for (name, cols) in [("a.U", 2), ("a.W", 3), ("a.b", 1)] {
        set.add(name, Matrix::zeros(1, cols));
    }
    let mut gradients = ParameterGradients::new(&set);
    let mut elements = elements.iter();
    for id in set.ids() {
        for g in gradients.get_mut(id).data_mut() {
            *g = elements.next().copied().unwrap_or_default();
        }
    }
    (gradients, set.ids().collect())
}

fn flat((gradients, ids): &Gradients3) -> Vec<f64> {
    let all = ids.iter().flat_map(|&id| gradients.get(id).data());
    all.copied().collect()
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn elements() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-10.0..10.0_f64, 6)
}

proptest! {
    #[test]
    fn the_global_norm_is_that_of_all_elements(x in elements()) {
        let g = gradients(&x);
        prop_assert!((g.0.norm() - norm(&flat(&g))).abs() < 1e-12);
    }

    #[test]
    fn global_clipping_keeps_the_direction(x in elements(), threshold in 0.01..30.0_f64) {
        let mut g = gradients(&x);
        let before = flat(&g);
        let returned = clip_by_global_norm(&mut g.0, threshold);
        prop_assert!((returned - norm(&before)).abs() < 1e-12);
        let factor = if returned >= threshold { threshold / returned } else { 1.0 };
        for (after, before) in flat(&g).iter().zip(&before) {
            prop_assert_eq!(*after, factor * before);
        }
        prop_assert!(g.0.norm() <= threshold * (1.0 + 1e-12));
    }

    #[test]
    fn clipping_by_value_limits_every_element(x in elements(), limit in 0.01..12.0_f64) {
        let mut g = gradients(&x);
        let before = flat(&g);
        let returned = clip_by_value(&mut g.0, limit);
        prop_assert!((returned - norm(&before)).abs() < 1e-12);
        for (after, before) in flat(&g).iter().zip(&before) {
            prop_assert_eq!(*after, before.clamp(-limit, limit));
        }
    }
}

#[test]
fn at_the_threshold_and_at_zero_nothing_breaks() {
    let mut at = gradients(&[3.0, 4.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(clip_by_global_norm(&mut at.0, 5.0), 5.0);
    assert_eq!(at.0.norm(), 5.0);
    let mut zero = gradients(&[0.0; 6]);
    assert_eq!(clip_by_global_norm(&mut zero.0, 1.0), 0.0);
    assert_eq!(flat(&zero), [0.0; 6]);
}

#[test]
fn a_norm_that_is_not_finite_is_left_to_be_seen() {
    let mut g = gradients(&[1.0, f64::INFINITY, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(clip_by_global_norm(&mut g.0, 1.0), f64::INFINITY);
    assert_eq!(flat(&g)[..2], [1.0, f64::INFINITY]);
    assert_eq!(g.0.first_non_finite(), Some(g.1[0]));
}
