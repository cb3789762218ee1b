//! What is to be beaten: how often each level is there, and a linear predictor with a density around what it predicts.

use std::f64::consts::SQRT_2;
use std::fmt;

use crate::corpus::Utterance;
use crate::mu_law::{LEVELS, edge};
use crate::predictor::LinearPredictor;

/// A share of every probability that all levels have alike, so that none is impossible.
const ALIKE: f64 = 1e-3;
/// Samples by which scales are chosen, at most.
const ENOUGH: usize = 100_000;
/// How often each number of a scale is looked for.
const ROUNDS: usize = 3;

/// Bits per sample of some utterances where each level has the share that it has in others.
pub fn histogram_bits(training: &[Utterance], test: &[Utterance]) -> f64 {
    let mut counts = [1.0; LEVELS]; // one more than there are, so that none is impossible
    for &q in training.iter().flat_map(|utterance| &utterance.levels) {
        counts[usize::from(q)] += 1.0;
    }
    let total: f64 = counts.iter().sum();
    let bits = |&q: &u8| -(counts[usize::from(q)] / total).log2();
    mean(
        test.iter()
            .flat_map(|utterance| &utterance.levels)
            .map(bits),
    )
}

fn mean(numbers: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = numbers.fold((0.0, 0), |(sum, count), x| (sum + x, count + 1));
    sum / f64::from(count)
}

/// How what is left after the prediction is distributed, as a density around 0 of scale 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Density {
    Gaussian,
    Laplace,
    Logistic,
}

impl Density {
    pub const ALL: [Self; 3] = [Density::Gaussian, Density::Laplace, Density::Logistic];

    /// What is beyond z ≥ 0.
    fn tail(self, z: f64) -> f64 {
        match self {
            Density::Gaussian => complementary_error(z / SQRT_2) / 2.0,
            Density::Laplace => (-z).exp() / 2.0,
            Density::Logistic => 1.0 / (1.0 + z.exp()),
        }
    }

    /// What is between two places.
    fn between(self, a: f64, b: f64) -> f64 {
        match (a >= 0.0, b <= 0.0) {
            (true, _) => self.tail(a) - self.tail(b),
            (_, true) => self.tail(-b) - self.tail(-a),
            _ => 1.0 - self.tail(-a) - self.tail(b),
        }
    }
}

/// erfc(z) for z ≥ 0, to 1.5 · 10⁻⁷ (Abramowitz and Stegun 1964, *Handbook of mathematical functions*, 7.1.26).
fn complementary_error(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let factors = [
        0.254_829_592,
        -0.284_496_736,
        1.421_413_741,
        -1.453_152_027,
        1.061_405_429,
    ];
    let polynomial = factors.iter().rev().fold(0.0, |sum, a| (sum + a) * t);
    polynomial * (-z * z).exp()
}

/// The scale of the density at each sample, from how large the last residuals were:
///
/// s_i = α m_i + β,   m_i = λ m_{i−1} + (1 − λ) |x_{i−1} − x̂_{i−1}|
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    pub lambda: f64,
    pub alpha: f64,
    pub beta: f64,
}

/// A linear predictor with a density of its residual: that of the cell of a level is the level's probability.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    predictor: LinearPredictor,
    pub density: Density,
    pub scale: Scale,
}

/// An utterance with the predictions of its samples.
struct Predicted<'a> {
    levels: &'a [u8],
    x: Vec<f64>,
    predictions: Vec<f64>,
}

/// Of all densities the one with the least bits on the training part: with a scale that adapts, and with one that is
/// always the same.
pub fn baselines(predictor: &LinearPredictor, training: &[Utterance]) -> [Baseline; 2] {
    let count: usize = training
        .iter()
        .map(|utterance| utterance.levels.len())
        .sum();
    let chosen = training.iter().step_by(count.div_ceil(ENOUGH));
    let predicted: Vec<_> = chosen
        .map(|utterance| Predicted::of(utterance, predictor))
        .collect();
    [true, false].map(|adapts| {
        let of = |density| Baseline::fit(predictor, density, adapts, &predicted);
        let fitted = Density::ALL.map(of);
        let best = fitted.into_iter().min_by(|a, b| a.1.total_cmp(&b.1));
        best.expect("there are three").0
    })
}

impl<'a> Predicted<'a> {
    fn of(utterance: &'a Utterance, predictor: &LinearPredictor) -> Self {
        let x = utterance.samples();
        Predicted {
            levels: &utterance.levels,
            predictions: (0..x.len()).map(|i| predictor.predict(&x, i)).collect(),
            x,
        }
    }
}

/// "a Laplace density of scale 0.0312", or "a logistic density of a scale that adapts".
impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let density = match self.density {
            Density::Gaussian => "Gaussian",
            Density::Laplace => "Laplace",
            Density::Logistic => "logistic",
        };
        match self.scale {
            Scale {
                alpha: 0.0, beta, ..
            } => write!(f, "a {density} density of scale {beta:.4}"),
            _ => write!(f, "a {density} density of a scale that adapts"),
        }
    }
}

