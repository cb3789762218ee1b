//! A simple recurrent network whose recurrent weights have a given spectral radius.

use rand::Rng;
use train::prelude::*;

/// h_t = tanh(U x_t + W h_{t-1}), with the elements of W drawn from a normal distribution, and then scaled so
/// that the largest of W's eigenvalues has this size.
pub fn simple_rnn(
    set: &mut ParameterSet<f64>,
    (inputs, hidden): (usize, usize),
    radius: f64,
    rng: &mut impl Rng,
) -> SimpleRnn {
    let rnn = SimpleRnn::new(set, "rnn1", inputs, hidden, rng);
    set.init("rnn1.b", Init::Zeros, rng);
    set.init("rnn1.W", Init::Normal(1.0), rng);
    let w = set.get_mut(rnn.weights.w);
    let factor = radius / spectral_radius(w);
    *w = w.map(|x| factor * x);
    rnn
}

/// The size of the largest eigenvalue, by Gelfand's formula: lim ‖Wᵏ‖^(1/k), here with k = 2³⁰ by repeated
/// squares. (A power of so large or so small numbers is none, so each square is divided by its norm.)
pub fn spectral_radius(w: &Matrix<f64>) -> f64 {
    let (mut power, mut logarithm) = (w.clone(), 0.0);
    for squares in 0..30 {
        let norm = power.norm();
        if norm == 0.0 {
            return 0.0;
        }
        logarithm += norm.ln() / 2f64.powi(squares);
        let unit = power.map(|x| x / norm);
        power = unit.matmul(&unit);
    }
    logarithm.exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spectral_radius_is_that_of_the_largest_eigenvalue() {
        let close = |w: Matrix<f64>, radius: f64| {
            let found = spectral_radius(&w);
            assert!(
                (found - radius).abs() < 1e-6 * radius,
                "{found}, not {radius}"
            );
        };
        close(Matrix::from([[0.5, 100.0], [0.0, -0.25]]), 0.5); // its norm is another thing
        close(Matrix::from([[0.0, -3.0], [3.0, 0.0]]), 3.0); // ± 3i
        close(Matrix::from([[2.0, 1.0], [0.0, 2.0]]), 2.0); // twice the same, and one eigenvector
        close(Matrix::from([[-0.7]]), 0.7);
        assert_eq!(
            spectral_radius(&Matrix::from([[0.0, 1.0], [0.0, 0.0]])),
            0.0
        );
    }

    #[test]
    fn a_network_has_the_radius_that_it_is_to_have() {
        let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(1));
        let rnn = simple_rnn(&mut set, (2, 9), 1.25, &mut rng);
        let found = spectral_radius(set.get(rnn.weights.w));
        assert!((found - 1.25).abs() < 1e-6, "{found}");
    }
}
