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
use crate::density::{COMPONENTS, WIDTH, nats};
use crate::mu_law::{loudness, sample};

pub const TAPS: usize = 32;
pub const FINE: f32 = 16.0;

/// Digits that can be said.
pub const DIGITS: usize = 10;
/// Samples that the lower tier reads, R.
pub const REACH: usize = 64;
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
        FRAME + DIGITS + self.speakers + if clock() { 8 } else { 0 }
    }

    /// The parameters that [`Voice::new`] adds, without making them.
    pub fn shapes(self) -> Vec<(String, Shape)> {
        let Sizes { hidden, width, .. } = self;
        let mut shapes = CellKind::Gru.parameter_shapes("frames", self.inputs(), hidden);
        for (name, inputs, outputs) in [
            ("end", hidden, 1),
            ("places", hidden, width.saturating_mul(2)),
            ("samples1", 2 * REACH, width),
            ("samples2", width, width),
            ("levels", width, WIDTH),
            ("filter", hidden, TAPS),
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
    filter: Linear,
}

impl Voice {
    /// Adds its parameters.
    pub fn new(set: &mut ParameterSet, sizes: Sizes, rng: &mut ChaCha8Rng) -> Self {
        let Sizes { hidden, width, .. } = sizes;
        let gru = Gru::new(set, "frames", sizes.inputs(), hidden, Reset::After, rng);
        let levels = Linear::new(set, "levels", width, WIDTH, rng);
        for k in 0..COMPONENTS {
            set.get_mut(levels.d).data_mut()[2 * COMPONENTS + k] = 4.5 + 0.7 * k as f32;
        }
        let end = Linear::new(set, "end", hidden, 1, rng);
        set.get_mut(end.v).view_mut().fill(0.0);
        set.get_mut(end.d).view_mut().fill(-5.0);
        let filter = Linear::new(set, "filter", hidden, TAPS, rng);
        set.get_mut(filter.v).view_mut().fill(0.0);
        set.get_mut(filter.d).view_mut().fill(0.0);
        Voice {
            sizes,
            frames: Stack::new().with(Forward(gru)),
            end,
            places: Linear::new(set, "places", hidden, 2 * width, rng),
            samples: [
                Linear::new(set, "samples1", 2 * REACH, width, rng),
                Linear::new(set, "samples2", width, width, rng),
            ],
            levels,
            filter,
        }
    }

    pub fn begin_with(&self, set: &mut ParameterSet, coefficients: &[f64]) {
        for (d, a) in set.get_mut(self.filter.d).data_mut().iter_mut().zip(coefficients) {
            *d = FINE * *a as f32;
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
        let x = tape.constant(self.inputs(places, p.noise())).named("x");
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
    fn inputs(&self, places: &[Place<'_>], mut noise: Option<ChaCha8Rng>) -> Matrix {
        let mut x = Matrix::zeros(places.len(), self.sizes.inputs());
        for (row, Place { of, frame }) in places.iter().enumerate() {
            let mut to = x.view_mut();
            let to = to.row(row);
            for (x, q) in to.iter_mut().zip(of.before(frame * FRAME, FRAME)) {
                *x = 4.0 * loudness(noisy(q, &mut noise)) as f32;
            }
            if clock() { for k in 0..8 { let d = (*frame as f32 / 16.0 - k as f32) / 0.7; to[FRAME + DIGITS + of.speaker + 1 + k] = (-0.5 * d * d).exp(); } }
            to[FRAME + of.digit] = 1.0;
            to[FRAME + DIGITS + of.speaker] = 1.0;
        }
        x
    }

    /// The logit of e_t for each state, `[rows, 1]`.
    pub fn end<'t>(&self, p: &Bound<'t>, h: Var<'t>) -> Var<'t> {
        self.end.apply(p, h)
    }

    pub fn within<'t>(&self, p: &Bound<'t>, h: Var<'t>) -> [Var<'t>; 2] {
        [self.places.apply(p, h), self.filter.apply(p, h)]
    }

    /// The logits of some samples' levels, `[rows, LEVELS]`, from the samples before and [`Voice::within`].
    pub fn levels<'t>(
        &self,
        p: &Bound<'t>,
        before: impl ExactSizeIterator<Item = impl Iterator<Item = u8>>,
        [within, filter]: [Var<'t>; 2],
    ) -> [Var<'t>; 2] {
        let mut noise = p.noise();
        let mut read = Matrix::zeros(before.len(), 2 * REACH);
        for (row, before) in before.enumerate() {
            let mut to = read.view_mut();
            let (y, x) = to.row(row).split_at_mut(REACH);
            for (i, q) in before.enumerate() {
                let q = noisy(q, &mut noise);
                (y[i], x[i]) = (4.0 * loudness(q) as f32, 4.0 * PRESSURE * sample(q));
            }
        }
        let taps = Matrix::from_fn(read.row_count(), TAPS, |row, k| read[(row, 2 * REACH - 1 - k)] / (4.0 * PRESSURE * FINE));
        let centre = (p.tape().constant(taps) * filter).sum_cols();
        let read = p.tape().constant(read);
        let w = self.sizes.width;
        let u = self.samples[0].apply(p, read);
        let u = (u + u * within.cols(0..w) + within.cols(w..2 * w)).relu();
        let v = self.samples[1].apply(p, u).relu();
        [self.levels.apply(p, v), centre]
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
        let repeated: Vec<_> = (0..FRAME * rows.len()).map(|i| rows[i % rows.len()]).collect();
        let within = self.within(p, h).map(|x| x.gather_rows(&repeated));
        let samples = (0..FRAME * rows.len()).map(|i| {
            let Place { of, frame } = places[rows[i % rows.len()]];
            (of, frame * FRAME + i / rows.len())
        });
        let targets: Vec<_> = samples
            .clone()
            .map(|(of, i)| of.levels[i].into())
            .collect();
        let [outputs, centre] = self.levels(p, samples.map(|(of, i)| of.before(i, REACH)), within);
        let nats = nats(outputs, centre, &targets);
        let count = targets.len() as f64;
        measures.add("bits", train::bits(f64::from(nats.item()) / count), count);
        ((nats + ends * 4.0) * share, states)
    }
}

fn env(name: &str) -> f32 { std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(0.0) }
fn clock() -> bool { static C: std::sync::OnceLock<bool> = std::sync::OnceLock::new(); *C.get_or_init(|| env("CLOCK") > 0.0) }
fn noisy(q: u8, rng: &mut Option<ChaCha8Rng>) -> u8 {
    static N: std::sync::OnceLock<f32> = std::sync::OnceLock::new();
    let n = *N.get_or_init(|| env("NOISE"));
    match rng { Some(rng) if n > 0.0 => { let z = (rng.random::<f32>() + rng.random::<f32>() - 1.0) * n; (f32::from(q) + z).round().clamp(0.0, 255.0) as u8 } _ => q }
}