impl Baseline {
    /// The scale with the least bits, number by number along a grid; and these bits.
    fn fit(
        predictor: &LinearPredictor,
        density: Density,
        adapts: bool,
        utterances: &[Predicted<'_>],
    ) -> (Self, f64) {
        let mut best = Baseline {
            predictor: predictor.clone(),
            density,
            scale: Scale {
                lambda: 0.9,
                alpha: if adapts { 1.0 } else { 0.0 },
                beta: 0.01,
            },
        };
        let mut least = best.bits_of(utterances);
        let powers = |range: std::ops::Range<i32>, base: f64| range.map(move |n| base.powi(n));
        for _ in 0..if adapts { ROUNDS } else { 1 } {
            let scale = best.scale;
            let betas = powers(-48..-4, SQRT_2.sqrt()).map(|beta| Scale { beta, ..scale });
            let mut tried: Vec<_> = betas.collect();
            if adapts {
                tried.extend(powers(-8..5, SQRT_2.sqrt()).map(|alpha| Scale { alpha, ..scale }));
                tried.extend(powers(1..8, SQRT_2.recip()).map(|x| Scale {
                    lambda: 1.0 - x,
                    ..scale
                }));
            }
            for scale in tried {
                let other = Baseline {
                    scale,
                    ..best.clone()
                };
                let bits = other.bits_of(utterances);
                if bits < least {
                    (best, least) = (other, bits);
                }
            }
        }
        (best, least)
    }

    /// Bits per sample of some utterances.
    pub fn bits(&self, test: &[Utterance]) -> f64 {
        let predicted = test
            .iter()
            .map(|utterance| Predicted::of(utterance, &self.predictor));
        self.bits_of(&predicted.collect::<Vec<_>>())
    }

    fn bits_of(&self, utterances: &[Predicted<'_>]) -> f64 {
        mean(
            utterances
                .iter()
                .flat_map(|utterance| self.bits_of_each(utterance)),
        )
    }

    /// −log₂ of what the density has between the edges of each sample's level.
    fn bits_of_each(&self, utterance: &Predicted<'_>) -> impl Iterator<Item = f64> {
        let Scale {
            lambda,
            alpha,
            beta,
        } = self.scale;
        let mut m = 0.0;
        (0..utterance.x.len()).map(move |i| {
            let (centre, q) = (utterance.predictions[i], usize::from(utterance.levels[i]));
            let s = alpha * m + beta;
            m = lambda * m + (1.0 - lambda) * (utterance.x[i] - centre).abs();
            let [a, b] = [edge(q), edge(q + 1)].map(|edge| (edge - centre) / s);
            let p = self.density.between(a, b);
            -(ALIKE / LEVELS as f64 + (1.0 - ALIKE) * p).log2()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mu_law::level;
    use crate::predictor::tests::process;

    fn utterance(seed: u64) -> Utterance {
        let levels = process(seed, 0.02).into_iter().map(|x| level(x as f32));
        Utterance {
            levels: levels.collect(),
            ..Utterance::default()
        }
    }

    #[test]
    fn probabilities_of_all_levels_are_one_together() {
        for density in Density::ALL {
            for (centre, s) in [(0.0, 0.01), (0.3, 0.1), (-2.0, 1.0)] {
                let cell = |q| density.between((edge(q) - centre) / s, (edge(q + 1) - centre) / s);
                let sum: f64 = (0..LEVELS).map(cell).sum();
                assert!((sum - 1.0).abs() < 1e-5, "{density:?} {sum}");
            }
        }
        let known = [0.158_655, (-1f64).exp() / 2.0, 1.0 / (1.0 + 1f64.exp())];
        for (density, tail) in Density::ALL.into_iter().zip(known) {
            assert!((density.tail(1.0) - tail).abs() < 1e-6, "{density:?}");
        }
    }

    /// The noise of the process is Gaussian with a known deviation: so are its bits, by the width of the cells.
    #[test]
    fn the_bits_of_a_process_are_those_of_its_noise() {
        let utterances: Vec<_> = (0..30).map(utterance).collect();
        let (training, test) = utterances.split_at(20);
        let predictor = LinearPredictor::of(training);
        let [adapted, plain] = baselines(&predictor, training);
        assert_eq!(plain.density, Density::Gaussian);
        assert!((plain.scale.beta - 0.02).abs() < 0.004, "{:?}", plain.scale);
        let width = |q: u8| (edge(q.into()).max(-1.0) - edge(usize::from(q) + 1).min(1.0)).abs();
        let entropy =
            0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E).log2() + 0.02f64.log2();
        let widths = test
            .iter()
            .flat_map(|u| &u.levels)
            .map(|&q| width(q).log2());
        let expected = entropy - mean(widths);
        let bits = plain.bits(test);
        assert!((bits - expected).abs() < 0.1, "{bits} {expected}");
        assert!((adapted.bits(test) - bits).abs() < 0.1);
        assert!(histogram_bits(training, test) > bits + 1.0);
    }

    #[test]
    fn a_histogram_of_two_levels_takes_a_bit() {
        let of = |levels: &[u8]| Utterance {
            levels: levels.repeat(50_000),
            ..Utterance::default()
        };
        let bits = histogram_bits(&[of(&[7, 9])], &[of(&[7, 7])]);
        assert!((bits - 1.0).abs() < 0.01, "{bits}");
    }
}
