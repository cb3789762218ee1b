//! The probabilities of a sample's levels, from a density of its sound pressure.

use train::prelude::*;

use crate::mu_law::{LEVELS, edge};

/// Densities of a mixture, K.
const COMPONENTS: usize = 5;
/// Outputs of a network for a mixture: π̂, δ and ŝ, K of each.
pub const WIDTH: usize = 3 * COMPONENTS;
/// A share of every probability that all levels have alike, so that none is impossible.
const ALIKE: f64 = 1e-6;
/// The logarithm of the least scale: below the width of the cells where it is silent.
const LEAST: f64 = -9.2;
/// What stands for an edge at infinity.
const FAR: f64 = 9.0;

/// What is foreseen of some samples, a row for each: the probability of a level is what a mixture of logistic densities
/// has between the edges of its cell (Salimans et al. 2017, *PixelCNN++*, equation 2, for pixels; σ is the distribution
/// function of the logistic density),
///
/// p(q) = Σ_k π_k (σ(z_{k,q+1}) − σ(z_{k,q})),   z_{k,q} = (edge_q − x̂) / s_k − δ_k,
///
/// π = softmax(π̂),   ln s_k = ln s_min + ln(1 + exp ŝ_k)
///
/// A softmax over the 256 levels knows nothing of which are next to each other. It was tried, see examples/RESULTS.md.
#[derive(Clone, Copy, Debug)]
pub struct Foreseen<'t> {
    /// x̂: `[rows, 1]`.
    pub centre: Var<'t>,
    /// π̂, δ and ŝ: `[rows, WIDTH]`.
    pub mixture: Var<'t>,
}

impl<'t> Foreseen<'t> {
    /// Σ −ln p of these levels.
    pub fn nats(&self, levels: &[u8]) -> Var<'t> {
        let [pi, delta, scale] = [0, 1, 2].map(|i| {
            let columns = i * COMPONENTS..(i + 1) * COMPONENTS;
            self.mixture.cols(columns)
        });
        let precision = (-(scale.softplus() + LEAST as f32)).exp();
        let below = |next: usize| {
            let edge =
                |row: usize, _| edge(usize::from(levels[row]) + next).clamp(-FAR, FAR) as f32;
            let edges = Matrix::from_fn(levels.len(), 1, edge);
            let edges = self.mixture.tape().constant(edges);
            ((edges - self.centre) * precision - delta).sigmoid()
        };
        let p = (pi.softmax() * (below(1) - below(0))).sum_cols();
        -(p * (1.0 - ALIKE) as f32 + (ALIKE / LEVELS as f64) as f32)
            .ln()
            .sum()
    }

    /// ln p of every level of the sample in a row, to draw from.
    pub fn logits(&self, row: usize) -> Vec<f64> {
        let centre = f64::from(self.centre.value().row(row)[0]);
        let outputs = self.mixture.value();
        let of = |i: usize, k: usize| f64::from(outputs.row(row)[i * COMPONENTS + k]);
        let weights: [f64; COMPONENTS] = std::array::from_fn(|k| (of(0, k) - of(0, 0)).exp());
        let total: f64 = weights.iter().sum();
        let below = |edge: f64| -> f64 {
            let parts = weights.iter().enumerate().map(|(k, weight)| {
                let s = (LEAST + Scalar::softplus(of(2, k))).exp();
                weight / total * Scalar::sigmoid((edge - centre) / s - of(1, k))
            });
            parts.sum()
        };
        let below: Vec<_> = (0..=LEVELS).map(|number| below(edge(number))).collect();
        let cell = |pair: &[f64]| (1.0 - ALIKE) * (pair[1] - pair[0]) + ALIKE / LEVELS as f64;
        below.windows(2).map(|pair| cell(pair).ln()).collect()
    }
}

/// Gives the mixture of a network that has learned nothing scales from a hundredth to a sixth of the loudest sound.
pub fn begin(bias: &mut [f32]) {
    for (k, scale) in bias[2 * COMPONENTS..].iter_mut().enumerate() {
        *scale = 4.5 + 0.7 * k as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreseen(tape: &Tape, rows: usize) -> Foreseen<'_> {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut draw = |size: f32, columns| {
            let number = |_, _| size * (rng.random::<f32>() - 0.5);
            tape.var(Matrix::from_fn(rows, columns, number))
        };
        let (centre, mixture) = (draw(0.5, 1), draw(4.0, WIDTH));
        let mut bias = vec![0.0; WIDTH];
        begin(&mut bias);
        let bias = tape.constant(Matrix::from_fn(1, WIDTH, |_, i| bias[i]));
        Foreseen {
            centre,
            mixture: mixture + bias,
        }
    }

    #[test]
    fn probabilities_are_such_and_their_logarithms_are_the_loss() {
        let tape = Tape::new();
        let foreseen = foreseen(&tape, 6);
        let levels = [0, 255, 128, 200, 90, 127];
        let mut expected = 0.0;
        for (row, &level) in levels.iter().enumerate() {
            let logits = foreseen.logits(row);
            let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{sum}");
            expected -= logits[usize::from(level)];
        }
        let nats = f64::from(foreseen.nats(&levels).item());
        assert!((nats - expected).abs() < 1e-3, "{nats} {expected}");
    }

    /// One component alone, δ = 0: by hand, at the level of x = 0.25 and for x̂ = 0.2, s = 0.1.
    #[test]
    fn a_cell_has_what_lies_between_its_edges() {
        let tape = Tape::new();
        let scale = (0.1f64.ln() - LEAST).exp_m1().ln() as f32;
        let mixture = Matrix::from_fn(1, WIDTH, |_, i| match i / COMPONENTS {
            0 if i > 0 => -30.0,
            2 => scale,
            _ => 0.0,
        });
        let foreseen = Foreseen {
            centre: tape.var(Matrix::scalar(0.2)),
            mixture: tape.var(mixture),
        };
        let q = usize::from(crate::mu_law::level(0.25));
        let below = |x: f64| 1.0 / (1.0 + (-(x - 0.2) / 0.1).exp());
        let expected = (below(edge(q + 1)) - below(edge(q))).ln();
        assert!((foreseen.logits(0)[q] - expected).abs() < 1e-4);
    }
}
