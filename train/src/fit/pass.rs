//! A pass over data: its parts, and what they add up to.

use autograd::{Scalar, Var};
use layers::Bound;
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use serde::{Deserialize, Serialize};

use super::Scores;
use crate::{Measures, Ranks, Source, Trainer};

/// A pass over data, as far as it has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Running {
    pub loss: f64,
    pub weight: f64,
    pub seconds: f64,
    measures: Measures,
}

impl Running {
    pub fn add(&mut self, loss: f64, weight: f64, measures: &[Measures]) {
        self.loss += loss * weight;
        self.weight += weight;
        measures
            .iter()
            .for_each(|measures| self.measures.merge(measures));
    }

    pub fn scores(self) -> Scores {
        Scores {
            loss: self.loss / self.weight,
            measures: self.measures,
        }
    }
}

/// The mean loss over data and what is measured beside it, without training.
///
/// # Panics
/// If the loss is not of shape [1, 1], or on another tape.
#[track_caller]
pub fn evaluate<T, S, F>(trainer: &mut Trainer<T>, data: &mut S, loss: F) -> Scores
where
    T: Scalar,
    S: Source<T>,
    F: for<'t> Fn(&Bound<'t, T>, &mut S::Part, &mut Measures) -> Var<'t, T> + Sync,
{
    let mut running = Running::default();
    for batch in 0..data.begin(1) {
        let (mut jobs, weight) = jobs::<T, S>(data.parts(batch));
        let value = trainer.evaluate_in_parts(&mut jobs, |p, job| job.loss(p, &loss));
        running.add(value, weight, &measures(jobs, trainer.ranks()));
    }
    running.scores()
}

/// Begins an epoch, or goes on in the middle of one, with what was carried there.
pub(super) fn begin<T: Scalar, S: Source<T>>(source: &mut S, epoch: u64, batches: usize) -> usize {
    if batches == 0 {
        return source.begin(epoch);
    }
    let state = source.state().concat();
    let count = source.begin(epoch);
    source.load_state(&state).expect("its own state");
    count
}

/// A part of a mini-batch, with what is measured of it.
pub(super) struct Job<'p, P> {
    part: &'p mut P,
    pub number: u64,
    /// Its share of the elements of the mini-batch.
    share: f64,
    measures: Measures,
}

/// The parts of a mini-batch, and the weight of all.
pub(super) fn jobs<'p, T: Scalar, S: Source<T>>(
    parts: &'p mut [S::Part],
) -> (Vec<Job<'p, S::Part>>, f64) {
    let weight: f64 = parts.iter().map(S::weight).sum();
    let job = |(number, part): (u64, &'p mut S::Part)| Job {
        share: S::weight(part) / weight,
        part,
        number,
        measures: Measures::default(),
    };
    ((0..).zip(parts).map(job).collect(), weight)
}

/// What has been measured of each part, here or on another rank.
pub(super) fn measures<P>(jobs: Vec<Job<'_, P>>, ranks: &Ranks) -> Vec<Measures> {
    let mut measures: Vec<_> = jobs.into_iter().map(|job| job.measures).collect();
    ranks.complete(&mut measures);
    measures
}

impl<P> Job<'_, P> {
    /// The part's share of the loss.
    #[track_caller]
    pub fn loss<'t, T, F>(&mut self, p: &Bound<'t, T>, loss: &F) -> Var<'t, T>
    where
        T: Scalar,
        F: for<'u> Fn(&Bound<'u, T>, &mut P, &mut Measures) -> Var<'u, T>,
    {
        let mean = loss(p, self.part, &mut self.measures);
        match self.share {
            1.0 => mean,
            share => mean * T::from_f64(share),
        }
    }
}

/// A seed for each part of each step, so that a resumed run draws what an unbroken one would have drawn.
pub(super) fn noise_seed(seed: u64, step: u64, part: u64) -> u64 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream((part << 48) + step + 1);
    rng.random()
}
