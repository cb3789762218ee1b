//! What says a digit, sample by sample: two tiers, of which only the upper one is recurrent (Mehri et al. 2017,
//! *SampleRNN: an unconditional end-to-end neural audio generation model*, section 2; here it is told what to say, and
//! the lower tier predicts as a speech codec does).
//!
//! The samples, as levels q_i of the μ-law, are cut into frames of F = 40. At each frame t, 200 times a second, a GRU
//! reads the frame before, which digit is said and by whom, and a clock. Its state is what is known of how far the word
//! has come:
//!
//!   h_t = GRU((y_{tF−1} … y_{tF−F}, digit, speaker, clock_t), h_{t−1}),   h_{−1} = 0,   y = 2 q / 255 − 1
//!   e_t = σ(w h_t + b)                                     the probability that nothing follows
//!
//! Within a frame nothing is recurrent. The state gives the coefficients of a linear predictor of the sound pressure x_i,
//! which begin as those of the baseline, see [`lattice`]; and a network that reads the R = 64 samples before, as levels
//! and as sound pressure, gives a density around it, through which the state opens and closes units:
//!
//!   x̂_i = Σ_k a_k x_{i−k},   a = the coefficients of the reflections tanh((M h_t + m) / 8)
//!   u_i = relu((A (y_{i−1} … y_{i−R}, x_{i−1} … x_{i−R}) + a) ⊙ (1 + G h_t + g) + C h_t + c)
//!   v_i = relu(B u_i + b)
//!   p(q_i | q_0 … q_{i−1}) = what a mixture with the parameters D v_i + d has between the edges of q_i, around x̂_i
//!
//! Where all samples are known, in training, those of all frames are a few products of large matrices.

use train::layers::loss::{BinaryCrossEntropy, Reduction};
use train::prelude::*;

use crate::corpus::{FRAME, Place};
use crate::density::{self, Foreseen};
use crate::lattice;
use crate::mu_law::{loudness, sample};

/// Digits that can be said.
pub const DIGITS: usize = 10;
/// Samples that the lower tier reads, R.
pub const REACH: usize = 64;
/// Hands of the clock, and the frames from one to the next, 80 ms.
const HANDS: usize = 8;
const TICK: f32 = 16.0;
/// What levels and sound pressure are multiplied by where they are read: both are small, and what is next depends on
/// little in them.
const LOUDNESS: f32 = 4.0;
const PRESSURE: f32 = 16.0;
/// Ends are rare: one counts as much as so many.
const END: f32 = 4.0;

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
        (FRAME + HANDS + DIGITS).saturating_add(self.speakers)
    }

    /// Name, inputs and outputs of every linear layer, in the order of [`Voice::linear`].
    fn layers(self) -> [(&'static str, usize, usize); 6] {
        let Sizes { hidden, width, .. } = self;
        [
            ("end", hidden, 1),
            ("lattice", hidden, lattice::ORDER),
            ("gates", hidden, width.saturating_mul(2)),
            ("samples1", 2 * REACH, width),
            ("samples2", width, width),
            ("density", width, density::WIDTH),
        ]
    }

    /// The parameters that [`Voice::new`] adds, without making them.
    pub fn shapes(self) -> Vec<(String, Shape)> {
        let mut shapes = CellKind::Gru.parameter_shapes("gru", self.inputs(), self.hidden);
        for (name, inputs, outputs) in self.layers() {
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
    gru: Forward<Gru>,
    end: Linear,
    lattice: Linear,
    /// G and C beside each other.
    gates: Linear,
    /// A and B.
    samples: [Linear; 2],
    /// D.
    density: Linear,
}

/// What the upper tier has for the lower one, a row for each sample: a(h) and what the gates are.
#[derive(Clone, Copy, Debug)]
pub struct Context<'t> {
    coefficients: Var<'t>,
    gates: Var<'t>,
}

impl Context<'_> {
    /// That of these rows.
    #[must_use]
    pub fn gather_rows(self, rows: &[usize]) -> Self {
        Context {
            coefficients: self.coefficients.gather_rows(rows),
            gates: self.gates.gather_rows(rows),
        }
    }
}

