//! [`TextModel`]: a model of text, from the text to what it writes.

use std::hint::black_box;
use std::iter;
use std::path::{Path, PathBuf};

use autograd::Var;
use layers::{
    Bound, Carried, CellKind, CharModel, Generator, ParameterSet, Sampling, SamplingError,
    Segments, UnknownCell,
};
use rand::{Rng, SeedableRng, rngs::ChaCha8Rng};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    BatchError, Checkpoint, CheckpointError, StateError, Streams, Stretch, TextError, Vocabulary,
    Windows, escaped, split,
};

/// A [`CharModel`] with the [`Vocabulary`] that it reads and writes, characters or words.
///
/// ```
/// use train::prelude::*;
///
/// let text = "the cat sat on the mat\n".repeat(40);
/// let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(1));
/// let model = TextModel::new(&mut set, Vocabulary::new(&text), CellKind::Gru, 16, 1, &mut rng)?;
/// let (mut training, mut validation) = model.streams(&model.vocabulary.encode(&text)?, 8, 10, 1)?;
/// let mut trainer = Trainer::new(set, Adam::new(0.02)).clip(5.0);
/// let mut fit = Fit::new(15).silent();
/// fit.run_and_validate(&mut trainer, &mut training, &mut validation, |p, stretch, _| model.loss(p, stretch))?;
/// let written = model.write(trainer.parameters(), "the", Sampling::greedy(), &mut rng)?;
/// assert_eq!(written.take(4).collect::<Result<String, _>>()?, " cat");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TextModel {
    /// The network over the numbers of the vocabulary.
    pub network: CharModel,
    /// What the numbers stand for.
    pub vocabulary: Vocabulary,
    cell: CellKind,
    hidden: usize,
    layers: usize,
    dropout: f64,
    segments: Option<Segments>,
    rounded: bool,
}

/// The model in the metadata of a checkpoint.
const KEY: &str = "text_model";

/// Steps that an evaluation has on a tape at once: as nothing is swept, segments cost no time and spare memory.
const SEGMENT: usize = 50;

/// What a checkpoint says of the model besides its tensors.
#[derive(Serialize, Deserialize)]
struct Saved {
    cell: String,
    hidden: usize,
    layers: usize,
    dropout: f64,
    vocabulary: Vocabulary,
}

/// A model that cannot be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TextModelError {
    /// Sizes beyond the machine's memory.
    #[error("{layers} layers of {hidden} units take {:.0} GB of memory in training, which are not to be had", *bytes as f64 / 1e9)]
    Memory {
        /// The number of layers.
        layers: usize,
        /// The units of a layer.
        hidden: usize,
        /// What parameters, gradients and the means of Adam take.
        bytes: usize,
    },
    /// A file that is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Metadata of something else.
    #[error("the checkpoint has no model of text: {reason}")]
    Metadata {
        /// What is missing or wrong.
        reason: String,
    },
    /// Tensors that are not those of the model that the metadata speak of.
    #[error(transparent)]
    Tensors(#[from] StateError),
    /// The file that has one of these faults.
    #[error("{}: {source}", escaped(path))]
    File {
        /// The file.
        path: PathBuf,
        /// The fault.
        source: Box<TextModelError>,
    },
}

impl TextModel {
    /// Adds the parameters of `layers` layers of `hidden` units, and of the output.
    ///
    /// # Errors
    /// If there is no memory to train as large a model; nothing is added then.
    ///
    /// # Panics
    /// If there are no layers, or a parameter's name is taken.
    #[track_caller]
    pub fn new(
        set: &mut ParameterSet,
        vocabulary: Vocabulary,
        cell: CellKind,
        hidden: usize,
        layers: usize,
        rng: &mut (impl Rng + ?Sized),
    ) -> Result<Self, TextModelError> {
        check_memory(cell, vocabulary.len(), hidden, layers)?;
        let network = CharModel::new(set, cell, vocabulary.len(), hidden, layers, rng);
        Ok(TextModel {
            network,
            vocabulary,
            cell,
            hidden,
            layers,
            dropout: 0.0,
            segments: None,
            rounded: false,
        })
    }

