//! A voice with what it has learned: how well it foresees what people say, and how it speaks.

use train::prelude::*;
use train::program::Outcome;

use crate::corpus::{FRAME, Place, Utterance, places};
use crate::voice::{Sizes, Voice};

/// Frames after which somebody who does not come to an end is cut off, 1.5 s.
const LONGEST: usize = 300;

/// A voice, what it has learned, and from whom.
#[derive(Debug)]
pub struct Speaker {
    pub voice: Voice,
    pub parameters: ParameterSet,
    /// The people whose recordings it has learned from.
    pub names: Vec<String>,
}

/// What was said.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub utterance: Utterance,
    /// Or it was cut off.
    pub has_ended: bool,
}

impl Speaker {
    /// One that has learned nothing, with a predictor that begins with these coefficients.
    pub fn new(
        sizes: Sizes,
        names: Vec<String>,
        coefficients: &[f64],
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let mut parameters = ParameterSet::new();
        let voice = Voice::new(&mut parameters, sizes, coefficients, rng);
        Speaker {
            voice,
            parameters,
            names,
        }
    }

    /// Bits per sample of some utterances, each from its beginning to its end; those of ends are not in it.
    pub fn bits(&self, utterances: &[Utterance]) -> f64 {
        let (mut measures, mut tape) = (Measures::default(), Tape::new());
        for utterance in utterances {
            let places: Vec<_> = places(utterance).collect();
            let p = self.parameters.bind(&tape);
            self.voice
                .loss(&p, &places, &self.voice.upper.zeros(1), &mut measures);
            tape.clear();
        }
        measures.get("bits").unwrap_or(f64::NAN)
    }

    /// Says digits side by side: each sample is drawn from what is foreseen after those before, and then is one of
    /// them. Each pair is a digit, and by whom.
    pub fn say(
        &self,
        what: &[(usize, usize)],
        sampling: Sampling,
        rng: &mut ChaCha8Rng,
    ) -> Outcome<Vec<Said>> {
        let begun = |&(digit, speaker)| Said {
            utterance: Utterance {
                digit,
                speaker,
                levels: Vec::new(),
            },
            has_ended: false,
        };
        let mut said: Vec<_> = what.iter().map(begun).collect();
        let (mut tape, mut carried) = (Tape::new(), self.voice.upper.zeros(said.len()));
        for frame in 0..LONGEST {
            self.say_frame(&tape, frame, &mut said, &mut carried, sampling, rng)?;
            tape.clear();
            if said.iter().all(|said| said.has_ended) {
                break;
            }
        }
        Ok(said)
    }

