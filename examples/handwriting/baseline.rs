//! What is foreseen without looking: one and the same density for every point.

use train::prelude::*;

use crate::density::{CharacterDensity, steps};

/// The outputs of a [`CharacterDensity`] of one Gaussian that fit these characters best, were they the same for
/// every point: means, standard deviations and correlation of the offsets, the shares of points where the pen is
/// lifted and where a character is done. Each is the maximum of the likelihood.
#[derive(Clone, Debug, PartialEq)]
pub struct Unconditional {
    outputs: Vec<f32>,
}

impl Unconditional {
    pub fn fit(characters: &[Matrix<f32>]) -> Self {
        let points = || {
            characters
                .iter()
                .flat_map(|c| c.row_iter().skip(1))
                .map(|row| [0, 1, 2].map(|c| f64::from(row[c])))
        };
        let count = points().count() as f64;
        let mean = |f: &dyn Fn([f64; 3]) -> f64| points().map(f).sum::<f64>() / count;
        let [m1, m2] = [0, 1].map(|i| mean(&|x| x[i]));
        let [s1, s2] = [(0, m1), (1, m2)].map(|(i, m)| mean(&|x| (x[i] - m).powi(2)).sqrt());
        let rho = mean(&|x| (x[0] - m1) * (x[1] - m2)) / (s1 * s2);
        let logit = |p: f64| (p / (1.0 - p)).ln();
        let done = characters.len() as f64 / (count + characters.len() as f64);
        let outputs = [
            logit(done),
            logit(mean(&|x| x[2])),
            0.0,
            m1,
            m2,
            s1.ln(),
            s2.ln(),
            rho.atanh(),
        ];
        // A share of 0 or 1, and an axis along which nothing moves, have infinite ones.
        let outputs = outputs.map(|x| {
            if x.is_nan() {
                0.0
            } else {
                x.clamp(-15.0, 15.0) as f32
            }
        });
        Unconditional {
            outputs: outputs.to_vec(),
        }
    }

    /// Nats per step of some characters.
    pub fn nats(&self, characters: &[Matrix<f32>]) -> f64 {
        let density = CharacterDensity::new(1);
        let (mut nats, mut count) = (0.0, 0);
        for characters in characters.chunks(100) {
            let tape = Tape::new();
            let lengths: Vec<_> = characters.iter().map(Matrix::row_count).collect();
            let lengths = Lengths::new(&lengths).expect("a character has points");
            let outputs =
                Matrix::from_fn(lengths.row_count(), density.width(), |_, c| self.outputs[c]);
            let outputs = Sequence::from_stacked(tape.constant(outputs), &lengths);
            let of = density.nats(&outputs, &characters.iter().collect::<Vec<_>>());
            nats += f64::from(of.points.item()) + f64::from(of.ends.item());
            count += characters.iter().map(steps).sum::<usize>();
        }
        nats / count as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The entropy of what was drawn from such a density: ln 2π e σ₁ σ₂ √(1 − ρ²), and those of pen and end.
    #[test]
    fn it_fits_what_was_drawn_from_such_a_density() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut normal = || (0..12).map(|_| rng.random::<f32>()).sum::<f32>() - 6.0;
        let mut characters = Vec::new();
        for _ in 0..300 {
            let mut points = Matrix::zeros(21, 3);
            for t in 1..21 {
                let (a, b) = (normal(), normal());
                points[(t, 0)] = 0.3 + 2.0 * a;
                points[(t, 1)] = 0.5 * (0.6 * a + 0.8 * b) - 1.0;
                points[(t, 2)] = f32::from(t % 4 == 0);
            }
            characters.push(points);
        }
        let entropy = |p: f64| -p * p.ln() - (1.0 - p) * (1.0 - p).ln();
        let gaussian = (std::f64::consts::TAU * std::f64::consts::E * 2.0 * 0.5 * 0.8).ln();
        let expected = gaussian + entropy(0.25) + entropy(1.0 / 21.0) * 21.0 / 20.0;
        let baseline = Unconditional::fit(&characters);
        let nats = baseline.nats(&characters);
        assert!((nats - expected).abs() < 0.02, "{nats} {expected}");
        for i in 0..baseline.outputs.len() {
            let mut other = baseline.clone();
            other.outputs[i] += 0.1;
            let worse = i == 2 || other.nats(&characters) > nats; // one of one component is always it
            assert!(worse, "output {i} is not the best");
        }
    }

    #[test]
    fn what_never_varies_is_finite() {
        let straight = Matrix::from([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]);
        let nats = Unconditional::fit(std::slice::from_ref(&straight)).nats(&[straight]);
        assert!(nats.is_finite());
    }
}
