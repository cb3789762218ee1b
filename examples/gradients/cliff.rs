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
const DESCENT: usize = 300;
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
