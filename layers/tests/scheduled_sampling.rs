//! Scheduled sampling: how the truth fades, and what is read in its place.

use autograd::Matrix;
use layers::{DecodingError, Sampling, SamplingError, ScheduledSampling, scheduled_inputs};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::ChaCha8Rng};

fn schedules() -> impl Strategy<Value = ScheduledSampling> {
    let linear = (0.0..1.5, 0.0..0.1, 0.0..1.0);
    prop_oneof![
        linear.prop_map(|(start, slope, floor)| ScheduledSampling::Linear {
            start,
            slope,
            floor
        }),
        (0.0..1.0).prop_map(|k| ScheduledSampling::Exponential { k }),
        (1.0..100.0).prop_map(|k| ScheduledSampling::InverseSigmoid { k }),
    ]
}

proptest! {
    #[test]
    fn the_truth_fades(
        schedule in schedules(), i in prop_oneof![0..10_u64, 0..10_000_u64], later in 0..u64::MAX / 2,
    ) {
        let (before, after) = (schedule.epsilon(i), schedule.epsilon(i + later));
        prop_assert!((0.0..=1.0).contains(&before), "{before}");
        prop_assert!((0.0..=before).contains(&after), "{before}, then {after}");
    }

    #[test]
    fn all_truth_or_none(
        logits in prop::collection::vec(-3.0..3.0, 12), targets in prop::collection::vec(0..4_usize, 3), seed: u64,
    ) {
        let logits = Matrix::from_vec(3, 4, logits).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut inputs = |epsilon| {
            scheduled_inputs(&targets, logits.view(), epsilon, Sampling::greedy(), &mut rng).unwrap()
        };
        prop_assert_eq!(&inputs(1.0), &targets);
        prop_assert_eq!(inputs(0.0), logits.row_argmax());
    }
}

#[test]
fn the_schedules_are_the_papers() {
    let linear = ScheduledSampling::Linear {
        start: 0.9,
        slope: 0.1,
        floor: 0.2,
    };
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} for {b}");
    close(linear.epsilon(3), 0.6);
    close(linear.epsilon(30), 0.2);
    close(
        ScheduledSampling::Exponential { k: 0.9 }.epsilon(5),
        0.9f64.powi(5),
    );
    let sigmoid = ScheduledSampling::InverseSigmoid { k: 10.0 };
    close(sigmoid.epsilon(0), 10.0 / 11.0);
    close(sigmoid.epsilon(25), 10.0 / (10.0 + 2.5f64.exp()));
}

#[test]
fn each_row_reads_the_truth_with_its_probability_and_else_what_the_model_gives() {
    let (rows, epsilon) = (40_000, 0.3);
    let p = [0.5, 0.3, 0.2, 0.0];
    let logits = Matrix::from_fn(rows, 4, |_, c| f64::ln(p[c]));
    let draw = |seed| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let targets = vec![3; rows];
        scheduled_inputs(
            &targets,
            logits.view(),
            epsilon,
            Sampling::default(),
            &mut rng,
        )
        .unwrap()
    };
    let inputs = draw(1);
    for (symbol, expected) in [0.7 * p[0], 0.7 * p[1], 0.7 * p[2], 0.3]
        .into_iter()
        .enumerate()
    {
        let found = inputs.iter().filter(|&&s| s == symbol).count() as f64 / rows as f64;
        assert!((found - expected).abs() < 0.01, "{found} for {expected}");
    }
    assert_eq!(inputs, draw(1));
    assert_ne!(inputs, draw(2));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut logits = Matrix::<f32>::zeros(2, 3);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut inputs = |logits: &Matrix<f32>, epsilon, sampling| {
        scheduled_inputs(&[0, 0], logits.view(), epsilon, sampling, &mut rng)
    };
    let greedy = Sampling::greedy();
    assert_eq!(
        inputs(&logits, -0.1, greedy),
        Err(DecodingError::Epsilon(-0.1))
    );
    assert!(inputs(&logits, f64::NAN, greedy).is_err());
    assert_eq!(
        inputs(&logits, 1.5, greedy).unwrap_err().to_string(),
        "a truth with probability ε = 1.5: it must be between 0 and 1"
    );
    let temperature = Sampling {
        temperature: 0.0,
        ..Sampling::default()
    };
    assert_eq!(
        inputs(&logits, 0.5, temperature),
        Err(SamplingError::Temperature(0.0).into())
    );
    logits[(1, 2)] = f32::NAN;
    for epsilon in [0.0, 1.0] {
        let error = inputs(&logits, epsilon, greedy).unwrap_err();
        assert_eq!(error.to_string(), "row 1: the logit of symbol 2 is NaN");
    }
}
