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
                .loss(&p, &places, &self.voice.zeros(1), &mut measures);
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
        let (mut tape, mut carried) = (Tape::new(), self.voice.zeros(said.len()));
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
        let (h, after) = self.voice.states(&p, &places, carried);
        Carried::store_all(carried, &after);
        let ends = self.voice.end(&p, h).value().to_matrix();
        for (row, said) in said.iter_mut().enumerate().filter(|_| frame > 0) {
            said.has_ended |= rng.random::<f32>() < Scalar::sigmoid(ends[(row, 0)]);
        }
        let context = self.voice.context(&p, h);
        for _ in 0..FRAME {
            let utterances = said.iter().map(|said| &said.utterance);
            let before = utterances.map(|utterance| utterance.before(utterance.levels.len()));
            let foreseen = self.voice.foresee(&p, before, context);
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
