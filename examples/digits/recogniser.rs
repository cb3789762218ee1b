//! What hears digits: a spectrogram, recurrent layers in both directions, and at each step the probabilities of
//! the ten digits and of the blank.
//!
//!   x_t = two frames of the spectrogram, 20 ms
//!   h_t = (→h_t, ←h_t),   →h_t = GRU(x_t, →h_{t-1}),   ←h_t = GRU(x_t, ←h_{t+1})
//!   y_t = softmax(V h_t + d),   E = CTC(y, digits)
//!
//! Nobody tells it when a digit is spoken, only which, and in what order.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sound::Sound;
use train::escaped;
use train::layers::loss::Ctc;
use train::prelude::*;
use train::program::Outcome;

use crate::features::{BANDS, FRAMES, Sample, features, spectrogram};

/// Ten digits, and the blank.
pub const SYMBOLS: usize = 11;
pub const BLANK: usize = 10;
/// Labellings that are followed side by side where the most probable one is looked for.
const BEAM: usize = 16;
/// Samples that are on a tape at once.
const AT_ONCE: usize = 32;
/// The sizes in the metadata of a checkpoint.
pub const KEY: &str = "digits";

/// How large it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sizes {
    /// Units of a layer in each direction.
    pub hidden: usize,
    pub layers: usize,
    /// The probability that an output of a layer is dropped in training.
    pub dropout: f64,
}

impl Sizes {
    /// That a file has as many numbers as a model of these sizes at least, three products with h_{t-1} of each
    /// direction: nothing is made as large as a file merely says.
    fn check(&self, checkpoint: &Checkpoint) -> Result<(), String> {
        let Sizes {
            hidden,
            layers,
            dropout,
        } = *self;
        let found: usize = checkpoint.tensors.iter().map(|(_, x)| x.data().len()).sum();
        let products = hidden
            .checked_mul(hidden)
            .and_then(|n| n.checked_mul(6 * layers.min(found)));
        let fits = hidden > 0 && layers > 0 && products.is_some_and(|least| least <= found);
        match fits && layers <= found && (0.0..1.0).contains(&dropout) {
            true => Ok(()),
            false => Err(format!(
                "{layers} layers of {hidden} units, dropout {dropout}, and {found} numbers"
            )),
        }
    }
}

/// The layers, and what they have learned.
#[derive(Debug)]
pub struct Recogniser {
    pub layers: Stack,
    pub parameters: ParameterSet,
}

impl Recogniser {
    /// One that has learned nothing.
    pub fn new(sizes: Sizes, seed: u64) -> Self {
        let model = Sequential::new(FRAMES * BANDS).seed(seed);
        let model = (0..sizes.layers).fold(model, |model, _| {
            model.bidirectional_gru(sizes.hidden).dropout(sizes.dropout)
        });
        let (parameters, layers) = model.dense(SYMBOLS).into_parts();
        Recogniser { layers, parameters }
    }

    /// The one that a run has saved.
    pub fn load(path: &Path) -> Outcome<Self> {
        let checkpoint = Checkpoint::load(path)?;
        let restored = Self::of(&checkpoint);
        restored.map_err(|e| format!("{}: not a model of digits: {e}", escaped(path)).into())
    }

    /// What a checkpoint says of itself is compared with its tensors before anything is made of it.
    fn of(checkpoint: &Checkpoint) -> Outcome<Self> {
        let sizes = checkpoint.metadata.get(KEY);
        let sizes = sizes.ok_or_else(|| format!("its metadata have no {KEY:?}"))?;
        let sizes = Sizes::deserialize(sizes).map_err(|e| escaped(e.to_string()))?;
        sizes.check(checkpoint)?;
        let mut recogniser = Self::new(sizes, 0); // the values will be the checkpoint's
        checkpoint.restore(&mut recogniser.parameters)?;
        Ok(recogniser)
    }

    /// The probabilities of every symbol at every step of a sound, `[T, SYMBOLS]`.
    pub fn beliefs(&self, sound: &Sound) -> Matrix {
        let log_y = self.log_probabilities(&[&features(&spectrogram(sound))]);
        Matrix::from_fn(log_y[0].row_count(), SYMBOLS, |t, s| log_y[0][(t, s)].exp())
    }

    /// The digits that it hears in a sound.
    pub fn hear(&self, sound: &Sound) -> Vec<usize> {
        let log_y = self.log_probabilities(&[&features(&spectrogram(sound))]);
        most_probable(&log_y[0])
    }

    /// Digits for digits: how often the most probable path is wrong, and the most probable labelling.
    pub fn judge(&self, samples: &[Sample]) -> Judged {
        let mut judged = Judged::default();
        for part in samples.chunks(AT_ONCE) {
            let x: Vec<_> = part.iter().map(|sample| &sample.x).collect();
            for (log_y, Sample { digits, .. }) in self.log_probabilities(&x).iter().zip(part) {
                let heard = most_probable(log_y);
                judged.path.add(&best_path(log_y), digits);
                judged.labelling.add(&heard, digits);
                judged.phrases += 1;
                judged.right += usize::from(heard == *digits);
            }
        }
        judged
    }

