//! Derivatives by differences, with steps that are as small as it takes.
//!
//! A central difference of step h is wrong by c h² + d h⁴ + …. From two steps comes a value that is
//! wrong by h⁴, from three by h⁶ (Richardson's extrapolation), and how much that changes it tells how
//! wrong it may be (Ridders' method).

use super::NoDerivative;

/// Each step is this much smaller than the one before.
const SHRINK: f64 = 2.0;
/// How many steps there may be.
const STEPS: i32 = 13;

/// The steps to try, from the largest.
pub fn steps(largest: f64) -> impl Iterator<Item = f64> {
    (0..STEPS).map(move |k| largest / SHRINK.powi(k))
}

/// How far two derivatives may be apart.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    pub absolute: f64,
    pub relative: f64,
}

impl Tolerance {
    fn of(self, a: f64, b: f64) -> f64 {
        self.absolute + self.relative * a.abs().max(b.abs())
    }

    /// The share of what is tolerated that two derivatives are apart.
    pub fn share(self, a: f64, b: f64) -> f64 {
        let share = (a - b).abs() / self.of(a, b);
        if share.is_nan() { f64::INFINITY } else { share }
    }
}

/// A derivative by differences.
#[derive(Clone, Copy, Debug)]
pub struct Slope {
    pub value: f64,
    /// How far off that may be.
    pub uncertainty: f64,
    /// How much of that is for the rounding of the function's values.
    pub rounding: f64,
    /// The smallest step that it rests on.
    pub step: f64,
}

const UNKNOWN: Slope = Slope {
    value: f64::NAN,
    uncertainty: f64::INFINITY,
    rounding: 0.0,
    step: f64::NAN,
};

/// What differences make of one derivative.
pub enum Outcome {
    /// The tape's is the same.
    Agrees,
    Differs,
    NoDerivative(NoDerivative),
    /// The differences do not agree with each other.
    Unsettled,
}

/// One output's values around a point, from larger to smaller steps.
pub struct Samples {
    tolerance: Tolerance,
    y: f64,
    analytic: f64,
    /// The central difference of the last step, and what it gives with one, two, … steps before.
    extrapolated: Vec<f64>,
    best: Slope,
    /// The slopes to the left and to the right, for each step.
    sides: Vec<[f64; 2]>,
    /// The values of the last step.
    last: [f64; 2],
}

impl Samples {
    /// None yet, around a point of this value and derivative.
    pub fn new(tolerance: Tolerance, y: f64, analytic: f64) -> Self {
        Samples {
            tolerance,
            y,
            analytic,
            extrapolated: Vec::new(),
            best: UNKNOWN,
            sides: Vec::new(),
            last: [f64::NAN; 2],
        }
    }

    /// Adds the values to the left and to the right at these distances.
    pub fn add(&mut self, distance: [f64; 2], value: [f64; 2]) {
        self.last = value;
        let [left, right] = value;
        self.sides.push([
            (self.y - left) / distance[0],
            (right - self.y) / distance[1],
        ]);
        let step = 0.5 * (distance[0] + distance[1]);
        let central = (right - left) / (distance[0] + distance[1]);
        if !central.is_finite() {
            return self.extrapolated.clear(); // the function may be defined closer by
        }
        let rounding = f64::EPSILON * left.abs().max(right.abs()) / step;
        let mut row = vec![central];
        let mut finest = Slope {
            rounding,
            step,
            ..UNKNOWN
        };
        for (k, &coarser) in self.extrapolated.iter().enumerate() {
            let (finer, factor) = (row[k], SHRINK.powi(2 * (k as i32 + 1)));
            let value = finer + (finer - coarser) / (factor - 1.0);
            row.push(value);
            let change = (value - finer).abs().max((value - coarser).abs());
            let uncertainty = change + rounding;
            if uncertainty < finest.uncertainty {
                (finest.value, finest.uncertainty) = (value, uncertainty);
            }
        }
        self.extrapolated = row;
        if finest.uncertainty <= self.best.uncertainty {
            self.best = finest;
        }
    }

    /// Whether the tape's derivative is right beyond doubt.
    pub fn pass(&self) -> bool {
        let Slope {
            value,
            uncertainty,
            rounding,
            ..
        } = self.best;
        // Of large values with small derivatives, no step can know more than rounding lets it.
        let tolerated = self.tolerance.of(self.analytic, value) + 2.0 * rounding;
        let apart = (self.analytic - value).abs() + uncertainty;
        apart <= tolerated && !self.kink_at(self.sides.len() - 1)
    }

    /// What all samples together say, and the slope that they give.
    pub fn outcome(&self) -> (Outcome, Slope) {
        let slope = self.best;
        if self.pass() {
            return (Outcome::Agrees, slope);
        }
        let tolerated = self.tolerance.of(slope.value, slope.value) + 2.0 * self.spread();
        let is_near = (self.analytic - slope.value).abs() <= tolerated;
        let outcome = match self.no_derivative() {
            Some(reason) => Outcome::NoDerivative(reason),
            None if is_near || !slope.uncertainty.is_finite() => Outcome::Unsettled,
            None => Outcome::Differs,
        };
        (outcome, slope)
    }

    /// How far the differences of the smallest steps are from the best estimate. Of a function that is
    /// not smooth, two steps may agree by chance.
    fn spread(&self) -> f64 {
        let central = self
            .sides
            .iter()
            .rev()
            .take(4)
            .map(|[left, right]| 0.5 * (left + right));
        central
            .map(|slope| (slope - self.best.value).abs())
            .fold(0.0, f64::max)
    }

    fn no_derivative(&self) -> Option<NoDerivative> {
        let last = self.sides.len() - 1;
        for side in [0, 1] {
            let slopes: Vec<_> = self.sides.iter().rev().take(7).map(|s| s[side]).collect();
            // √x has √2 times the slope with each step, a jump twice the slope.
            let grows = |w: &[f64]| w[0].is_finite() && w[0].abs() > 1.1 * w[1].abs();
            if slopes.windows(2).all(grows) && slopes[0].abs() > 1.0 {
                return Some(NoDerivative::Infinite { slope: slopes[0] });
            }
        }
        let [left, right] = self.last;
        if !(left.is_finite() && right.is_finite()) {
            return Some(NoDerivative::Undefined { left, right });
        }
        // The gap between the slopes stays, or shrinks as steps leave the kink behind; where values
        // are coarse, it grows.
        let stays = |at: usize| self.gap(at) <= 1.25 * self.gap(at - 1);
        let is_kink = |&at: &usize| self.kink_at(at) && stays(at) && stays(at - 1);
        let at = [last, last - 1].into_iter().find(is_kink)?;
        let [left, right] = self.sides[at];
        Some(NoDerivative::Kink { left, right })
    }

    /// Whether the slopes to the left and to the right of a step differ, and no less than those of
    /// the step before: curvature would make them differ by half as much.
    fn kink_at(&self, at: usize) -> bool {
        let [left, right] = self.sides[at];
        let before = at.checked_sub(1).map_or(0.0, |before| self.gap(before));
        self.gap(at) > self.tolerance.of(left, right).max(0.75 * before)
    }

    /// How far the slopes to the left and to the right of a step differ.
    fn gap(&self, at: usize) -> f64 {
        let [left, right] = self.sides[at];
        (right - left).abs()
    }
}
