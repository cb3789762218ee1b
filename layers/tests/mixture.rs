//! The density of a pen's next point: against torch.distributions, by differences, by integration, and
//! by drawing from it.

use crate::losses_reference::MIXTURE;
use autograd::testing::{Values, check_function, matrices};
use autograd::{Matrix, Scalar, Tape, Var};
use layers::loss::{MixtureDensity, MixtureError, Reduction};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::ChaCha8Rng};

/// The formula of losses_reference.py.
fn wave(k: usize, rows: usize, cols: usize) -> Matrix<f64> {
    Matrix::from_fn(rows, cols, |r, c| {
        1.5 * 0.8 * (0.7 * (r * cols + c) as f64 + k as f64).sin()
    })
}

/// The points of losses_reference.py.
fn points() -> Matrix<f64> {
    let (x, ends) = (wave(31, 5, 2), [0.0, 1.0, 0.0, 0.0, 1.0]);
    Matrix::from_fn(5, 3, |r, c| if c == 2 { ends[r] } else { x[(r, c)] })
}

#[test]
fn the_density_is_that_of_torch_distributions() {
    fn compare<T: Scalar>(tolerance: f64) {
        for case in MIXTURE {
            let reduction = match case.has("sum") {
                true => Reduction::Sum,
                false => Reduction::Mean,
            };
            let mixture = MixtureDensity::new(3).reduction(reduction);
            let tape = Tape::<T>::new();
            let outputs = tape.var(wave(30, 5, 19).map(T::from_f64));
            let e = mixture.loss(outputs, tape.constant(points().map(T::from_f64)));
            let close = |a: T, b: f64| {
                let off = (a.to_f64() - b).abs();
                assert!(off <= tolerance * b.abs().max(1.0), "{a} against {b}");
            };
            close(e.item(), case.loss);
            let gradient = e.backward().of(outputs);
            assert_eq!(gradient.data().len(), case.gradients[0].len());
            for (a, b) in gradient.data().iter().zip(case.gradients[0]) {
                close(*a, *b);
            }
        }
    }
    compare::<f64>(1e-10);
    compare::<f32>(2e-5);
}

/// Σ Pr(x) over a fine grid and both ends, times the area of its cells.
#[test]
fn the_density_integrates_to_1() {
    const SIDE: usize = 300;
    const STEP: f64 = 0.08;
    let mixture = MixtureDensity::new(2);
    let tape = Tape::<f64>::new();
    // ê, π̂, μ̂₁, μ̂₂, σ̂₁, σ̂₂, ρ̂ of two Gaussians.
    let outputs = [
        0.7, 0.3, -0.9, 1.0, -2.0, 0.5, 1.5, -0.3, 0.4, 0.2, -0.5, 0.9, -1.3,
    ];
    let outputs = tape.constant(Matrix::from([outputs]));
    let mut totals = [0.0, 0.0];
    for (end, total) in totals.iter_mut().enumerate() {
        let offset = |i: usize| (i as f64 - SIDE as f64 / 2.0) * STEP;
        let grid = Matrix::from_fn(SIDE * SIDE, 3, |r, c| {
            [offset(r / SIDE), offset(r % SIDE), end as f64][c]
        });
        let everywhere = outputs.gather_rows(&vec![0; SIDE * SIDE]);
        let losses = mixture.losses(everywhere, tape.constant(grid));
        *total = losses.value().iter().map(|e| (-e).exp()).sum::<f64>() * STEP * STEP;
    }
    let p_end = 1.0 / (1.0 + (-0.7f64).exp());
    assert!((totals[1] - p_end).abs() < 1e-9, "{totals:?}");
    assert!((totals[0] + totals[1] - 1.0).abs() < 1e-9, "{totals:?}");
}

/// Where ρ rounds to ±1, σ is tiny or huge, or a point is far off, f32 still gives what f64 gives.
#[test]
fn extreme_outputs_are_safe_in_f32() {
    fn losses<T: Scalar>(outputs: &Matrix<f32>, points: &Matrix<f32>) -> (Vec<f64>, Vec<f64>) {
        let tape = Tape::<T>::new();
        let [outputs, points] = [outputs, points].map(|m| m.map(|x| T::from_f64(f64::from(x))));
        let outputs = tape.var(outputs);
        let losses = MixtureDensity::new(2).losses(outputs, tape.constant(points));
        let gradient = losses.sum().backward().of(outputs);
        let wide = |xs: &[T]| xs.iter().map(|x| x.to_f64()).collect();
        (
            wide(losses.value().to_matrix().data()),
            wide(gradient.data()),
        )
    }
    let rows = [
        // ê, π̂, μ̂₁, μ̂₂, σ̂₁, σ̂₂, ρ̂
        [
            0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 12.0, -12.0,
        ],
        [
            80.0, 1e8, -1e8, 0.0, 9.0, 0.0, 9.0, -9.0, 3.0, -9.0, 3.0, 0.5, 0.0,
        ],
        [
            -1e8, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 20.0, 0.0, 20.0, 0.0, 0.1, 0.2,
        ],
        [
            1e8, 0.0, 0.0, 1e6, -1e6, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 3.0, -3.0,
        ],
    ];
    let points = Matrix::from([
        [0.25, 0.25, 0.0],
        [0.001, -0.001, 1.0],
        [100.0, 3.0, 0.0],
        [0.5, 0.5, 1.0],
    ]);
    let outputs = Matrix::from(rows);
    let (found, gradient) = losses::<f32>(&outputs, &points);
    let (expected, exact) = losses::<f64>(&outputs, &points);
    let pairs = found.iter().zip(&expected);
    for (a, b) in pairs.chain(gradient.iter().zip(&exact)) {
        assert!((a - b).abs() <= 2e-5 * b.abs().max(1.0), "{a} against {b}");
    }
}

