//! [`Spread`]: a figure of several runs.

use std::fmt;

/// A figure of several runs, which differ by their seed or by the fold that they are judged on.
///
/// ```
/// let accuracy = train::Spread::of([0.81, 0.84, 0.87]);
/// assert_eq!(format!("{accuracy:.2}"), "0.84 ± 0.03 (0.81 to 0.87)");
/// assert_eq!(format!("{:.2}", train::Spread::of([0.81])), "0.81");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// x̄ = Σ x / n; NaN of no numbers.
    pub mean: f64,
    /// √(Σ (x − x̄)² / (n − 1)), the sample standard deviation; 0 of a single number.
    pub deviation: f64,
    /// The least of them.
    pub lowest: f64,
    /// The greatest of them.
    pub highest: f64,
}

impl Spread {
    /// Of all these numbers.
    pub fn of(numbers: impl IntoIterator<Item = f64>) -> Self {
        let numbers: Vec<_> = numbers.into_iter().collect();
        let count = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / count;
        let squares: f64 = numbers.iter().map(|x| (x - mean).powi(2)).sum();
        Spread {
            mean,
            deviation: (squares / (count - 1.0).max(1.0)).sqrt(),
            lowest: numbers.iter().copied().fold(f64::INFINITY, f64::min),
            highest: numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

/// With as many digits as asked for, three unless told.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(3);
        write!(f, "{:.digits$}", self.mean)?;
        if self.highest > self.lowest {
            let (deviation, lowest, highest) = (self.deviation, self.lowest, self.highest);
            write!(
                f,
                " ± {deviation:.digits$} ({lowest:.digits$} to {highest:.digits$})"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_sample_deviation() {
        let spread = Spread::of([1.0, 2.0, 3.0, 6.0]);
        assert_eq!(
            (spread.mean, spread.lowest, spread.highest),
            (3.0, 1.0, 6.0)
        );
        assert!((spread.deviation - (14.0f64 / 3.0).sqrt()).abs() < 1e-15);
        assert_eq!(Spread::of([4.0]).deviation, 0.0);
        assert!(Spread::of([]).mean.is_nan());
    }
}
