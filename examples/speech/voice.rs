//! What says a digit, sample by sample: two tiers, of which only the upper one is recurrent (Mehri et al. 2017,
//! *SampleRNN: an unconditional end-to-end neural audio generation model*, section 2; here it is told what to say).
//!
//! The samples, as levels q_i of the μ-law, are cut into frames of F = 16. At each frame t, 500 times a second, a GRU
//! reads the frame before, the digit and the speaker; its state is what is known of how far the word has come:
//!
//!   h_t = GRU((y_{tF−F} … y_{tF−1}, digit, speaker), h_{t−1}),   h_{−1} = 0,   y = 2 q / 255 − 1
//!   e_t = σ(w h_t + b)                         the probability that nothing follows
//!
//! Within a frame nothing is recurrent. For its sample j, i = tF + j, a network reads the R samples before it, as
//! levels and as sound pressure x, beside what the state means for that place of the frame:
//!
//!   u_i = relu(A (y_{i−R} … y_{i−1}, x_{i−R} … x_{i−1}) + C_j h_t + a)
//!   v_i = relu(B u_i + b)
//!   p(q_i | q_0 … q_{i−1}) = softmax(D v_i + d)
//!
//! Where all samples are known, in training, those of all frames are a few products of large matrices.

use train::layers::loss::{BinaryCrossEntropy, Reduction};
use train::prelude::*;

use crate::corpus::{FRAME, Place};
use crate::mu_law::{LEVELS, loudness, sample};

/// Digits that can be said.
pub const DIGITS: usize = 10;
/// Samples that the lower tier reads, R.
pub const REACH: usize = 32;
/// Sound pressure is small, and is brought to about the size of the levels.
const PRESSURE: f32 = 4.0;

/// How large it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizes {
    pub speakers: usize,
    /// Units of the GRU.
    pub hidden: usize,
    /// Units of each layer of the lower tier.
    pub width: usize,
}

impl Sizes {
    fn inputs(self) -> usize {
        FRAME + DIGITS + self.speakers
    }

    /// The parameters that [`Voice::new`] adds, without making them.
    pub fn shapes(self) -> Vec<(String, Shape)> {
        let Sizes { hidden, width, .. } = self;
        let mut shapes = CellKind::Gru.parameter_shapes("frames", self.inputs(), hidden);
        for (name, inputs, outputs) in [
            ("end", hidden, 1),
            ("places", hidden, width.saturating_mul(FRAME)),
            ("samples1", 2 * REACH, width),
            ("samples2", width, width),
            ("levels", width, LEVELS),
        ] {
            shapes.push((format!("{name}.V"), Shape::new(outputs, inputs)));
            shapes.push((format!("{name}.d"), Shape::new(1, outputs)));
        }
        shapes
    }
}

/// Both tiers.
#[derive(Debug)]
pub struct Voice {
    pub sizes: Sizes,
    frames: Stack,
    end: Linear,
    /// C, for all places of a frame beside each other.
    places: Linear,
    /// A, B and D.
    samples: [Linear; 2],
    levels: Linear,
}

impl Voice {
    /// Adds its parameters.
    pub fn new(set: &mut ParameterSet, sizes: Sizes, rng: &mut ChaCha8Rng) -> Self {
        let Sizes { hidden, width, .. } = sizes;
        let gru = Gru::new(set, "frames", sizes.inputs(), hidden, Reset::After, rng);
        Voice {
            sizes,
            frames: Stack::new().with(Forward(gru)),
            end: Linear::new(set, "end", hidden, 1, rng),
            places: Linear::new(set, "places", hidden, FRAME * width, rng),
            samples: [
                Linear::new(set, "samples1", 2 * REACH, width, rng),
                Linear::new(set, "samples2", width, width, rng),
            ],
            levels: Linear::new(set, "levels", width, LEVELS, rng),
        }
    }

    /// The states before the first frames.
    pub fn zeros(&self, streams: usize) -> Vec<Carried> {
        self.frames.zeros(streams)
    }

