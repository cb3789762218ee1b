//! What foresees samples without a network: a linear predictor, whose coefficients are always the same.

use crate::corpus::Utterance;

/// Samples that it looks back at.
const ORDER: usize = 10;

/// x̂_i = Σ_k a_k x_{i−k}, k = 1 … 10, with the coefficients that make Σ (x_i − x̂_i)² least (Makhoul 1975, *Linear
/// prediction: a tutorial review*, the covariance method). All samples are those that levels stand for; before the
/// first one it is silent.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearPredictor {
    /// a_1 … a_10.
    pub coefficients: [f64; ORDER],
}

impl LinearPredictor {
    pub fn of(utterances: &[Utterance]) -> Self {
        let sounds: Vec<_> = utterances.iter().map(Utterance::samples).collect();
        LinearPredictor::fit(sounds.iter().map(Vec::as_slice))
    }

    fn fit<'a>(sounds: impl Iterator<Item = &'a [f64]>) -> Self {
        let mut products = [[0.0; ORDER + 1]; ORDER]; // Σ x_{i−k} x_{i−l} | Σ x_{i−k} x_i
        for x in sounds {
            for i in 0..x.len() {
                let past = past(x, i);
                for k in 0..ORDER {
                    for l in k..ORDER {
                        products[k][l] += past[k] * past[l];
                    }
                    products[k][ORDER] += past[k] * x[i];
                }
            }
        }
        for k in 0..ORDER {
            for l in 0..k {
                products[k][l] = products[l][k];
            }
            products[k][k] = products[k][k] * (1.0 + 1e-9) + f64::MIN_POSITIVE; // of silence, too, there is a solution
        }
        LinearPredictor {
            coefficients: solve(products),
        }
    }

    /// x̂_i, from the samples before.
    pub fn predict(&self, x: &[f64], i: usize) -> f64 {
        let terms = self.coefficients.iter().zip(past(x, i));
        terms.map(|(a, x)| a * x).sum()
    }
}

/// x_{i−1} … x_{i−10}.
fn past(x: &[f64], i: usize) -> [f64; ORDER] {
    std::array::from_fn(|k| if k < i { x[i - 1 - k] } else { 0.0 })
}

/// The solution of equations whose matrix is symmetric and positive definite, by elimination.
fn solve(mut rows: [[f64; ORDER + 1]; ORDER]) -> [f64; ORDER] {
    for k in 0..ORDER {
        let pivot = rows[k];
        for row in &mut rows[k + 1..] {
            let factor = row[k] / pivot[k];
            row.iter_mut()
                .zip(pivot)
                .for_each(|(x, p)| *x -= factor * p);
        }
    }
    let mut solution = [0.0; ORDER];
    for k in (0..ORDER).rev() {
        let known: f64 = (k + 1..ORDER).map(|l| rows[k][l] * solution[l]).sum();
        solution[k] = (rows[k][ORDER] - known) / rows[k][k];
    }
    solution
}

#[cfg(test)]
pub mod tests {
    use train::prelude::*;

    use super::*;

    /// x_i = 1.5 x_{i−1} − 0.8 x_{i−2} + noise of that standard deviation.
    pub fn process(seed: u64, deviation: f64) -> Vec<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        let mut x = vec![0.0, 0.0];
        for i in 2..1600 {
            x.push(1.5 * x[i - 1] - 0.8 * x[i - 2] + deviation * normal());
        }
        x
    }

    #[test]
    fn the_coefficients_are_those_that_a_process_was_made_with() {
        let sounds: Vec<_> = (0..20).map(|seed| process(seed, 0.02)).collect();
        let LinearPredictor { coefficients } =
            LinearPredictor::fit(sounds.iter().map(Vec::as_slice));
        for (k, expected) in [1.5, -0.8].into_iter().chain([0.0; ORDER - 2]).enumerate() {
            assert!(
                (coefficients[k] - expected).abs() < 0.05,
                "{coefficients:?}"
            );
        }
        let silence = LinearPredictor::fit([&[0.0; 50][..]].into_iter());
        assert_eq!(silence.coefficients, [0.0; ORDER]);
    }
}