/// Mean and covariance of what is drawn, and how often strokes end.
#[test]
fn what_is_drawn_has_the_moments_of_the_density() {
    const COUNT: usize = 100_000;
    let mixture = MixtureDensity::new(2);
    let (pi, mu) = ([0.4, -0.6], [[1.0, -0.5], [-2.0, 1.5]]);
    let (sigma, rho) = ([[-0.3, 0.2], [0.1, -0.4]], [0.9, -0.7]);
    let row = [
        -0.4,
        pi[0],
        pi[1],
        mu[0][0],
        mu[1][0],
        mu[0][1],
        mu[1][1],
        sigma[0][0],
        sigma[1][0],
        sigma[0][1],
        sigma[1][1],
        rho[0],
        rho[1],
    ];
    for bias in [0.0, 0.8] {
        let weights = pi.map(|p| (p * (1.0 + bias)).exp());
        let weights = weights.map(|w| w / (weights[0] + weights[1]));
        let mean = [0, 1].map(|i| weights[0] * mu[0][i] + weights[1] * mu[1][i]);
        // E[x_i x_k] − E[x_i] E[x_k]
        let covariance = |i: usize, k: usize| {
            let of_component = |j: usize| {
                let spread = [i, k].map(|i| (sigma[j][i] - bias).exp());
                let correlation = if i == k { 1.0 } else { f64::tanh(rho[j]) };
                weights[j] * (correlation * spread[0] * spread[1] + mu[j][i] * mu[j][k])
            };
            of_component(0) + of_component(1) - mean[i] * mean[k]
        };
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let draws = (0..COUNT).map(|_| mixture.sample(&row, bias, &mut rng).unwrap());
        let draws: Vec<[f64; 3]> = draws.collect();
        let average =
            |f: &dyn Fn(&[f64; 3]) -> f64| draws.iter().map(f).sum::<f64>() / COUNT as f64;
        for i in 0..2 {
            let found = average(&|x| x[i]);
            assert!((found - mean[i]).abs() < 0.02, "{found} against {mean:?}");
            for k in 0..=i {
                let found = average(&|x| (x[i] - mean[i]) * (x[k] - mean[k]));
                let expected = covariance(i, k);
                assert!(
                    (found - expected).abs() < 0.04,
                    "{found} against {expected}"
                );
            }
        }
        let ends = average(&|x| x[2]);
        assert!((ends - 1.0 / (1.0 + 0.4f64.exp())).abs() < 0.01, "{ends}");
    }
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let mixture = MixtureDensity::new(1);
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut draw = |row: &[f32; 7], bias| mixture.sample(row, bias, &mut rng);
    let mut row = [0.0; 7];
    assert!(draw(&row, 0.0).is_ok());
    assert_eq!(draw(&row, -1.0), Err(MixtureError::Bias(-1.0)));
    assert!(matches!(draw(&row, f64::NAN), Err(MixtureError::Bias(b)) if b.is_nan()));
    assert!(draw(&row, f64::INFINITY).is_err());
    row[4] = f32::INFINITY;
    let error = draw(&row, 0.0).unwrap_err();
    assert_eq!(error.to_string(), "the output in column 4 is inf");
}

/// One Gaussian of one's own, and the largest bias, is its mean.
#[test]
fn a_large_bias_leaves_the_means() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let row = [
        50.0, 2.0, 1.0, 3.0, 4.0, -5.0, 6.0, 0.0, 0.0, 0.0, 0.0, 0.3, -0.3,
    ];
    let drawn = MixtureDensity::new(2).sample(&row, 700.0, &mut rng);
    assert_eq!(drawn, Ok([3.0, -5.0, 1.0]));
}

fn cases() -> impl Strategy<Value = (MixtureDensity, Vec<Matrix<f64>>, Vec<bool>)> {
    const ANY: Values = Values::between(-1.5, 1.5);
    (1..=4usize, 1..=3usize, any::<bool>()).prop_flat_map(|(rows, components, sum)| {
        let mut mixture = MixtureDensity::new(components);
        if sum {
            mixture = mixture.reduction(Reduction::Sum);
        }
        let inputs = (matrices(rows, mixture.width(), ANY), matrices(rows, 2, ANY));
        let inputs = inputs.prop_map(|(outputs, offsets)| vec![outputs, offsets]);
        (
            Just(mixture),
            inputs,
            prop::collection::vec(any::<bool>(), rows),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn the_loss_keeps_to_the_rules((mixture, inputs, ends) in cases()) {
        fn loss<'t, T: Scalar>(mixture: &MixtureDensity, ends: &[bool], v: &[Var<'t, T>]) -> Var<'t, T> {
            let ends = Matrix::from_fn(ends.len(), 1, |r, _| if ends[r] { T::ONE } else { T::ZERO });
            let ends = v[0].tape().constant(ends);
            mixture.loss(v[0], Var::concat_cols(&[v[1], ends]))
        }
        check_function(
            |v| loss(&mixture, &ends, v),
            |v| loss(&mixture, &ends, v),
            |v| loss(&mixture, &ends, v),
            &inputs,
        )?;
    }
}
