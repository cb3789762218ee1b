//! [`MelSpectrogram`]: how loud each band of frequencies is over time.

use std::f32::consts::TAU;
use std::fmt;
use std::sync::Arc;

use autograd::Matrix;
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// What the lowest band begins at, in Hz.
const LOWEST: f32 = 50.0;
/// What is added to every energy: that of the noise of rounding to 16 bits, about.
const FLOOR: f32 = 1e-7;

/// The logarithms of the energy in bands of frequencies, which the ear finds about as wide as each other, every
/// 10 ms.
///
/// Of each frame of 25 ms, x_0 … x_{N-1}, weighed by Hann's window w_n = sin²(π n / N), with zeros up to a power of
/// two, the power spectrum
///
/// P_k = |Σ_n w_n x_n e^{−2πi k n / K}|²
///
/// is summed by triangles, and s_b = ln(Σ_k H_b(f_k) P_k + ε). H_b rises from 0 at the middle of the band below to 1
/// at its own middle, and falls to 0 at that of the band above; the middles are equally far apart in mel,
///
/// m = 2595 log₁₀(1 + f / 700),
///
/// from 50 Hz to half the sample rate. Sources: Davis and Mermelstein 1980, *Comparison of parametric representations
/// for monosyllabic word recognition in continuously spoken sentences* (the triangles); O'Shaughnessy 1987, *Speech
/// communication* (the formula for mel).
#[derive(Clone)]
pub struct MelSpectrogram {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    hop: usize,
    bands: Vec<Band>,
}

/// A triangle: the weights of some frequencies, from the first of them on.
#[derive(Clone, Debug)]
struct Band {
    first: usize,
    weights: Vec<f32>,
}

impl MelSpectrogram {
    /// For so many samples a second, with so many bands.
    ///
    /// # Panics
    /// If there are no bands, or so many that one has no frequency for itself; or fewer than 1000 samples a second.
    #[track_caller]
    pub fn new(rate: u32, bands: usize) -> Self {
        assert!(rate >= 1000, "a spectrogram of {rate} samples a second");
        let width = (rate / 40) as usize;
        let size = width.next_power_of_two();
        let hann = |n: usize| (TAU / 2.0 * n as f32 / width as f32).sin().powi(2);
        let bands = triangles(rate as f32, size, bands);
        let nothing = bands.iter().position(|band| band.weights.is_empty());
        assert!(
            nothing.is_none() && !bands.is_empty(),
            "{} bands of {} frequencies",
            bands.len(),
            size / 2
        );
        MelSpectrogram {
            fft: RealFftPlanner::new().plan_fft_forward(size),
            window: (0..width).map(hann).collect(),
            hop: (rate / 100) as usize,
            bands,
        }
    }

    /// Samples from one frame to the next: 10 ms.
    pub fn hop(&self) -> usize {
        self.hop
    }

    /// The frames of a sound, `[T, bands]`. What is shorter than a frame is one, with zeros behind it.
    pub fn of(&self, samples: &[f32]) -> Matrix<f32> {
        let width = self.window.len();
        let frames = 1 + samples.len().saturating_sub(width) / self.hop;
        let mut spectrogram = Matrix::zeros(frames, self.bands.len());
        let (mut input, mut spectrum) = (self.fft.make_input_vec(), self.fft.make_output_vec());
        let mut scratch = self.fft.make_scratch_vec();
        for (t, row) in spectrogram
            .data_mut()
            .chunks_exact_mut(self.bands.len())
            .enumerate()
        {
            let frame = &samples[t * self.hop..];
            input.fill(0.0); // the transform leaves something else there
            for ((x, sample), w) in input.iter_mut().zip(frame).zip(&self.window) {
                *x = w * sample;
            }
            self.fft
                .process_with_scratch(&mut input, &mut spectrum, &mut scratch)
                .expect("buffers of the transform's own sizes");
            for (s, band) in row.iter_mut().zip(&self.bands) {
                *s = band.log_energy(&spectrum);
            }
        }
        spectrogram
    }
}

impl Band {
    fn log_energy(&self, spectrum: &[Complex<f32>]) -> f32 {
        let powers = spectrum[self.first..].iter().map(Complex::norm_sqr);
        let energy: f32 = self.weights.iter().zip(powers).map(|(h, p)| h * p).sum();
        (energy + FLOOR).ln()
    }
}

/// The triangles over the frequencies of a transform of that size.
fn triangles(rate: f32, size: usize, count: usize) -> Vec<Band> {
    let (low, high) = (mel(LOWEST), mel(rate / 2.0));
    let middle = |i: usize| hertz(low + (high - low) * i as f32 / (count + 1) as f32);
    let frequency = |k: usize| k as f32 * rate / size as f32;
    let triangle = |b: usize| {
        let (below, own, above) = (middle(b), middle(b + 1), middle(b + 2));
        let height = |f: f32| {
            ((f - below) / (own - below))
                .min((above - f) / (above - own))
                .max(0.0)
        };
        let first = (0..=size / 2).find(|&k| frequency(k) > below);
        let first = first.unwrap_or(size / 2);
        let heights = (first..=size / 2).map(|k| height(frequency(k)));
        Band {
            first,
            weights: heights.take_while(|&h| h > 0.0).collect(),
        }
    };
    (0..count).map(triangle).collect()
}

fn mel(hertz: f32) -> f32 {
    2595.0 * (1.0 + hertz / 700.0).log10()
}

