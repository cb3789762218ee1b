//! What parameters start as.

use autograd::Matrix;
use layers::{Gru, Init, Linear, Lstm, ParameterSet, Reset, SimpleRnn};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::ChaCha8Rng};

/// How far a matrix is from having orthonormal rows, or columns if these are fewer, times a scale.
fn from_orthogonal(q: &Matrix<f64>, scale: f64) -> f64 {
    let gram = match q.row_count() <= q.col_count() {
        true => q.matmul(&q.transpose()),
        false => q.transpose().matmul(q),
    };
    let n = gram.row_count();
    gram.max_abs_diff(&(Matrix::identity(n) * (scale * scale)))
}

fn of_gate(m: &Matrix<f64>, gate: usize, rows: usize) -> Matrix<f64> {
    m.rows(gate * rows..(gate + 1) * rows).to_matrix()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn orthogonal_matrices_are(rows in 1..40_usize, cols in 1..40_usize, scale in -2.0..2.0, seed: u64) {
        let q = Init::Orthogonal(scale).matrix(rows, cols, &mut ChaCha8Rng::seed_from_u64(seed));
        prop_assert!(from_orthogonal(&q, scale) < 1e-13);
    }

    #[test]
    fn gates_are_orthogonal_each_by_itself(input in 1..6_usize, hidden in 1..6_usize, seed: u64) {
        let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(seed));
        Lstm::new(&mut set, "lstm1", input, hidden, &mut rng);
        Gru::new(&mut set, "gru1", input, hidden, Reset::After, &mut rng);
        for (name, gates) in [("lstm1.U", 4), ("lstm1.W", 4), ("gru1.U", 3), ("gru1.W", 3)] {
            set.init(name, Init::Orthogonal(1.0), &mut rng);
            let value = set.get(set.find(name).unwrap());
            for gate in 0..gates {
                let distance = from_orthogonal(&of_gate(value, gate, hidden), 1.0);
                prop_assert!(distance < 1e-13, "{} {}: {}", name, gate, distance);
            }
            // In one dimension, there are only two of them.
            prop_assert!(hidden == 1 || of_gate(value, 0, hidden) != of_gate(value, 1, hidden));
        }
    }
}

/// All directions are equally likely: the elements' mean is 0 and their square's 1/n, those of the
/// diagonal of R not being turned to one side.
#[test]
fn orthogonal_matrices_are_spread_evenly() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (n, draws) = (3, 4000);
    let (mut sum, mut squares) = (Matrix::zeros(n, n), Matrix::zeros(n, n));
    for _ in 0..draws {
        let q: Matrix<f64> = Init::Orthogonal(1.0).matrix(n, n, &mut rng);
        squares += &q.map(|x| x * x);
        sum += &q;
    }
    let (mean, square) = (sum * (1.0 / draws as f64), squares * (1.0 / draws as f64));
    assert!(mean.max_abs_diff(&Matrix::zeros(n, n)) < 0.04, "{mean}");
    assert!(
        square.max_abs_diff(&Matrix::filled(n, n, 1.0 / 3.0)) < 0.02,
        "{square}"
    );
}

/// Mean, deviation and largest element of many draws.
fn moments(init: Init, outputs: usize, inputs: usize) -> [f64; 3] {
    let m: Matrix<f64> = init.matrix(outputs, inputs, &mut ChaCha8Rng::seed_from_u64(3));
    let n = m.data().len() as f64;
    let mean = m.data().iter().sum::<f64>() / n;
    let variance = m.data().iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    let largest = m.data().iter().fold(0.0, |a: f64, x| a.max(x.abs()));
    [mean, variance.sqrt(), largest]
}

