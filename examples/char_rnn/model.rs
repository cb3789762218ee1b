//! A character model with its alphabet: made, remembered in a checkpoint, and writing.

use std::hint::black_box;
use std::iter;
use std::path::Path;

use layers::{CellKind, CharModel, Generator, ParameterSet, Sampling};
use rand::{Rng, SeedableRng, rngs::ChaCha8Rng};
use serde::{Deserialize, Serialize};
use train::{Checkpoint, Vocabulary, escaped};

use crate::Outcome;
use crate::settings::Settings;

/// A character model with its parameters and its alphabet.
pub struct Model {
    pub network: CharModel,
    pub vocabulary: Vocabulary,
    pub settings: Settings,
}

/// What a checkpoint says besides its tensors.
#[derive(Serialize, Deserialize)]
struct Metadata {
    settings: Settings,
    vocabulary: String,
    epochs: u64,
}

impl Model {
    pub fn new(settings: Settings, vocabulary: Vocabulary) -> Outcome<(Self, ParameterSet)> {
        let Settings { hidden, layers, .. } = settings;
        let kind = settings.cell.parse()?;
        check_memory(kind, vocabulary.len(), hidden, layers)?;
        let mut parameters = ParameterSet::new();
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        let network = CharModel::new(
            &mut parameters,
            kind,
            vocabulary.len(),
            hidden,
            layers,
            &mut rng,
        )
        .with_dropout(settings.dropout);
        Ok((
            Model {
                network,
                vocabulary,
                settings,
            },
            parameters,
        ))
    }

    pub fn metadata(&self, epochs: u64) -> Outcome<serde_json::Value> {
        let vocabulary = self.vocabulary.chars().iter().collect();
        let settings = self.settings.clone();
        Ok(serde_json::to_value(Metadata {
            settings,
            vocabulary,
            epochs,
        })?)
    }

    /// The model of a checkpoint, with its parameters still to be restored, and the epochs done. What the
    /// checkpoint says of itself is compared with its tensors before anything is made of it.
    pub fn from_checkpoint(
        checkpoint: &Checkpoint,
        path: &Path,
    ) -> Outcome<(Self, ParameterSet, u64)> {
        let refused = |e: String| format!("{} is not a model of char_rnn: {e}", escaped(path));
        let metadata = serde_json::from_value(checkpoint.metadata.clone());
        let metadata: Metadata = metadata.map_err(|e| refused(escaped(e.to_string())))?;
        let Metadata {
            settings, epochs, ..
        } = metadata;
        settings.check().map_err(refused)?;
        let vocabulary = Vocabulary::new(&metadata.vocabulary);
        if !metadata
            .vocabulary
            .chars()
            .eq(vocabulary.chars().iter().copied())
        {
            return Err(refused("its vocabulary is not sorted".into()).into());
        }
        let (kind, size) = (settings.cell.parse()?, vocabulary.len());
        let shapes = CharModel::parameter_shapes(kind, size, settings.hidden, settings.layers);
        checkpoint
            .check_shapes(shapes)
            .map_err(|e| refused(e.to_string()))?;
        let (model, parameters) = Model::new(settings, vocabulary)?;
        Ok((model, parameters, epochs))
    }

    /// What writing begins with where nobody says: the end of a line, or where the text has none, its
    /// first symbol.
    pub fn default_prime(&self) -> String {
        let chars = self.vocabulary.chars();
        let newline = chars.iter().find(|&&c| c == '\n');
        newline.or(chars.first()).iter().copied().collect()
    }

    /// The characters that the network writes after it has read `prime`, without end.
    pub fn write(
        &self,
        parameters: &ParameterSet,
        prime: &str,
        sampling: Sampling,
        rng: &mut impl Rng,
    ) -> Outcome<impl Iterator<Item = Outcome<char>>> {
        let mut symbols = self.vocabulary.encode(prime)?;
        let Some(mut last) = symbols.pop() else {
            return Err("there must be a character to go on from".into());
        };
        let mut generator = Generator::new(&self.network, parameters, 1);
        for symbol in symbols {
            generator.read(&[symbol]);
        }
        Ok(iter::repeat_with(move || {
            let logits = generator.read(&[last]);
            last = sampling.draw(logits.row(0), rng)?;
            Ok(self.vocabulary.chars()[last])
        }))
    }
}

/// That there is memory for the parameters and what training adds to each: a gradient, and Adam's two means.
fn check_memory(kind: CellKind, vocabulary: usize, hidden: usize, layers: usize) -> Outcome<()> {
    let elements = |layers| {
        let shapes = CharModel::parameter_shapes(kind, vocabulary, hidden, layers);
        let sizes = shapes.map(|(_, shape)| shape.rows.saturating_mul(shape.cols));
        sizes.fold(0, usize::saturating_add)
    };
    let bytes = elements(layers).saturating_mul(4 * size_of::<f32>());
    let mut room = Vec::<u8>::new();
    if room.try_reserve_exact(bytes).is_ok() {
        black_box(room); // or else the compiler would know that nobody needs it
        return Ok(());
    }
    let gigabytes = bytes as f64 / 1e9;
    let flags = format!("--hidden {hidden} and --layers {layers}");
    Err(format!("{flags}: {gigabytes:.0} GB of memory are not to be had").into())
}
