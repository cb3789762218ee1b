//! Another sample rate, another speed.

use std::f64::consts::PI;
use std::sync::OnceLock;

use crate::{Sound, SoundError};

/// Zeros of the kernel on each side.
const ZEROS: usize = 12;
/// Places between two of them at which it is known; between those it is a straight line.
const PLACES: usize = 256;

impl Sound {
    /// The same sound with fewer samples a second. Frequencies that these cannot hold are left out.
    ///
    /// # Errors
    /// If it has fewer already: what is missing above half of its rate cannot be made.
    ///
    /// # Panics
    /// If the rate is 0.
    #[track_caller]
    pub fn at_rate(self, rate: u32) -> Result<Self, SoundError> {
        assert!(rate > 0, "0 samples a second");
        if self.rate == rate {
            return Ok(self);
        }
        if self.rate < rate {
            return Err(SoundError::Rate {
                found: self.rate,
                lowest: rate,
            });
        }
        let samples = resampled(&self.samples, f64::from(self.rate) / f64::from(rate));
        Ok(Sound { rate, samples })
    }

    /// Played so many times as fast, as a tape would be: shorter and higher, by the same factor.
    ///
    /// # Panics
    /// If the factor is not above 0, or infinite.
    #[must_use]
    #[track_caller]
    pub fn faster(&self, factor: f64) -> Self {
        assert!(
            factor > 0.0 && factor.is_finite(),
            "a sound played {factor} times as fast"
        );
        Sound {
            rate: self.rate,
            samples: resampled(&self.samples, factor),
        }
    }
}

/// A sample of x at every place n `step`, by a windowed sinc (Smith and Gossett 1984, *A flexible sampling-rate
/// conversion method*):
///
/// y_n = c Σ_k x_k h(c (n step − k)),   h(u) = sin(π u) / (π u) cos²(π u / 2Z) for |u| < Z,
///
/// where c = min(1, 1 / step) keeps frequencies out that y cannot hold, and Z is the number of zeros on each side.
fn resampled(x: &[f32], step: f64) -> Vec<f32> {
    let c = step.recip().min(1.0);
    let reach = ZEROS as f64 / c;
    let sample = |n: usize| {
        let place = n as f64 * step;
        let first = (place - reach).ceil().max(0.0) as usize;
        let end = ((place + reach) as usize + 1).min(x.len());
        let near = x[first.min(end)..end].iter().enumerate();
        let terms = near.map(|(i, x)| x * h(c * (place - (first + i) as f64)));
        c as f32 * terms.sum::<f32>()
    };
    let count = (x.len() as f64 / step).ceil() as usize;
    (0..count).map(sample).collect()
}

/// The kernel, from its table.
fn h(u: f64) -> f32 {
    static TABLE: OnceLock<Vec<f32>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let exact = |i: usize| {
            let u = PI * i as f64 / PLACES as f64;
            let sinc = if i == 0 { 1.0 } else { u.sin() / u };
            (sinc * (u / (2 * ZEROS) as f64).cos().powi(2)) as f32
        };
        (0..ZEROS * PLACES).map(exact).chain([0.0; 2]).collect()
    });
    let place = u.abs() * PLACES as f64;
    let i = (place as usize).min(ZEROS * PLACES);
    let part = place as f32 - i as f32;
    table[i] + part * (table[i + 1] - table[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(frequency: f64, rate: u32) -> Sound {
        let sample = |i: u32| (2.0 * PI * frequency * f64::from(i) / f64::from(rate)).sin() as f32;
        Sound {
            rate,
            samples: (0..rate / 2).map(sample).collect(),
        }
    }

    /// The largest difference, away from where the sound begins and ends.
    fn difference(a: &Sound, b: &Sound) -> f32 {
        let inner = 200..a.samples.len() - 200;
        let pairs = a.samples[inner.clone()].iter().zip(&b.samples[inner]);
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn a_tone_stays_the_same_at_a_lower_rate() {
        for rate in [44_100, 22_050, 16_000, 11_025, 8_000] {
            let lower = tone(440.0, rate).at_rate(8000).unwrap();
            let expected = tone(440.0, 8000);
            assert!(lower.samples.len().abs_diff(expected.samples.len()) <= 1);
            assert!(difference(&expected, &lower) < 2e-3, "{rate}");
        }
    }

    #[test]
    fn what_a_lower_rate_cannot_hold_is_left_out() {
        for frequency in [4_500.0, 7_000.0, 15_000.0] {
            let lower = tone(frequency, 44_100).at_rate(8000).unwrap();
            let silence = Sound {
                rate: 8000,
                samples: vec![0.0; lower.samples.len()],
            };
            assert!(difference(&silence, &lower) < 0.02, "{frequency}");
        }
    }

    #[test]
    fn a_higher_rate_is_refused() {
        let error = tone(440.0, 4000).at_rate(8000).unwrap_err().to_string();
        let expected = "4000 samples a second, and there should be 8000 or more";
        assert_eq!(error, expected);
    }

    #[test]
    fn a_faster_tone_is_higher_and_shorter() {
        for factor in [0.8, 1.0, 1.25] {
            let faster = tone(400.0, 8000).faster(factor);
            let mut expected = tone(400.0 * factor, 8000);
            let count = faster.samples.len();
            assert_eq!(count, (4000.0 / factor).ceil() as usize);
            expected.samples.truncate(count);
            assert!(difference(&expected, &faster) < 2e-3, "{factor}");
        }
    }

    #[test]
    fn one_sample_stays_one() {
        let click = Sound {
            rate: 4_000_000_000,
            samples: vec![0.5],
        };
        assert_eq!(click.at_rate(8000).unwrap().samples.len(), 1);
    }
}
