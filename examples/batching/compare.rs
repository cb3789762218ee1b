//! Padded and packed train alike; and what each way costs.

use std::time::Instant;

use train::prelude::*;
use train::program::Outcome;

use crate::model::{Model, Rows, Sample};
use crate::ways::{WAYS, row_count};

/// How far losses and gradients of padded and packed mini-batches may be apart, relative to their size.
///
/// They are the same sums, taken in another order: that of a gradient over some thousand rows. In f64 such a sum is
/// off by 1e-13 of it at most; every step hands that on to the next by its parameters, and 1e-9 leaves room for some
/// hundred steps. If a row of padding had any part in it, they would be apart by its share: 1e-3 and more.
pub const TOLERANCE: f64 = 1e-9;

/// The largest relative differences between two runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Difference {
    pub steps: usize,
    pub loss: f64,
    pub gradient: f64,
}

/// Trains two models from one seed for an epoch of the same mini-batches, one of them padded and one packed, and
/// compares the losses and gradients of every step. In f64, where only a mistake could be larger than the tolerance.
pub fn compare(data: &[Sample<f64>], seed: u64) -> Outcome<Difference> {
    let mut difference = Difference::default();
    let (model, parameters) = Model::new(seed);
    let mut trainers = [(); 2].map(|()| Trainer::new(parameters.clone(), Adam::new(2e-3)));
    for batch in WAYS[0].batches(data, seed, 1) {
        let [padded, packed] = &mut trainers;
        let a = padded.step(|p| model.loss(p, &batch, Rows::Padded))?;
        let b = packed.step(|p| model.loss(p, &batch, Rows::Packed))?;
        difference.steps += 1;
        difference.loss = difference.loss.max((a.loss - b.loss).abs() / b.loss);
        let gradient = parameters.ids().map(|id| {
            let [a, b] = [&*padded, &*packed].map(|trainer| trainer.gradients().get(id));
            a.max_abs_diff(b) / b.norm()
        });
        difference.gradient = gradient.fold(difference.gradient, f64::max);
    }
    let Difference {
        steps,
        loss,
        gradient,
    } = difference;
    match loss.max(gradient) <= TOLERANCE {
        true => Ok(difference),
        false => Err(format!(
            "padded and packed differ within {steps} steps: losses by {loss:.1e}, gradients by {gradient:.1e}, \
             and {TOLERANCE:e} of them is rounding"
        )
        .into()),
    }
}

/// What an epoch costs.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Rows that are computed.
    pub rows: usize,
    /// Of training, by the fastest epoch: others may have had to wait for something else on the machine.
    pub seconds: f64,
}

/// What an epoch costs in each of the ways, of so many epochs in turn.
pub fn costs(data: &[Sample<f32>], epochs: u64, seed: u64) -> Outcome<Vec<Cost>> {
    let mut costs = vec![
        Cost {
            rows: 0,
            seconds: f64::INFINITY
        };
        WAYS.len()
    ];
    let (model, parameters) = Model::new(seed);
    let mut trainers = WAYS.map(|_| Trainer::new(parameters.clone(), Adam::new(2e-3)));
    for epoch in 1..=epochs {
        for ((way, trainer), cost) in WAYS.iter().zip(&mut trainers).zip(&mut costs) {
            let start = Instant::now();
            let batches = way.batches(data, seed, epoch);
            for batch in &batches {
                trainer.step(|p| model.loss(p, batch, way.rows))?;
            }
            cost.seconds = cost.seconds.min(start.elapsed().as_secs_f64());
            cost.rows = row_count(&batches, way.rows);
        }
    }
    Ok(costs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;

    #[test]
    fn losses_and_gradients_of_padded_and_packed_are_equal_at_each_step() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let data: Vec<_> = (0..200).map(|i| sample(1 + i * i % 23, &mut rng)).collect();
        let difference = compare(&data, 1).expect("equal losses");
        assert_eq!(difference.steps, 7);
        assert!(
            difference.loss.max(difference.gradient) < 1e-12,
            "{difference:?}"
        );
    }
}