    /// One frame of each that has not ended.
    fn say_frame(
        &self,
        tape: &Tape,
        frame: usize,
        said: &mut [Said],
        carried: &mut [Carried],
        sampling: Sampling,
        rng: &mut ChaCha8Rng,
    ) -> Outcome {
        let p = self.parameters.bind(tape);
        // What has ended reads its last frames again and again, and nobody looks at what it makes of them.
        let utterances = said.iter().map(|said| &said.utterance);
        let places: Vec<_> = utterances
            .map(|of| Place {
                of,
                frame: frame.min(of.frames()),
            })
            .collect();
        let (h, after) = self.voice.upper.states(&p, &places, carried);
        Carried::store_all(carried, &after);
        let ends = self.voice.upper.end(&p, h).value().to_matrix();
        for (row, said) in said.iter_mut().enumerate().filter(|_| frame > 0) {
            said.has_ended |= rng.random::<f32>() < Scalar::sigmoid(ends[(row, 0)]);
        }
        let context = self.voice.lower.context(&p, h);
        for _ in 0..FRAME {
            let utterances = said.iter().map(|said| &said.utterance);
            let before = utterances.map(|utterance| utterance.before(utterance.levels.len()));
            let foreseen = self.voice.lower.foresee(&p, before, context);
            for (row, said) in said
                .iter_mut()
                .enumerate()
                .filter(|(_, said)| !said.has_ended)
            {
                let level = sampling.draw(&foreseen.logits(row), rng)?;
                said.utterance.levels.push(level as u8); // there are 256
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speaker() -> Speaker {
        let sizes = Sizes {
            speakers: 2,
            hidden: 12,
            width: 9,
        };
        let names = ["ann".into(), "bob".into()];
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut speaker = Speaker::new(sizes, names.into(), &[1.6, -0.9], &mut rng);
        set_end(&mut speaker, -2.0);
        speaker
    }

    fn set_end(speaker: &mut Speaker, bias: f32) {
        let end = speaker.parameters.find("end.d").expect("a bias");
        speaker.parameters.get_mut(end)[(0, 0)] = bias;
    }

    /// What is foreseen of every sample of an utterance where all are known, as in training.
    fn foreseen(speaker: &Speaker, utterance: &Utterance) -> Vec<Vec<f64>> {
        let (voice, tape) = (&speaker.voice, Tape::new());
        let p = speaker.parameters.bind(&tape);
        let places: Vec<_> = places(utterance).collect();
        let (h, _) = voice.upper.states(&p, &places, &voice.upper.zeros(1));
        let frames: Vec<_> = places.into_iter().enumerate().collect();
        let foreseen = voice.foresee(&p, &frames[..frames.len() - 1], h);
        let count = utterance.levels.len();
        (0..count).map(|i| foreseen.logits(i)).collect()
    }

    /// Said sample by sample beside others, each is the most probable one of what is foreseen of the whole at once.
    #[test]
    fn what_is_said_is_what_is_foreseen() {
        let speaker = speaker();
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let what = [(3, 0), (8, 1), (3, 1)];
        let said = speaker
            .say(&what, Sampling::greedy(), &mut rng)
            .expect("said");
        for Said { utterance, .. } in &said {
            for (i, logits) in foreseen(&speaker, utterance).iter().enumerate() {
                let highest = logits.iter().copied().fold(f64::MIN, f64::max);
                let chosen = logits[usize::from(utterance.levels[i])];
                assert!(chosen > highest - 1e-3, "sample {i}: {chosen} {highest}");
            }
        }
        let whats = said
            .iter()
            .map(|said| (said.utterance.digit, said.utterance.speaker));
        assert!(whats.eq(what));
    }

    /// As often as their probabilities say: of the first samples of many utterances.
    #[test]
    fn levels_are_drawn_with_their_probabilities() {
        let speaker = speaker();
        let begun = |_| Said {
            utterance: Utterance::default(),
            has_ended: false,
        };
        let mut said: Vec<_> = (0..400).map(begun).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let (tape, mut carried) = (Tape::new(), speaker.voice.upper.zeros(said.len()));
        let sampling = Sampling::default();
        let frame = speaker.say_frame(&tape, 0, &mut said, &mut carried, sampling, &mut rng);
        frame.expect("a frame");
        let first = foreseen(&speaker, &said[0].utterance).remove(0);
        let expected: f64 = first[..128].iter().map(|logit| logit.exp()).sum();
        let low = said
            .iter()
            .filter(|said| said.utterance.levels[0] < 128)
            .count();
        let share = low as f64 / said.len() as f64;
        assert!((share - expected).abs() < 0.08, "{share} {expected}");
        let loud = |q: u8| usize::from(q.abs_diff(128) > 64);
        let far = said
            .iter()
            .map(|said| loud(said.utterance.levels[0]))
            .sum::<usize>();
        let expected: f64 = (0..=255)
            .filter(|&q| loud(q) == 1)
            .map(|q: u8| first[usize::from(q)].exp())
            .sum();
        assert!((far as f64 / said.len() as f64 - expected).abs() < 0.08);
    }

    #[test]
    fn who_comes_to_no_end_is_cut_off_and_nobody_says_nothing() {
        let mut speaker = speaker();
        let mut said = |bias: f32| {
            set_end(&mut speaker, bias);
            let mut rng = ChaCha8Rng::seed_from_u64(5);
            let mut said = speaker
                .say(&[(1, 0)], Sampling::default(), &mut rng)
                .expect("said");
            let Said {
                utterance,
                has_ended,
            } = said.remove(0);
            (utterance.frames(), has_ended)
        };
        assert_eq!(said(-50.0), (LONGEST, false));
        assert_eq!(said(50.0), (1, true));
    }
}
