//! The cliff: figure 6 of Pascanu, Mikolov, Bengio 2013, computed.
//!
//! One unit without inputs, x_t = w σ(x_{t-1}) + b from x_0 = 0.5, is to be σ(x_50) = 0.7 after fifty steps
//! (equation 8): E = (σ(x_50) − 0.7)². Between the (w, b) from where it goes up and those from where it goes down
//! stands a wall, as all that is on one side of it ends up in the same place.

use train::prelude::*;

/// The steps of the unit, what it starts from, and what is to come of it.
const STEPS: usize = 50;
const START: f64 = 0.5;
const TARGET: f64 = 0.7;
/// Gradient descent.
const FROM: [f64; 2] = [5.2, -2.0];
const RATE: f64 = 0.1;
const DESCENT: usize = 150;
pub const THRESHOLD: f64 = 1.0;

/// E = (σ(x_50) − 0.7)².
fn error<'t>(w: Var<'t, f64>, b: Var<'t, f64>) -> Var<'t, f64> {
    let start = w.tape().constant(Matrix::scalar(START)).named("x");
    let last = (0..STEPS).fold(start, |x, _| w * x.sigmoid() + b);
    (last.sigmoid() - TARGET).square().named("E")
}

/// E at a point.
pub fn error_at([w, b]: [f64; 2]) -> f64 {
    let tape = Tape::new();
    let [w, b] = [w, b].map(|x| tape.constant(Matrix::scalar(x)));
    error(w, b).item()
}

/// Where gradient descent goes, with a threshold or none: the points (w, b).
pub fn descend(threshold: Option<f64>) -> Result<Vec<[f64; 2]>, TrainError> {
    let mut set = ParameterSet::new();
    let [w, b] = [("w", FROM[0]), ("b", FROM[1])].map(|(name, x)| set.add(name, Matrix::scalar(x)));
    let mut trainer = Trainer::new(set, Sgd::new(RATE));
    trainer.set_clip(threshold);
    let mut path = vec![FROM];
    for _ in 0..DESCENT {
        trainer.step(|p| error(p.var(w), p.var(b)))?;
        path.push([w, b].map(|id| trainer.parameters().get(id)[(0, 0)]));
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beside_the_wall_the_error_is_another() {
        let (above, below) = (error_at([4.5, -2.2]), error_at([4.5, -2.5]));
        assert!(above < 0.03 && below > 0.3, "{above} {below}");
        // By hand: with w = 0 all that is left is b.
        let sigma = 1.0 / (1.0 + 1f64.exp());
        assert!((error_at([0.0, -1.0]) - (sigma - TARGET) * (sigma - TARGET)).abs() < 1e-12);
    }

    #[test]
    fn the_wall_throws_off_what_is_not_clipped() {
        let end = |threshold| *descend(threshold).unwrap().last().unwrap();
        let (clipped, thrown) = (end(Some(THRESHOLD)), end(None));
        assert!(error_at(clipped) < 0.01, "{clipped:?}");
        assert!(error_at(thrown) > 0.08, "{thrown:?}");
    }
}
