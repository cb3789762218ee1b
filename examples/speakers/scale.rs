//! [`Scale`]: dimensions that are as large as each other.

use train::prelude::*;

use crate::ts::Sample;

/// What each dimension is shifted and divided by, so that its values have mean 0 and deviation 1 in the series to learn
/// from.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    means: Vec<f64>,
    deviations: Vec<f64>,
}

impl Scale {
    pub fn of(samples: &[Sample]) -> Self {
        let dimension = |d: usize| {
            let series = |x: &Matrix| (0..x.row_count()).map(|t| f64::from(x[(t, d)])).collect();
            let values: Vec<f64> = samples
                .iter()
                .flat_map(|(x, _)| -> Vec<_> { series(x) })
                .collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let squares = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
            // A dimension that never varies says nothing, whatever it is divided by.
            let deviation = Some((squares / values.len() as f64).sqrt()).filter(|&x| x > 0.0);
            (mean, deviation.unwrap_or(1.0))
        };
        let (means, deviations) = (0..samples[0].0.col_count()).map(dimension).unzip();
        Scale { means, deviations }
    }

    pub fn apply(&self, samples: &[Sample]) -> Vec<Sample> {
        let value = |x: f32, d: usize| ((f64::from(x) - self.means[d]) / self.deviations[d]) as f32;
        let scaled =
            |x: &Matrix| Matrix::from_fn(x.row_count(), x.col_count(), |t, d| value(x[(t, d)], d));
        samples
            .iter()
            .map(|(x, class)| (scaled(x), *class))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_learned_from_has_mean_0_and_deviation_1() {
        let samples = [
            (Matrix::from([[1.0, 7.0], [3.0, 7.0]]), 0),
            (Matrix::from([[5.0, 7.0], [7.0, 7.0]]), 1),
        ];
        let scale = Scale::of(&samples);
        let scaled = scale.apply(&samples);
        let first: Vec<_> = [0, 1]
            .iter()
            .flat_map(|&i| [scaled[i].0[(0, 0)], scaled[i].0[(1, 0)]])
            .collect();
        let deviation = 5f32.sqrt();
        for (found, expected) in first.iter().zip([-3.0, -1.0, 1.0, 3.0]) {
            assert!((found - expected / deviation).abs() < 1e-6);
        }
        assert_eq!(
            (scaled[0].0[(1, 1)], scaled[1].1),
            (0.0, 1),
            "it never varies"
        );
        let other = scale.apply(&[(Matrix::from([[4.0, 9.0]]), 0)]);
        assert_eq!(other[0].0, Matrix::from([[0.0, 2.0]]));
    }
}