#[test]
fn distributions_have_their_moments() {
    let (outputs, inputs) = (150, 250);
    // The bound of a uniform distribution is √3 deviations.
    let uniform = [
        (Init::Uniform(0.3), 0.3),
        (Init::default_for(16), 0.25),
        (Init::GlorotUniform, (6.0 / 400.0_f64).sqrt()),
        (Init::HeUniform, (6.0 / 250.0_f64).sqrt()),
    ];
    for (init, bound) in uniform {
        let [mean, deviation, largest] = moments(init, outputs, inputs);
        assert!(mean.abs() < 0.02 * bound, "{init:?}: {mean}");
        assert!(
            (deviation * 3f64.sqrt() / bound - 1.0).abs() < 0.01,
            "{init:?}: {deviation}"
        );
        assert!(
            (0.999 * bound..=bound).contains(&largest),
            "{init:?}: {largest}"
        );
    }
    let normal = [
        (Init::Normal(0.3), 0.3),
        (Init::GlorotNormal, (2.0 / 400.0_f64).sqrt()),
        (Init::HeNormal, (2.0 / 250.0_f64).sqrt()),
    ];
    for (init, expected) in normal {
        let [mean, deviation, largest] = moments(init, outputs, inputs);
        assert!(mean.abs() < 0.02 * expected, "{init:?}: {mean}");
        assert!(
            (deviation / expected - 1.0).abs() < 0.01,
            "{init:?}: {deviation}"
        );
        assert!(
            (3.5..6.0).contains(&(largest / expected)),
            "{init:?}: {largest}"
        );
    }
}

/// Two thirds of the draws are within a deviation, 95 % within two.
#[test]
fn normal_draws_are_normal() {
    let m: Matrix<f64> = Init::Normal(2.0).matrix(200, 200, &mut ChaCha8Rng::seed_from_u64(5));
    for (bound, share) in [(2.0, 0.6827), (4.0, 0.9545), (1.0, 0.3829)] {
        let within = m.data().iter().filter(|x| x.abs() < bound).count();
        assert!(
            (within as f64 / 40_000.0 - share).abs() < 0.01,
            "{bound}: {within}"
        );
    }
    let positive = m.data().iter().filter(|&&x| x > 0.0).count();
    assert!(
        (positive as f64 / 40_000.0 - 0.5).abs() < 0.01,
        "{positive}"
    );
}

#[test]
fn values_are_as_told_and_other_parameters_stay() {
    let (mut set, mut rng) = (ParameterSet::<f64>::new(), ChaCha8Rng::seed_from_u64(1));
    let rnn = SimpleRnn::new(&mut set, "rnn1", 2, 3, &mut rng);
    let gru = Gru::new(&mut set, "gru1", 2, 3, Reset::Before, &mut rng);
    let output = Linear::new(&mut set, "output", 3, 6, &mut rng);
    let before = set.clone();
    set.init("rnn1.W", Init::Identity(0.5), &mut rng);
    set.init("gru1.W", Init::Identity(1.0), &mut rng);
    set.init("rnn1.b", Init::Constant(0.1), &mut rng);
    Init::Zeros.apply(&mut set, output.d, &mut rng);
    let half = Matrix::identity(3) * 0.5;
    assert_eq!(set.get(rnn.weights.w), &half);
    let stacked = Matrix::from_fn(9, 3, |r, c| if r % 3 == c { 1.0 } else { 0.0 });
    assert_eq!(set.get(gru.weights.w), &stacked);
    assert_eq!(set.get(rnn.weights.b), &Matrix::filled(1, 3, 0.1));
    assert_eq!(set.get(output.d), &Matrix::zeros(1, 6));
    for id in [rnn.weights.u, gru.weights.u, gru.weights.b, output.v] {
        assert_eq!(set.get(id), before.get(id));
    }
    // Twice as many rows as columns, and no gates.
    Init::Orthogonal(1.0).apply(&mut set, output.v, &mut rng);
    assert!(from_orthogonal(set.get(output.v), 1.0) < 1e-13);
    assert_eq!([gru.weights.w, output.v].map(|id| set.gates(id)), [3, 1]);
}

/// What layers start with is what `Init::default_for` says.
#[test]
fn layers_start_as_they_say() {
    let (mut set, mut rng) = (ParameterSet::<f64>::new(), ChaCha8Rng::seed_from_u64(1));
    Lstm::new(&mut set, "lstm1", 30, 16, &mut rng);
    Linear::new(&mut set, "output", 25, 40, &mut rng);
    for id in set.ids() {
        let bound = if set.name(id).starts_with("lstm1") {
            0.25
        } else {
            0.2
        };
        let largest = set
            .get(id)
            .data()
            .iter()
            .fold(0.0, |a: f64, x| a.max(x.abs()));
        assert!(
            (0.9 * bound..=bound).contains(&largest),
            "{} {largest}",
            set.name(id)
        );
    }
}