fn hertz(mel: f32) -> f32 {
    700.0 * (10f32.powf(mel / 2595.0) - 1.0)
}

impl fmt::Debug for MelSpectrogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bands, width, hop) = (self.bands.len(), self.window.len(), self.hop);
        write!(
            f,
            "MelSpectrogram({bands} bands of {width} samples every {hop})"
        )
    }
}

/// Each column with mean 0 and variance 1: the same however loud it was recorded, and through what (Viikki and Laurila
/// 1998, *Cepstral domain segmental feature vector normalization for noise robust speech recognition*). A column
/// that is the same all the time becomes 0.
pub fn standardised(x: &Matrix<f32>) -> Matrix<f32> {
    let (steps, bands) = (x.row_count(), x.col_count());
    let moments: Vec<(f32, f32)> = (0..bands)
        .map(|b| {
            let column = || (0..steps).map(|t| x[(t, b)]);
            let mean = column().sum::<f32>() / steps as f32;
            let squares: f32 = column().map(|s| (s - mean).powi(2)).sum();
            (mean, (squares / steps as f32).sqrt())
        })
        .collect();
    Matrix::from_fn(steps, bands, |t, b| {
        let (mean, deviation) = moments[b];
        match deviation > 1e-4 {
            true => (x[(t, b)] - mean) / deviation,
            false => 0.0,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(frequency: f32, count: usize) -> Vec<f32> {
        let sample = |i: usize| (TAU * frequency * i as f32 / 8000.0).sin();
        (0..count).map(sample).collect()
    }

    #[test]
    fn mel_is_the_formulas() {
        assert!((mel(1000.0) - 1000.0).abs() < 0.1, "{}", mel(1000.0));
        assert!((hertz(mel(440.0)) - 440.0).abs() < 1e-2);
    }

    #[test]
    fn a_tone_is_loudest_in_its_band() {
        let mels = MelSpectrogram::new(8000, 32);
        let (low, high) = (mel(LOWEST), mel(4000.0));
        for frequency in [200.0, 700.0, 1000.0, 2500.0, 3500.0] {
            let seen = mels.of(&tone(frequency, 400));
            let expected = (mel(frequency) - low) / (high - low) * 33.0 - 1.0;
            for loudest in seen.row_argmax() {
                assert!((loudest as f32 - expected).abs() <= 0.75, "{frequency}");
            }
        }
    }

    #[test]
    fn it_is_the_sum_of_its_formula() {
        let (rate, count) = (8000, 24);
        let x = tone(900.0, 200);
        let power = |k: usize| {
            let term = |(n, x): (usize, &f32)| {
                let w = f64::from(TAU / 2.0 * n as f32 / 200.0).sin().powi(2);
                let angle = -std::f64::consts::TAU * (k * n) as f64 / 256.0;
                (
                    w * f64::from(*x) * angle.cos(),
                    w * f64::from(*x) * angle.sin(),
                )
            };
            let (re, im) = x
                .iter()
                .enumerate()
                .map(term)
                .fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
            re * re + im * im
        };
        let bands = triangles(rate as f32, 256, count);
        let seen = MelSpectrogram::new(rate, count).of(&x);
        assert_eq!(seen.row_count(), 1);
        for (b, band) in bands.iter().enumerate() {
            let weights = band.weights.iter().enumerate();
            let energy: f64 = weights
                .map(|(i, &h)| f64::from(h) * power(band.first + i))
                .sum();
            let expected = (energy + f64::from(FLOOR)).ln() as f32;
            assert!((seen[(0, b)] - expected).abs() < 1e-2, "band {b}");
        }
    }

    #[test]
    fn triangles_that_overlap_add_up_to_one() {
        let bands = triangles(8000.0, 256, 20);
        let mut sums = vec![0.0; 129];
        for band in &bands {
            for (i, h) in band.weights.iter().enumerate() {
                sums[band.first + i] += h;
            }
        }
        let inner = &sums[5..100];
        assert!(
            inner.iter().all(|sum| (sum - 1.0).abs() < 1e-4),
            "{inner:?}"
        );
    }

    #[test]
    fn what_is_short_or_silent_has_a_frame() {
        let mels = MelSpectrogram::new(8000, 32);
        for (samples, frames) in [(1, 1), (200, 1), (279, 1), (280, 2), (8000, 98)] {
            let seen = mels.of(&vec![0.0; samples]);
            assert_eq!(seen.row_count(), frames);
            assert!(seen.data().iter().all(|&s| s == FLOOR.ln()));
            assert!(standardised(&seen).data().iter().all(|&s| s == 0.0));
        }
    }

    #[test]
    fn standardised_it_does_not_tell_how_loud_it_was() {
        let mels = MelSpectrogram::new(8000, 8);
        let noise = |i: u32| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 16_777_216.0 - 0.5;
        let rising: Vec<_> = (0..2000)
            .map(|i| noise(i) * 5e-4 * (200.0 + i as f32))
            .collect();
        let halved: Vec<_> = rising.iter().map(|x| x / 2.0).collect();
        let [a, b] = [rising, halved].map(|x| standardised(&mels.of(&x)));
        assert!(a.max_abs_diff(&b) < 0.05);
        let mean = |m: &Matrix<f32>| (0..m.row_count()).map(|t| m[(t, 2)]).sum::<f32>();
        assert!(mean(&a).abs() < 1e-2);
    }
}
