//! The upper tier: a GRU that reads frames.

use train::prelude::*;

use crate::corpus::{FRAME, Place};
use crate::mu_law::loudness;
use crate::voice::{DIGITS, LOUDNESS, Sizes, heard};

/// Hands of the clock, and the frames from one to the next, 80 ms.
pub const HANDS: usize = 8;
const TICK: f32 = 16.0;

/// The layer that has a state, and the probability of the end.
#[derive(Debug)]
pub struct Upper {
    gru: Forward<Gru>,
    end: Linear,
    inputs: usize,
}

impl Upper {
    /// Adds its parameters.
    pub fn new(set: &mut ParameterSet, sizes: Sizes, rng: &mut ChaCha8Rng) -> Self {
        let Sizes { hidden, .. } = sizes;
        let inputs = sizes.inputs();
        let gru = Gru::new(set, "gru", inputs, hidden, Reset::After, rng);
        let end = Linear::new(set, "end", hidden, 1, rng);
        set.get_mut(end.v).data_mut().fill(0.0);
        set.get_mut(end.d)[(0, 0)] = -5.0; // a frame in 150 is the last
        Upper {
            gru: Forward(gru),
            end,
            inputs,
        }
    }

    /// The states before the first frames.
    pub fn zeros(&self, streams: usize) -> Vec<Carried> {
        self.gru.zeros(streams)
    }

    /// h_t at all places, which are those of the first step of all streams, then those of the second, and so on; and
    /// the states after. Where an utterance begins, h_{t−1} is 0 whatever was before.
    pub fn states<'t>(
        &self,
        p: &Bound<'t>,
        places: &[Place<'_>],
        carried: &[Carried],
    ) -> (Var<'t>, Vec<State<'t>>) {
        let (tape, streams) = (p.tape(), carried[0].h.row_count());
        let x = tape.constant(self.read(places, p.noise())).named("x");
        let mut states: Vec<_> = carried.iter().map(|state| state.on(tape)).collect();
        let step = |t: usize| &places[t * streams..(t + 1) * streams];
        let steps = places.len() / streams;
        let begins = |t: &usize| step(*t).iter().any(|place| place.frame == 0);
        let starts: Vec<_> = [0].into_iter().chain((1..steps).filter(begins)).collect();
        let mut h = Vec::new();
        for (i, &start) in starts.iter().enumerate() {
            let goes_on = |stream: usize, _| f32::from(step(start)[stream].frame > 0);
            let goes_on = tape.constant(Matrix::from_fn(streams, 1, goes_on));
            let kept = states.iter().map(|state| state.map(|h| h * goes_on));
            let kept: Vec<_> = kept.collect();
            let end = starts.get(i + 1).copied().unwrap_or(steps);
            let x = Sequence::from_stacked(x.rows(start * streams..end * streams), streams);
            let (y, after) = self.gru.run_from(p, x, &kept);
            h.push(y.stacked());
            states = after;
        }
        (Var::concat_rows(&h), states)
    }

    /// What is read at each place: the frame before, the last sample first, clock, digit and speaker.
    fn read(&self, places: &[Place<'_>], mut noise: Option<ChaCha8Rng>) -> Matrix {
        let mut x = Matrix::zeros(places.len(), self.inputs);
        let rows = x.data_mut().chunks_exact_mut(self.inputs);
        for (row, Place { of, frame }) in rows.zip(places) {
            let (before, row) = row.split_at_mut(FRAME);
            for (x, q) in before.iter_mut().zip(of.before(frame * FRAME)) {
                *x = LOUDNESS * loudness(heard(q, &mut noise));
            }
            let (clock, row) = row.split_at_mut(HANDS);
            for (hand, x) in clock.iter_mut().enumerate() {
                *x = (-(*frame as f32 / TICK - hand as f32).powi(2)).exp();
            }
            row[of.digit] = 1.0;
            row[DIGITS + of.speaker] = 1.0;
        }
        x
    }

    /// The logit of e_t for each state, `[rows, 1]`.
    pub fn end<'t>(&self, p: &Bound<'t>, h: Var<'t>) -> Var<'t> {
        self.end.apply(p, h)
    }
}