    /// With dropout of probability `p` on every layer's outputs, in training.
    ///
    /// # Panics
    /// If p is not in 0..1.
    #[must_use]
    #[track_caller]
    pub fn with_dropout(self, p: f64) -> Self {
        TextModel {
            network: self.network.with_dropout(p),
            dropout: p,
            ..self
        }
    }

    /// Keeps some states of a stretch only, those after every so many steps or what fits in a memory, and
    /// computes what lies between again on the way back: see [`CharModel::loss_in_segments`]. A memory is
    /// that of one part of the mini-batch.
    #[must_use]
    pub fn in_segments(self, segments: Option<Segments>) -> Self {
        TextModel { segments, ..self }
    }

    /// Writes text with weights that are rounded to bf16, [`Generator::with_rounded_weights`]: large models write nearly
    /// twice as fast. What is learned, and how, does not change.
    #[must_use]
    pub fn with_rounded_weights(self) -> Self {
        TextModel {
            rounded: true,
            ..self
        }
    }

    /// For a checkpoint: [`Fit::metadata`](crate::Fit::metadata) takes name and value.
    pub fn metadata(&self) -> (&'static str, serde_json::Value) {
        let saved = Saved {
            cell: self.cell.to_string(),
            hidden: self.hidden,
            layers: self.layers,
            dropout: self.dropout,
            vocabulary: self.vocabulary.clone(),
        };
        (KEY, serde_json::json!(saved))
    }

    /// The model of a file, with the parameters that were the best, if the run kept them.
    ///
    /// # Errors
    /// If the file is no checkpoint, or that of another model.
    pub fn load(path: impl AsRef<Path>) -> Result<(Self, ParameterSet), TextModelError> {
        let path = path.as_ref();
        let checkpoint = Checkpoint::load(path)?;
        let restored = Self::of(&checkpoint).and_then(|(model, mut set)| {
            checkpoint.restore_best(&mut set)?;
            Ok((model, set))
        });
        restored.map_err(|e| TextModelError::File {
            path: path.into(),
            source: Box::new(e),
        })
    }

    /// The model of a checkpoint, with its parameters still to be restored. What the checkpoint says of
    /// itself is compared with its tensors before anything is made of it.
    ///
    /// # Errors
    /// If it is that of another model, or contradicts itself.
    pub fn of(checkpoint: &Checkpoint) -> Result<(Self, ParameterSet), TextModelError> {
        let refused = |reason| TextModelError::Metadata { reason };
        let saved = checkpoint.metadata.get(KEY);
        let saved = saved.ok_or_else(|| refused(format!("its metadata have no {KEY:?}")))?;
        let saved = Saved::deserialize(saved).map_err(|e| refused(escaped(e.to_string())))?;
        let cell: CellKind = saved
            .cell
            .parse()
            .map_err(|e: UnknownCell| refused(e.to_string()))?;
        let (size, hidden, layers) = (saved.vocabulary.len(), saved.hidden, saved.layers);
        if [size, hidden, layers].contains(&0) {
            let sizes = format!("{size} symbols, {layers} layers of {hidden} units");
            return Err(refused(sizes));
        }
        if !(0.0..1.0).contains(&saved.dropout) {
            return Err(refused(format!("dropout of {}", saved.dropout)));
        }
        checkpoint.check_shapes(CharModel::parameter_shapes(cell, size, hidden, layers))?;
        let mut set = ParameterSet::new();
        let mut rng = ChaCha8Rng::seed_from_u64(0); // the values will be the checkpoint's
        let model = Self::new(&mut set, saved.vocabulary, cell, hidden, layers, &mut rng)?;
        Ok((model.with_dropout(saved.dropout), set))
    }

