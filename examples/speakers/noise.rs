//! [`Noise`]: a layer of one's own.

use rand::Rng;
use train::prelude::*;

/// Noise on the inputs in training, so that an utterance is never twice the same: some on every value, and a shift of
/// each dimension that is the same at all steps of an utterance, as on another day or by another microphone. Both are
/// evenly spread around 0, with these standard deviations.
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    pub values: f64,
    pub shift: f64,
}

impl Layer<f32> for Noise {
    fn pass<'t>(&self, p: &Bound<'t>, x: Sequence<'t>, _: &mut States<'t>) -> Sequence<'t> {
        let Some(mut rng) = p.noise() else {
            return x;
        };
        let (rows, dimensions) = (x.stacked().row_count(), x.stacked().col_count());
        let samples = x.lengths().samples();
        let of_row: Vec<_> = x.lengths().positions().map(|(sample, _)| sample).collect();
        let values = spread(self.values, rows, dimensions, &mut rng);
        let shift = spread(self.shift, samples, dimensions, &mut rng).gather_rows(&of_row);
        let [values, shift] = [values, shift].map(|noise| p.tape().constant(noise));
        x.map(|x| x + values + shift)
    }

    fn output_size(&self, features: Option<usize>) -> Result<Option<usize>, String> {
        Ok(features)
    }

    fn description(&self) -> String {
        format!("noise {} and shift {}", self.values, self.shift)
    }
}

/// Numbers from U(-√3 σ, √3 σ), whose standard deviation is σ.
fn spread(deviation: f64, rows: usize, cols: usize, rng: &mut impl Rng) -> Matrix {
    let widest = (3f64.sqrt() * deviation) as f32;
    Matrix::from_fn(rows, cols, |_, _| rng.random_range(-widest..=widest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of samples of zeros.
    fn noisy(noise: Noise, lengths: &[usize], seed: Option<u64>) -> Vec<Matrix> {
        let tape = Tape::new();
        let p = ParameterSet::new().bind(&tape);
        let p = seed.map_or(p, |seed| p.training(seed));
        let zeros: Vec<_> = lengths
            .iter()
            .map(|&steps| Matrix::zeros(steps, 3))
            .collect();
        let x = Sequence::from_samples(&tape, &zeros).unwrap();
        let samples = noise.run(&p, x).samples();
        samples.iter().map(|x| x.value().to_matrix()).collect()
    }

    #[test]
    fn a_shift_is_the_same_at_all_steps_and_noise_is_not() {
        let shift = noisy(
            Noise {
                values: 0.0,
                shift: 1.0,
            },
            &[2, 5, 3],
            Some(1),
        );
        for sample in &shift {
            assert!((1..sample.row_count()).all(|t| sample.row(t) == sample.row(0)));
        }
        assert_ne!(shift[0].row(0), shift[1].row(0));
        let noise = noisy(
            Noise {
                values: 1.0,
                shift: 0.0,
            },
            &[2],
            Some(1),
        );
        assert_ne!(noise[0].row(0), noise[0].row(1));
    }

    #[test]
    fn there_is_some_in_training_only_and_as_much_as_asked_for() {
        let noise = Noise {
            values: 0.6,
            shift: 0.3,
        };
        assert!(
            noisy(noise, &[4, 2], None)
                .iter()
                .all(|x| x.data().iter().all(|&x| x == 0.0))
        );
        let numbers: Vec<_> = noisy(noise, &[1; 4000], Some(2))
            .iter()
            .flat_map(|x| x.data().to_vec())
            .collect();
        let variance =
            numbers.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / numbers.len() as f64;
        assert!((variance - 0.45).abs() < 0.02, "{variance}");
    }
}
