//! [`Plateau`]: a learning rate that falls where the loss does not.

use serde_json::{Value, json};

use crate::StateError;
use crate::optimizer::{check_decay, check_not_negative};

/// A factor on the learning rate that is multiplied by γ when a loss, or another figure, has not
/// become better for a while. PyTorch's `ReduceLROnPlateau` with its defaults: more than 10 figures
/// in a row without one that is 10⁻⁴ of the best below it.
///
/// ```
/// use train::Plateau;
/// let mut plateau = Plateau::new(0.5).patience(1);
/// let factors = [3.0, 2.0, 2.1, 2.2, 1.9].map(|loss| plateau.observe(loss));
/// assert_eq!(factors, [1.0, 1.0, 1.0, 0.5, 0.5]);
/// // trainer.set_learning_rate(1e-3 * plateau.observe(validation_loss));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Plateau {
    gamma: f64,
    patience: u64,
    cooldown: u64,
    floor: f64,
    threshold: Threshold,
    maximize: bool,
    state: State,
}

/// By how much a figure is to be better than the best.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Threshold {
    /// In parts of the best.
    Relative(f64),
    Absolute(f64),
}

#[derive(Clone, Debug, PartialEq)]
struct State {
    factor: f64,
    best: Option<f64>,
    /// Figures in a row that were not better.
    bad: u64,
    /// Figures yet to come that do not count as bad.
    cooling: u64,
}

impl Plateau {
    /// With a factor γ on the learning rate for each plateau, often 0.1.
    ///
    /// # Panics
    /// If γ is not in 0..1.
    #[track_caller]
    pub fn new(gamma: f64) -> Self {
        check_decay("a γ", gamma);
        Plateau {
            gamma,
            patience: 10,
            cooldown: 0,
            floor: 0.0,
            threshold: Threshold::Relative(1e-4),
            maximize: false,
            state: State {
                factor: 1.0,
                best: None,
                bad: 0,
                cooling: 0,
            },
        }
    }

    /// So many figures in a row need not be better; the next lowers the rate.
    #[must_use]
    pub fn patience(self, patience: u64) -> Self {
        Plateau { patience, ..self }
    }

    /// After the rate was lowered, so many figures do not count as bad.
    #[must_use]
    pub fn cooldown(self, cooldown: u64) -> Self {
        Plateau { cooldown, ..self }
    }

    /// The factor goes no lower than this.
    ///
    /// # Panics
    /// If it is not in 0..1.
    #[must_use]
    #[track_caller]
    pub fn floor(self, floor: f64) -> Self {
        check_decay("a floor", floor);
        Plateau { floor, ..self }
    }

    /// A figure is better if it is below (1 − threshold) · best.
    ///
    /// # Panics
    /// If the threshold is negative, NaN or infinite.
    #[must_use]
    #[track_caller]
    pub fn threshold(self, threshold: f64) -> Self {
        check_not_negative("a threshold", threshold);
        let threshold = Threshold::Relative(threshold);
        Plateau { threshold, ..self }
    }

    /// A figure is better if it is below best − threshold: for figures that can be negative.
    ///
    /// # Panics
    /// If the threshold is negative, NaN or infinite.
    #[must_use]
    #[track_caller]
    pub fn absolute_threshold(self, threshold: f64) -> Self {
        check_not_negative("a threshold", threshold);
        let threshold = Threshold::Absolute(threshold);
        Plateau { threshold, ..self }
    }

    /// Greater figures are better, as of an accuracy: above (1 + threshold) · best, or
    /// best + threshold.
    #[must_use]
    pub fn maximize(self) -> Self {
        Plateau {
            maximize: true,
            ..self
        }
    }

    /// Takes the next figure, and gives the factor on the learning rate from here on. One that is NaN
    /// or infinite is not better.
    pub fn observe(&mut self, figure: f64) -> f64 {
        if self.is_better(figure) {
            self.state.best = Some(figure);
            self.state.bad = 0;
        } else {
            self.state.bad += 1;
        }
        if self.state.cooling > 0 {
            self.state.cooling -= 1;
            self.state.bad = 0;
        }
        if self.state.bad > self.patience {
            self.state.factor = (self.state.factor * self.gamma).max(self.floor);
            self.state.cooling = self.cooldown;
            self.state.bad = 0;
        }
        self.state.factor
    }

    /// The factor on the learning rate.
    pub fn factor(&self) -> f64 {
        self.state.factor
    }

    fn is_better(&self, figure: f64) -> bool {
        let sign = if self.maximize { 1.0 } else { -1.0 };
        let best = self.state.best.unwrap_or(sign * f64::NEG_INFINITY);
        let bound = match self.threshold {
            Threshold::Relative(threshold) => best * (1.0 + sign * threshold),
            Threshold::Absolute(threshold) => best + sign * threshold,
        };
        figure.is_finite() && sign * figure > sign * bound
    }

    /// What it remembers, for the metadata of a checkpoint. The settings are none of it.
    pub fn state(&self) -> Value {
        let State {
            factor,
            best,
            bad,
            cooling,
        } = self.state;
        json!({"factor": factor, "best": best, "bad": bad, "cooling": cooling})
    }

    /// Takes over what [`Plateau::state`] gave.
    ///
    /// # Errors
    /// If it is something else; the memory is then what it was.
    pub fn load_state(&mut self, state: &Value) -> Result<(), StateError> {
        let read = || {
            let best = state.get("best")?;
            Some(State {
                factor: state["factor"]
                    .as_f64()
                    .filter(|x| (0.0..=1.0).contains(x))?,
                best: if best.is_null() {
                    None
                } else {
                    Some(best.as_f64()?)
                },
                bad: state["bad"].as_u64()?,
                cooling: state["cooling"].as_u64()?,
            })
        };
        let found = || state.to_string();
        self.state = read().ok_or_else(|| StateError::Plateau { found: found() })?;
        Ok(())
    }
}