    /// All but the last tenth of a text for training, `batch` streams of it read `steps` at a time, in so many
    /// parts; and the last tenth for validation.
    ///
    /// # Errors
    /// If the text is too short.
    ///
    /// # Panics
    /// If there are to be no parts.
    #[track_caller]
    pub fn streams(
        &self,
        symbols: &[usize],
        batch: usize,
        steps: usize,
        parts: usize,
    ) -> Result<(Streams, Streams), BatchError> {
        let (training, validation) = split(symbols, 0.1);
        let training = Windows::new(training.to_vec(), batch, steps)?;
        // Of the training's shape where that fits, else of one stream.
        let validation = Windows::new(validation.to_vec(), batch, steps)
            .or_else(|_| Windows::new(validation.to_vec(), 1, steps))?;
        let streams = |windows| Streams::new(windows, parts, |count| self.network.zeros(count));
        Ok((streams(training), streams(validation)))
    }

    /// Records the mean loss of a stretch of text, in nats per symbol, and carries the state on.
    ///
    /// # Panics
    /// If the stretch reaches back over windows, and the model is one [in segments](TextModel::in_segments).
    #[track_caller]
    pub fn loss<'t>(&self, p: &Bound<'t>, stretch: &mut Stretch) -> Var<'t> {
        let is_training = p.noise().is_some();
        let segments = if is_training {
            self.segments
        } else {
            Some(SEGMENT.into())
        };
        let (count, rows) = (stretch.streams(), stretch.rows());
        let symbols = (&*stretch.inputs, &*stretch.targets);
        let carried = &mut stretch.carried;
        let (loss, states) = match segments {
            Some(segments) => {
                let network = &self.network;
                network.loss_in_segments(p, symbols, count, carried, segments)
            }
            None => {
                let (logits, states) = self.network.logits(p, symbols.0, count, carried);
                let counted = match rows.start {
                    0 => logits,
                    _ => logits.rows(rows),
                };
                (counted.cross_entropy(symbols.1).named("E"), states)
            }
        };
        Carried::store_all(carried, &states);
        loss
    }

    /// What every text may begin with: the end of a line, or where it was learned from none, the first symbol.
    pub fn default_prime(&self) -> &str {
        let tokens = self.vocabulary.tokens();
        let newline = tokens.iter().find(|token| *token == "\n");
        newline.or(tokens.first()).map_or("", String::as_str)
    }

    /// The symbols that the network writes after it has read `prime`, without end.
    ///
    /// # Errors
    /// If the prime is empty, or has a symbol that is not in the vocabulary; in the iterator, if the sampling's
    /// settings make no sense or the logits are not finite.
    ///
    /// # Panics
    /// If the parameters are not the model's.
    #[track_caller]
    pub fn write(
        &self,
        parameters: &ParameterSet,
        prime: &str,
        sampling: Sampling,
        rng: &mut impl Rng,
    ) -> Result<impl Iterator<Item = Result<&str, SamplingError>>, TextError> {
        let mut symbols = self.vocabulary.encode(prime)?;
        let mut last = symbols.pop().ok_or(TextError::NoPrime)?;
        let mut generator = Generator::new(&self.network, parameters, 1);
        if self.rounded {
            generator = generator.with_rounded_weights();
        }
        for symbol in symbols {
            generator.read(&[symbol]);
        }
        Ok(iter::repeat_with(move || {
            let mut logits = generator.read(&[last]).row(0).to_vec();
            if let Some(unknown) = self.vocabulary.unknown() {
                logits[unknown] = f32::NEG_INFINITY; // there is nothing to write for it
            }
            last = sampling.draw(&logits, rng)?;
            Ok(self.vocabulary.tokens()[last].as_str())
        }))
    }
}

/// That there is memory for the parameters and what training adds to each: a gradient, and Adam's two means.
fn check_memory(
    cell: CellKind,
    vocabulary: usize,
    hidden: usize,
    layers: usize,
) -> Result<(), TextModelError> {
    let shapes = CharModel::parameter_shapes(cell, vocabulary, hidden, layers);
    let sizes = shapes.map(|(_, shape)| shape.rows.saturating_mul(shape.cols));
    let bytes = sizes
        .fold(0, usize::saturating_add)
        .saturating_mul(4 * size_of::<f32>());
    let mut room = Vec::<u8>::new();
    if room.try_reserve_exact(bytes).is_err() {
        return Err(TextModelError::Memory {
            layers,
            hidden,
            bytes,
        });
    }
    black_box(room); // or else the compiler would know that nobody needs it
    Ok(())
}
