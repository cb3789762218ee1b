//! Sampling: distribution, restriction, refusal.

use std::convert::Infallible;

use layers::{Sampling, SamplingError, sample};
use proptest::prelude::*;
use rand::{SeedableRng, TryRng, rngs::ChaCha8Rng};

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
    assert_eq!(draw(&[1.0, value], 1.0, None), Err(Logit { symbol, value }));
    assert_eq!(
        draw(&[0.0, f64::NAN], 1.0, None).unwrap_err().to_string(),
        "the logit of symbol 1 is NaN"
    );
    assert_eq!(draw(&[f64::NEG_INFINITY; 3], 1.0, None), Err(Impossible(3)));
    for p in [0.0, -0.5, 1.1, f64::NAN] {
        let sampling = Sampling {
            top_p: Some(p),
            ..Sampling::default()
        };
        assert!(matches!(sampling.draw(&[1.0], &mut rng), Err(TopP(_))));
    }
}

#[test]
fn a_nucleus_is_drawn_from_with_its_probabilities() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let logits = [0.1, 0.4, 0.2, 0.3].map(f32::ln);
    let sampling = Sampling {
        top_p: Some(0.85),
        ..Sampling::default()
    };
    let expected = [0.0, 0.4 / 0.9, 0.2 / 0.9, 0.3 / 0.9];
    let probabilities = sampling.probabilities(&logits).unwrap();
    let mut counts = [0.0; 4];
    for _ in 0..20_000 {
        counts[sampling.draw(&logits, &mut rng).unwrap()] += 1.0;
    }
    for symbol in 0..4 {
        assert!((probabilities[symbol] - expected[symbol]).abs() < 1e-6);
        assert!((counts[symbol] / 20_000.0 - expected[symbol]).abs() < 0.015);
    }
    assert_eq!(counts[0], 0.0);
}

#[test]
fn a_nucleus_ends_where_its_mass_is_reached() {
    let sampling = Sampling {
        top_p: Some(0.5),
        ..Sampling::default()
    };
    assert_eq!(sampling.probabilities(&[0.0, 0.0]), Ok(vec![1.0, 0.0]));
}

/// The greatest number there is, every time.
struct Highest;

impl TryRng for Highest {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::MAX)
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::MAX)
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(u8::MAX);
        Ok(())
    }
}

#[test]
fn what_is_impossible_is_never_drawn() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let logits = [f32::NEG_INFINITY, 0.0, f32::NEG_INFINITY, 1.0];
    for sampling in [
        Sampling::default(),
        Sampling {
            top_k: Some(3),
            top_p: Some(1.0),
            ..Sampling::default()
        },
    ] {
        for _ in 0..200 {
            assert!([1, 3].contains(&sampling.draw(&logits, &mut rng).unwrap()));
        }
    }
}

/// As two zeros are: the lower symbol wins, whatever their signs.
#[test]
fn equal_logits_are_equal_whatever_their_sign() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    assert_eq!(sample(&[-0.0f32, 0.0], 1.0, Some(1), &mut rng), Ok(0));
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

    /// Rounding may leave something of the number drawn when all weights are taken off it.
    #[test]
    fn no_rounding_draws_what_is_impossible(logits in prop::collection::vec(-3.0..3.0, 1..20)) {
        let mut with_impossible = logits.clone();
        with_impossible.push(f64::NEG_INFINITY);
        let drawn = Sampling::default().draw(&with_impossible, &mut Highest);
        prop_assert_eq!(drawn, Ok(logits.len() - 1));
    }

    /// The smallest set with the mass: without its least member it has not enough, and nothing
    /// outside is more probable than something inside.
    #[test]
    fn a_nucleus_is_the_smallest_set_with_its_mass(
        logits in prop::collection::vec(-5.0..5.0, 1..12),
        p in 0.01..=1.0,
        temperature in 0.3..3.0,
        top_k in prop::option::of(1..14_usize),
    ) {
        let all = Sampling { temperature, top_k, top_p: None };
        let nucleus = Sampling { top_p: Some(p), ..all };
        let (all, kept) = (all.probabilities(&logits).unwrap(), nucleus.probabilities(&logits).unwrap());
        let inside: Vec<_> = (0..logits.len()).filter(|&s| kept[s] > 0.0).collect();
        let mass: f64 = inside.iter().map(|&s| all[s]).sum();
        let least = inside.iter().map(|&s| all[s]).fold(f64::INFINITY, f64::min);
        prop_assert!(mass >= p - 1e-12);
        prop_assert!(mass - least < p + 1e-12);
        for s in 0..logits.len() {
            match kept[s] > 0.0 {
                true => prop_assert!((kept[s] - all[s] / mass).abs() < 1e-12),
                false => prop_assert!(all[s] <= least),
            }
        }
        prop_assert!((kept.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