impl Voice {
    /// Adds its parameters. The predictor begins with these coefficients, whatever the state.
    pub fn new(
        set: &mut ParameterSet,
        sizes: Sizes,
        coefficients: &[f64],
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let gru = Gru::new(set, "gru", sizes.inputs(), sizes.hidden, Reset::After, rng);
        let [end, lattice, gates, first, second, density] = sizes
            .layers()
            .map(|(name, inputs, outputs)| Linear::new(set, name, inputs, outputs, rng));
        for layer in [&end, &lattice] {
            set.get_mut(layer.v).data_mut().fill(0.0);
            set.get_mut(layer.d).data_mut().fill(0.0);
        }
        set.get_mut(end.d)[(0, 0)] = -5.0; // a frame in 150 is the last
        lattice::begin(set.get_mut(lattice.d).data_mut(), coefficients);
        density::begin(set.get_mut(density.d).data_mut());
        Voice {
            sizes,
            gru: Forward(gru),
            end,
            lattice,
            gates,
            samples: [first, second],
            density,
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
        let x = tape.constant(self.frames(places, p.noise())).named("x");
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

    /// What the upper tier reads at each place: the frame before, clock, digit and speaker.
    fn frames(&self, places: &[Place<'_>], mut noise: Option<ChaCha8Rng>) -> Matrix {
        let mut x = Matrix::zeros(places.len(), self.sizes.inputs());
        let rows = x.data_mut().chunks_exact_mut(self.sizes.inputs());
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

    /// What these states mean for the samples of their frames.
    pub fn context<'t>(&self, p: &Bound<'t>, h: Var<'t>) -> Context<'t> {
        Context {
            coefficients: lattice::coefficients(self.lattice.apply(p, h)),
            gates: self.gates.apply(p, h),
        }
    }

    /// What is foreseen of some samples, from those before each, the last one first, and its frame's context.
    pub fn foresee<'t>(
        &self,
        p: &Bound<'t>,
        before: impl ExactSizeIterator<Item = impl Iterator<Item = u8>>,
        context: Context<'t>,
    ) -> Foreseen<'t> {
        let mut noise = p.noise();
        let mut read = Matrix::zeros(before.len(), 2 * REACH);
        for (row, before) in read.data_mut().chunks_exact_mut(2 * REACH).zip(before) {
            let (x, y) = row.split_at_mut(REACH);
            for (i, q) in before.take(REACH).enumerate() {
                let q = heard(q, &mut noise);
                (x[i], y[i]) = (PRESSURE * sample(q), LOUDNESS * loudness(q));
            }
        }
        let read = p.tape().constant(read);
        let width = self.sizes.width;
        let (open, shift) = (
            context.gates.cols(0..width),
            context.gates.cols(width..2 * width),
        );
        let u = self.samples[0].apply(p, read);
        let u = (u + u * open + shift).relu();
        let v = self.samples[1].apply(p, u).relu();
        let terms = read.cols(0..lattice::ORDER) * context.coefficients;
        Foreseen {
            centre: terms.sum_cols() * (1.0 / PRESSURE),
            mixture: self.density.apply(p, v),
        }
    }

    /// −ln p of all that is at these places, levels and ends, per sample, where a place counts as a frame of samples;
    /// and the states after. The bits of a sample, without those of ends, are measured as "bits".
    pub fn loss<'t>(
        &self,
        p: &Bound<'t>,
        places: &[Place<'_>],
        carried: &[Carried],
        measures: &mut Measures,
    ) -> (Var<'t>, Vec<State<'t>>) {
        let (h, states) = self.states(p, places, carried);
        let ends = Matrix::from_fn(places.len(), 1, |row, _| f32::from(places[row].is_end()));
        let cross_entropy = BinaryCrossEntropy::new().reduction(Reduction::Sum);
        let mut nats = cross_entropy.loss(self.end(p, h), p.tape().constant(ends)) * END;
        let within = |row: &usize| !places[*row].is_end();
        let rows = (0..places.len()).filter(within);
        let rows: Vec<_> = rows.flat_map(|row| [row; FRAME]).collect();
        if !rows.is_empty() {
            let samples = rows.iter().enumerate().map(|(i, &row)| {
                let Place { of, frame } = places[row];
                (of, frame * FRAME + i % FRAME)
            });
            let levels: Vec<_> = samples.clone().map(|(of, i)| of.levels[i]).collect();
            let context = self.context(p, h).gather_rows(&rows);
            let foreseen = self.foresee(p, samples.map(|(of, i)| of.before(i)), context);
            let of_levels = foreseen.nats(&levels);
            let count = levels.len() as f64;
            let bits = train::bits(f64::from(of_levels.item()) / count);
            measures.add("bits", bits, count);
            nats = nats + of_levels;
        }
        (nats * (1.0 / (places.len() * FRAME) as f32), states)
    }
}

/// A level as it is read: in training it may be taken for the next higher or lower one, so that what is said does not
/// depend on every little thing in what was said, which will not be quite as in the recordings.
fn heard(level: u8, noise: &mut Option<ChaCha8Rng>) -> u8 {
    match noise {
        Some(rng) => level
            .saturating_add(rng.random_range(0..3))
            .saturating_sub(1),
        None => level,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::tests::tones;
    use crate::corpus::{Utterance, places};

    fn voice() -> (Voice, ParameterSet) {
        let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(1));
        let sizes = Sizes {
            speakers: 2,
            hidden: 6,
            width: 5,
        };
        let voice = Voice::new(&mut set, sizes, &[1.5, -0.8], &mut rng);
        (voice, set)
    }

    #[test]
    fn the_shapes_are_those_of_the_parameters() {
        let (voice, set) = voice();
        let shape = |id| (set.name(id).to_string(), set.get(id).shape());
        assert_eq!(
            voice.sizes.shapes(),
            set.ids().map(shape).collect::<Vec<_>>()
        );
    }

    /// −ln p of all that is at these places.
    fn nats(voice: &Voice, p: &Bound<'_>, places: &[Place<'_>], carried: &mut [Carried]) -> f64 {
        let (loss, after) = voice.loss(p, places, carried, &mut Measures::default());
        Carried::store_all(carried, &after);
        f64::from(loss.item()) * (places.len() * FRAME) as f64
    }

    /// Two streams of two utterances each, in windows of four frames: nothing is lost between windows, and nothing goes
    /// from an utterance to the next one.
    #[test]
    fn windows_with_carried_states_are_whole_utterances() {
        let ((voice, set), tones) = (voice(), tones(4));
        let whole = |tone: &Utterance| {
            let tape = Tape::new();
            let places: Vec<_> = places(tone).collect();
            nats(&voice, &set.bind(&tape), &places, &mut voice.zeros(1))
        };
        let expected = 2.0 * (whole(&tones[1]) + whole(&tones[2]));
        let stream = |order: [usize; 2]| order.into_iter().flat_map(|i| places(&tones[i]));
        let pairs = stream([1, 2]).zip(stream([2, 1]));
        let rows: Vec<_> = pairs.flat_map(|(a, b)| [a, b]).collect();
        let (mut carried, mut found) = (voice.zeros(2), 0.0);
        for window in rows.chunks(8) {
            let tape = Tape::new();
            found += nats(&voice, &set.bind(&tape), window, &mut carried);
        }
        assert!(
            (found - expected).abs() < 1e-4 * expected,
            "{found} {expected}"
        );
        let tape = Tape::new();
        let p = set.bind(&tape);
        let cut = rows
            .chunks(8)
            .map(|window| nats(&voice, &p, window, &mut voice.zeros(2)));
        let cut: f64 = cut.sum();
        assert!(
            (cut - expected).abs() > 1e-4 * expected,
            "states do not matter"
        );
    }

    #[test]
    fn noise_is_of_training_only_and_by_one_level() {
        let mut noise = Some(ChaCha8Rng::seed_from_u64(1));
        let mut counts = [0; 3];
        for _ in 0..300 {
            counts[usize::from(heard(100, &mut noise)) - 99] += 1;
        }
        assert!(counts.iter().all(|&count| count > 60), "{counts:?}");
        assert!((0..20).all(|_| heard(0, &mut noise) <= 1 && heard(255, &mut noise) >= 254));
        assert_eq!(heard(7, &mut None), 7);
    }
}