    /// ln y of each sample, `[T, SYMBOLS]`.
    fn log_probabilities(&self, x: &[&Matrix]) -> Vec<Matrix> {
        let tape = Tape::new();
        let log_y = log_probabilities(&self.layers, &self.parameters.bind(&tape), x);
        log_y.iter().map(|y| y.value().to_matrix()).collect()
    }
}

/// Errors, counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judged {
    /// Of the most probable path.
    pub path: Edits,
    /// Of the most probable labelling.
    pub labelling: Edits,
    pub phrases: usize,
    /// Phrases without an error.
    pub right: usize,
}

/// ln y of each sample on a tape.
fn log_probabilities<'t>(layers: &Stack, p: &Bound<'t>, x: &[&Matrix]) -> Vec<Var<'t>> {
    let x = Sequence::from_samples(p.tape(), x).expect("sounds of a frame at least");
    let logits = layers.run(p, x);
    logits.map(|logits| logits.log_softmax()).samples()
}

/// −ln p(digits | sound) by digit, a mean over the samples; the error of the most probable paths is measured.
pub fn loss<'t>(
    layers: &Stack,
    p: &Bound<'t>,
    batch: &[&Sample],
    measures: &mut Measures,
) -> Var<'t> {
    let x: Vec<_> = batch.iter().map(|sample| &sample.x).collect();
    let digits: Vec<_> = batch.iter().map(|sample| &sample.digits).collect();
    let log_y = log_probabilities(layers, p, &x);
    let mut edits = Edits::default();
    for (log_y, digits) in log_y.iter().zip(&digits) {
        edits.add(&best_path(&log_y.value().to_matrix()), digits);
    }
    measures.edits("digit error", &edits);
    // A phrase has steps enough for its digits. So all that can be wrong are parameters that have run away, and then
    // a loss of NaN is told with the place on the tape where it began.
    let loss = Ctc::new(BLANK).loss(&log_y, &digits);
    loss.unwrap_or_else(|_| log_y[0].sum() * f32::NAN)
}

/// What is read along the most probable path; nothing of what are no probabilities.
fn best_path(log_y: &Matrix) -> Vec<usize> {
    Ctc::new(BLANK).greedy(log_y.view()).unwrap_or_default()
}

/// The most probable of the labellings that a beam has found.
fn most_probable(log_y: &Matrix) -> Vec<usize> {
    let found = Ctc::new(BLANK).beam_search(log_y.view(), BEAM);
    let best = found.unwrap_or_default().into_iter().next();
    best.map_or(Vec::new(), |labelling| labelling.symbols)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::RATE;

    const SIZES: Sizes = Sizes {
        hidden: 5,
        layers: 2,
        dropout: 0.1,
    };

    fn tone(count: usize) -> Sound {
        let samples = (0..count).map(|i| (i as f32 * i as f32 * 1e-3).sin());
        Sound {
            rate: RATE,
            samples: samples.collect(),
        }
    }

    #[test]
    fn what_is_saved_hears_the_same_and_what_is_wrong_is_refused() {
        let recogniser = Recogniser::new(SIZES, 3);
        let metadata = |sizes: Sizes| serde_json::json!({ KEY: sizes });
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("model");
        let saved = |metadata| {
            let checkpoint = Checkpoint::of(&recogniser.parameters, metadata);
            checkpoint.save(&path).expect("a file");
            Recogniser::load(&path)
        };
        let loaded = saved(metadata(SIZES)).unwrap();
        let sound = tone(3000);
        assert_eq!(loaded.beliefs(&sound), recogniser.beliefs(&sound));
        for wrong in [
            Sizes { hidden: 4, ..SIZES },
            Sizes { hidden: 0, ..SIZES },
            Sizes {
                hidden: usize::MAX,
                ..SIZES
            },
            Sizes {
                hidden: 1000,
                ..SIZES
            },
            Sizes { layers: 3, ..SIZES },
            Sizes {
                layers: usize::MAX,
                ..SIZES
            },
            Sizes {
                dropout: 1.0,
                ..SIZES
            },
        ] {
            let error = saved(metadata(wrong)).unwrap_err().to_string();
            assert!(error.contains("model: not a model of digits: "), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
        saved(serde_json::json!({})).unwrap_err();
        std::fs::write(&path, "no model").expect("a file");
        Recogniser::load(&path).unwrap_err();
    }

    #[test]
    fn beliefs_are_probabilities_however_short_the_sound() {
        let recogniser = Recogniser::new(SIZES, 1);
        for count in [1, 160, 8000] {
            let beliefs = recogniser.beliefs(&tone(count));
            for step in beliefs.row_iter() {
                assert!((step.iter().sum::<f32>() - 1.0).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn parameters_that_have_run_away_are_told() {
        let Recogniser {
            layers,
            mut parameters,
        } = Recogniser::new(SIZES, 1);
        let first = parameters.ids().next().expect("a parameter");
        parameters.get_mut(first).data_mut()[0] = f32::NAN;
        let sample = Sample::new(&tone(3000), &[1, 2]);
        let mut trainer = Trainer::new(parameters, Sgd::new(0.1));
        let step = trainer.step(|p| loss(&layers, p, &[&sample], &mut Measures::default()));
        assert!(step.unwrap_err().to_string().contains("NaN"));
    }
}
