//! A voice with what it has learned: how it speaks, and how it is kept in a file.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use train::escaped;
use train::prelude::*;
use train::program::Outcome;

use crate::corpus::{FRAME, Place, Utterance, places};
use crate::density::probabilities;
use crate::voice::{REACH, Sizes, Voice};

/// What it is called in the metadata of a checkpoint.
pub const KEY: &str = "speech";
/// Frames after which somebody who does not come to an end is cut off, 1.5 s.
const LONGEST: usize = 750;

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
    /// One that has learned nothing.
    pub fn new(hidden: usize, width: usize, names: Vec<String>, rng: &mut ChaCha8Rng) -> Self {
        let mut parameters = ParameterSet::new();
        let sizes = Sizes {
            speakers: names.len(),
            hidden,
            width,
        };
        let voice = Voice::new(&mut parameters, sizes, rng);
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
            self.voice.loss(&p, &places, &self.voice.zeros(1), &mut measures);
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
        for (row, said) in said.iter_mut().enumerate() {
            said.has_ended |= rng.random::<f32>() < Scalar::sigmoid(ends[(row, 0)]);
        }
        let within = self.voice.within(&p, h);
        for _ in 0..FRAME {
            let before = said.iter().map(|Said { utterance, .. }| {
                utterance.before(utterance.levels.len(), REACH)
            });
            let [outputs, centre] = self.voice.levels(&p, before, within).map(Var::value);
            for (row, said) in said.iter_mut().enumerate() {
                if !said.has_ended {
                    let p = probabilities(outputs.row(row), centre.row(row)[0]);
                    let logits: Vec<_> = p.into_iter().map(f64::ln).collect();
                    let level = sampling.draw(&logits, rng)?;
                    said.utterance.levels.push(level as u8); // there are 256
                }
            }
        }
        Ok(())
    }
}

/// What a checkpoint says of a voice beside its tensors.
#[derive(Serialize, Deserialize)]
struct Saved {
    hidden: usize,
    width: usize,
    speakers: Vec<String>,
}

/// The metadata of a checkpoint, under [`KEY`].
pub fn saved(voice: &Voice, names: &[String]) -> Value {
    let Sizes { hidden, width, .. } = voice.sizes;
    json!(Saved {
        hidden,
        width,
        speakers: names.to_vec(),
    })
}

impl Speaker {
    /// The one that a run has saved.
    pub fn load(path: &Path) -> Outcome<Self> {
        let checkpoint = Checkpoint::load(path).map_err(|e| format!("--load: {e}"))?;
        let speaker = Self::of(&checkpoint);
        speaker.map_err(|e| format!("--load: {} is no model of speech: {e}", escaped(path)).into())
    }

    /// What a checkpoint says of itself is compared with its tensors before there is memory taken for them.
    fn of(checkpoint: &Checkpoint) -> Outcome<Self> {
        let saved = checkpoint.metadata.get(KEY);
        let saved = saved.ok_or_else(|| format!("its metadata have no {KEY:?}"))?;
        let saved = Saved::deserialize(saved).map_err(|e| escaped(e.to_string()))?;
        let Saved {
            hidden,
            width,
            speakers,
        } = saved;
        if hidden == 0 || width == 0 || speakers.is_empty() {
            let people = speakers.len();
            return Err(format!("{people} speakers, {hidden} units, {width} of a sample").into());
        }
        let sizes = Sizes {
            speakers: speakers.len(),
            hidden,
            width,
        };
        checkpoint.check_shapes(sizes.shapes())?;
        let mut rng = ChaCha8Rng::seed_from_u64(0); // the values will be the file's
        let mut speaker = Speaker::new(hidden, width, speakers, &mut rng);
        checkpoint.restore(&mut speaker.parameters)?;
        Ok(speaker)
    }
}
