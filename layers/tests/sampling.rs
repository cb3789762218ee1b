//! Sampling: distribution, restriction, refusal.
#![allow(missing_docs)]

use layers::{SamplingError, sample};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::ChaCha8Rng};

#[test]
fn frequencies_are_the_softmax() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let logits = [1.0f64, 0.0, -1.0];
    for temperature in [0.5, 1.0, 2.0] {
        let mut counts = [0.0; 3];
        for _ in 0..20_000 {
            counts[sample(&logits, temperature, None, &mut rng).unwrap()] += 1.0;
        }
        let weights = logits.map(|x| (x / temperature).exp());
        let total: f64 = weights.iter().sum();
        for (count, weight) in counts.iter().zip(weights) {
            assert!((count / 20_000.0 - weight / total).abs() < 0.015);
        }
    }
}

#[test]
fn equal_logits_prefer_the_lower_symbols() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for _ in 0..100 {
        assert!(sample(&[1.0f32; 5], 1.0, Some(2), &mut rng).unwrap() < 2);
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    use SamplingError::*;
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut draw = |logits: &[f64], temperature, k| sample(logits, temperature, k, &mut rng);
    assert_eq!(draw(&[1.0], 0.0, None), Err(Temperature(0.0)));
    assert_eq!(draw(&[1.0], -1.0, None), Err(Temperature(-1.0)));
    assert!(matches!(draw(&[1.0], f64::NAN, None), Err(Temperature(t)) if t.is_nan()));
    assert!(draw(&[1.0], f64::INFINITY, None).is_err());
    assert_eq!(draw(&[1.0], 1.0, Some(0)), Err(TopK));
    assert_eq!(draw(&[], 1.0, None), Err(Empty));
    let (symbol, value) = (1, f64::INFINITY);
    assert_eq!(
        draw(&[1.0, value], 1.0, None),
        Err(NotFinite { symbol, value })
    );
}

proptest! {
    #[test]
    fn top_k_are_the_highest(
        logits in prop::collection::vec(-1e30f64..1e30, 1..20),
        k in 1..25usize,
        temperature in 1e-3..1e3f64,
        seed: u64,
    ) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let chosen = sample(&logits, temperature, Some(k), &mut rng).unwrap();
        prop_assert!(logits.iter().filter(|&&x| x > logits[chosen]).count() < k);
    }
}