    /// h_t at all places, which are those of the first step of all streams, then those of the second, and so on; and
    /// the states after. Where an utterance begins, h_{t−1} is 0 whatever was before.
    pub fn states<'t>(
        &self,
        p: &Bound<'t>,
        places: &[Place<'_>],
        carried: &[Carried],
    ) -> (Var<'t>, Vec<State<'t>>) {
        let streams = carried[0].h.row_count();
        let tape = p.tape();
        let x = tape.constant(self.inputs(places)).named("x");
        let mut states: Vec<_> = carried.iter().map(|state| state.on(tape)).collect();
        let at = |t: usize| &places[t * streams..(t + 1) * streams];
        let steps = places.len() / streams;
        let begins = |t: &usize| at(*t).iter().any(|place| place.frame == 0);
        let starts: Vec<_> = [0].into_iter().chain((1..steps).filter(begins)).collect();
        let mut h = Vec::new();
        for (i, &start) in starts.iter().enumerate() {
            if begins(&start) {
                let goes_on = |stream: usize, _| f32::from(at(start)[stream].frame > 0);
                let goes_on = tape.constant(Matrix::from_fn(streams, 1, goes_on));
                let masked = states.into_iter().map(|state| state.map(|h| h * goes_on));
                states = masked.collect();
            }
            let end = starts.get(i + 1).copied().unwrap_or(steps);
            let x = Sequence::from_stacked(x.rows(start * streams..end * streams), streams);
            let (y, after) = self.frames.run_from(p, x, &states);
            h.push(y.stacked());
            states = after;
        }
        (Var::concat_rows(&h), states)
    }

    /// What the upper tier reads: the frame before, digit and speaker.
    fn inputs(&self, places: &[Place<'_>]) -> Matrix {
        let mut x = Matrix::zeros(places.len(), self.sizes.inputs());
        for (row, Place { of, frame }) in places.iter().enumerate() {
            let mut to = x.view_mut();
            let to = to.row(row);
            for (x, q) in to.iter_mut().zip(of.before(frame * FRAME, FRAME)) {
                *x = loudness(q) as f32;
            }
            to[FRAME + of.digit] = 1.0;
            to[FRAME + DIGITS + of.speaker] = 1.0;
        }
        x
    }

    /// The logit of e_t for each state, `[rows, 1]`.
    pub fn end<'t>(&self, p: &Bound<'t>, h: Var<'t>) -> Var<'t> {
        self.end.apply(p, h)
    }

    /// C_j h_t for each place j of a frame, `[rows, width]` each.
    pub fn within<'t>(&self, p: &Bound<'t>, h: Var<'t>) -> Vec<Var<'t>> {
        let (all, width) = (self.places.apply(p, h), self.sizes.width);
        let place = |j| all.cols(j * width..(j + 1) * width);
        (0..FRAME).map(place).collect()
    }

    /// The logits of some samples' levels, `[rows, LEVELS]`, from the samples before and [`Voice::within`].
    pub fn levels<'t>(
        &self,
        p: &Bound<'t>,
        before: impl ExactSizeIterator<Item = impl Iterator<Item = u8>>,
        within: Var<'t>,
    ) -> Var<'t> {
        let mut read = Matrix::zeros(before.len(), 2 * REACH);
        for (row, before) in before.enumerate() {
            let mut to = read.view_mut();
            let (y, x) = to.row(row).split_at_mut(REACH);
            for (i, q) in before.enumerate() {
                (y[i], x[i]) = (loudness(q) as f32, PRESSURE * sample(q));
            }
        }
        let read = p.tape().constant(read);
        let u = (self.samples[0].apply(p, read) + within).relu();
        let v = self.samples[1].apply(p, u).relu();
        self.levels.apply(p, v)
    }

    /// −ln p of all that is at these places, levels and ends, as a mean over the samples that a frame for each place
    /// would have; and the states after. The bits of a sample are measured as "bits".
    pub fn loss<'t>(
        &self,
        p: &Bound<'t>,
        places: &[Place<'_>],
        carried: &[Carried],
        measures: &mut Measures,
    ) -> (Var<'t>, Vec<State<'t>>) {
        let (h, states) = self.states(p, places, carried);
        let ends = Matrix::from_fn(places.len(), 1, |row, _| f32::from(places[row].is_end()));
        let ends = BinaryCrossEntropy::new()
            .reduction(Reduction::Sum)
            .loss(self.end(p, h), p.tape().constant(ends));
        let rows = (0..places.len()).filter(|&row| !places[row].is_end());
        let rows: Vec<_> = rows.collect();
        let share = 1.0 / (places.len() * FRAME) as f32;
        if rows.is_empty() {
            return (ends * share, states);
        }
        let within = Var::concat_rows(&self.within(p, h.gather_rows(&rows)));
        let samples = (0..FRAME * rows.len()).map(|i| {
            let Place { of, frame } = places[rows[i % rows.len()]];
            (of, frame * FRAME + i / rows.len())
        });
        let targets: Vec<_> = samples
            .clone()
            .map(|(of, i)| of.levels[i].into())
            .collect();
        let logits = self.levels(p, samples.map(|(of, i)| of.before(i, REACH)), within);
        let nats = logits.cross_entropy_sum(&targets);
        let count = targets.len() as f64;
        measures.add("bits", train::bits(f64::from(nats.item()) / count), count);
        ((nats + ends) * share, states)
    }
}
