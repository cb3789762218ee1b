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
use crate::lower::{Lower, REACH};
use crate::upper::{HANDS, Upper};

/// Digits that can be said.
pub const DIGITS: usize = 10;
/// What levels are multiplied by where they are read.
pub const LOUDNESS: f32 = 4.0;
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
    /// Of the GRU.
    pub fn inputs(self) -> usize {
        (FRAME + HANDS + DIGITS).saturating_add(self.speakers)
    }

    /// Name, inputs and outputs of every linear layer: the end, and those of the lower tier.
    pub fn layers(self) -> [(&'static str, usize, usize); 6] {
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
    pub upper: Upper,
    pub lower: Lower,
}

impl Voice {
    /// Adds its parameters. The predictor begins with these coefficients, whatever the state.
    pub fn new(
        set: &mut ParameterSet,
        sizes: Sizes,
        coefficients: &[f64],
        rng: &mut ChaCha8Rng,
    ) -> Self {
        Voice {
            sizes,
            upper: Upper::new(set, sizes, rng),
            lower: Lower::new(set, sizes, coefficients, rng),
        }
    }

    /// What is foreseen of every sample of frames, which are these rows of the states; the samples of a frame come
    /// after each other.
    pub fn foresee<'t>(
        &self,
        p: &Bound<'t>,
        frames: &[(usize, Place<'_>)],
        h: Var<'t>,
    ) -> Foreseen<'t> {
        let rows: Vec<_> = frames.iter().flat_map(|(row, _)| [*row; FRAME]).collect();
        let before = (0..rows.len()).map(|i| {
            let Place { of, frame } = frames[i / FRAME].1;
            of.before(frame * FRAME + i % FRAME)
        });
        let context = self.lower.context(p, h).gather_rows(&rows);
        self.lower.foresee(p, before, context)
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
        let (h, states) = self.upper.states(p, places, carried);
        let ends = Matrix::from_fn(places.len(), 1, |row, _| f32::from(places[row].is_end()));
        let cross_entropy = BinaryCrossEntropy::new().reduction(Reduction::Sum);
        let end = self.upper.end(p, h);
        let mut nats = cross_entropy.loss(end, p.tape().constant(ends)) * END;
        let frames = places.iter().copied().enumerate();
        let frames: Vec<_> = frames.filter(|(_, place)| !place.is_end()).collect();
        if !frames.is_empty() {
            let levels: Vec<_> = frames
                .iter()
                .flat_map(|(_, place)| place.levels())
                .collect();
            let of_levels = self.foresee(p, &frames, h).nats(&levels);
            let count = levels.len() as f64;
            let bits = train::bits(f64::from(of_levels.item()) / count);
            measures.add("bits", bits, count);
            nats += of_levels;
        }
        (nats * (1.0 / (places.len() * FRAME) as f32), states)
    }
}

/// A level as it is read: in training it may be taken for the next higher or lower one, so that what is said does not
/// depend on every little thing in what was said, which will not be quite as in the recordings.
pub fn heard(level: u8, noise: &mut Option<ChaCha8Rng>) -> u8 {
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
            nats(&voice, &set.bind(&tape), &places, &mut voice.upper.zeros(1))
        };
        let expected = 2.0 * (whole(&tones[1]) + whole(&tones[2]));
        let stream = |order: [usize; 2]| order.into_iter().flat_map(|i| places(&tones[i]));
        let pairs = stream([1, 2]).zip(stream([2, 1]));
        let rows: Vec<_> = pairs.flat_map(|(a, b)| [a, b]).collect();
        let (mut carried, mut found) = (voice.upper.zeros(2), 0.0);
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
            .map(|window| nats(&voice, &p, window, &mut voice.upper.zeros(2)));
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
