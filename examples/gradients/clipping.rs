//! The same training with clipping and without, from one seed.
//!
//! The network is to remember: its error is how far its last output is from the first of the numbers that it
//! was given. To keep a number over many steps its Jacobians must not be small, and where they are a little too large
//! the gradient explodes. Clipping keeps its direction, and limits its length:
//!
//!   if ‖g‖ ≥ threshold: g ← (threshold / ‖g‖) g

use train::prelude::*;

use crate::network::simple_rnn;

/// Numbers in a mini-batch, and how many of them come one after the other.
const BATCH: usize = 32;
const STEPS: usize = 20;
/// The first number is from -1 to 1, and those that come after it are from -this to this.
const NOISE: f64 = 0.1;
const RATE: f64 = 0.1;
/// The spectral radius of W at the start.
const RADIUS: f64 = 1.5;

/// A run: the loss and the norm of the gradient (before it was clipped) at every step.
#[derive(Debug, Default)]
pub struct Run {
    pub losses: Vec<f64>,
    pub norms: Vec<f64>,
    /// What ended it before its time.
    pub failure: Option<TrainError>,
}

/// Trains by gradient descent, with a threshold or none.
pub fn train(threshold: Option<f64>, hidden: usize, minibatches: usize, seed: u64) -> Run {
    let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(seed));
    let rnn = Forward(simple_rnn(&mut set, (1, hidden), RADIUS, &mut rng));
    let output = Linear::new(&mut set, "output", hidden, 1, &mut rng);
    let mut trainer = Trainer::new(set, Sgd::new(RATE));
    trainer.set_clip(threshold);
    let mut run = Run::default();
    for _ in 0..minibatches {
        let (numbers, first) = draw(&mut rng);
        let step = trainer.step(|p| {
            let [x, first] = [&numbers, &first].map(|m| p.tape().constant(m.clone()));
            let h = rnn.run(p, Sequence::from_stacked(x.named("x"), BATCH));
            output
                .apply(p, h.last())
                .mean_squared_error(first)
                .named("E")
        });
        match step {
            Ok(report) => {
                run.losses.push(report.loss);
                run.norms.push(report.gradient_norm);
            }
            Err(failure) => {
                run.failure = Some(failure);
                break;
            }
        }
    }
    run
}

/// Numbers, step by step `[T*B, 1]`, and the first of each sample.
fn draw(rng: &mut ChaCha8Rng) -> (Matrix<f64>, Matrix<f64>) {
    let first = uniform(BATCH, 1, 1.0, rng);
    let mut numbers = uniform(STEPS * BATCH, 1, NOISE, rng);
    numbers.view_mut().rows(0..BATCH).copy_from(first.view());
    (numbers, first)
}

impl Run {
    /// The mean loss of the last fifty steps, if it came so far.
    pub fn final_loss(&self) -> Option<f64> {
        let last = &self.losses[self.losses.len().saturating_sub(50)..];
        let mean = last.iter().sum::<f64>() / last.len() as f64;
        (self.failure.is_none() && mean.is_finite()).then_some(mean)
    }

    pub fn describe(&self, name: &str) -> String {
        let largest = self.norms.iter().copied().fold(0.0, f64::max);
        let end = match (&self.failure, self.final_loss()) {
            (Some(failure), _) => format!("ended: {failure}"),
            (None, Some(loss)) => format!("{loss:.4} at the end"),
            (None, None) => "not finite at the end".into(),
        };
        format!(
            "{name}: loss {:.4} at first, after {} steps {end}; the largest ‖g‖ is {largest:.1e}",
            self.losses[0],
            self.losses.len(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_clipped_training_learns() {
        let (clipped, unclipped) = (train(Some(1.0), 32, 400, 1), train(None, 32, 400, 1));
        assert_eq!(clipped.losses[0], unclipped.losses[0]); // they begin alike
        let variance = 1.0 / 3.0; // the error of who always says 0
        assert!(
            clipped.final_loss().unwrap() < 0.2 * variance,
            "{:?}",
            clipped.final_loss()
        );
        assert!(unclipped.failure.is_some() && unclipped.final_loss().is_none());
    }

    #[test]
    fn the_first_number_is_the_one_to_remember() {
        let (numbers, first) = draw(&mut ChaCha8Rng::seed_from_u64(1));
        assert_eq!(numbers.row_count(), STEPS * BATCH);
        for sample in 0..BATCH {
            assert_eq!(numbers[(sample, 0)], first[(sample, 0)]);
            let later = (1..STEPS).map(|t| numbers[(t * BATCH + sample, 0)].abs());
            assert!(later.into_iter().all(|x| x <= NOISE));
        }
    }
}
