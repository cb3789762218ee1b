//! A model of text with its vocabulary: made, remembered in a checkpoint, and writing.

use std::hint::black_box;
use std::iter;
use std::path::Path;

use layers::{CellKind, CharModel, Generator, ParameterSet, Sampling};
use rand::{Rng, SeedableRng, rngs::ChaCha8Rng};
use serde::Deserialize;
use train::{Checkpoint, Vocabulary, escaped};

use crate::Outcome;
use crate::settings::Settings;

/// A model of the next character, or word, with its vocabulary.
pub struct Model {
    pub network: CharModel,
    pub vocabulary: Vocabulary,
    pub settings: Settings,
}

/// What a checkpoint says besides its tensors and how far the run has come.
#[derive(Deserialize)]
struct Metadata {
    settings: Settings,
    vocabulary: Vocabulary,
}

/// A word that is rarer in the text than this is unknown.
const FLOOR: usize = 3;

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

    /// What the model reads and writes of a text.
    pub fn vocabulary(settings: &Settings, text: &str) -> Vocabulary {
        match settings.words {
            true => Vocabulary::words(text, FLOOR),
            false => Vocabulary::new(text),
        }
    }

    /// What a symbol is.
    pub fn unit(&self) -> &'static str {
        if self.settings.words {
            "word"
        } else {
            "character"
        }
    }

    /// What symbols are.
    pub fn units(&self) -> &'static str {
        if self.settings.words {
            "words"
        } else {
            "characters"
        }
    }

    /// The model of a checkpoint, with its parameters still to be restored. What the
    /// checkpoint says of itself is compared with its tensors before anything is made of it.
    pub fn from_checkpoint(checkpoint: &Checkpoint, path: &Path) -> Outcome<(Self, ParameterSet)> {
        let refused = |e: String| format!("{} is not a model of char_rnn: {e}", escaped(path));
        let metadata = Metadata::deserialize(&checkpoint.metadata);
        let metadata = metadata.map_err(|e| refused(escaped(e.to_string())))?;
        let Metadata {
            settings,
            vocabulary,
        } = metadata;
        settings.check().map_err(refused)?;
        let (kind, size) = (settings.cell.parse()?, vocabulary.len());
        let shapes = CharModel::parameter_shapes(kind, size, settings.hidden, settings.layers);
        checkpoint
            .check_shapes(shapes)
            .map_err(|e| refused(e.to_string()))?;
        Model::new(settings, vocabulary)
    }

    /// What writing begins with where nobody says: the end of a line, or where the text has none, its
    /// first symbol.
    pub fn default_prime(&self) -> String {
        let tokens = self.vocabulary.tokens();
        let newline = tokens.iter().find(|token| *token == "\n");
        newline.or(tokens.first()).cloned().unwrap_or_default()
    }

    /// The characters, or words, that the network writes after it has read `prime`, without end.
    pub fn write(
        &self,
        parameters: &ParameterSet,
        prime: &str,
        sampling: Sampling,
        rng: &mut impl Rng,
    ) -> Outcome<impl Iterator<Item = Outcome<&str>>> {
        let mut symbols = self.vocabulary.encode(prime)?;
        let Some(mut last) = symbols.pop() else {
            return Err("there must be something to go on from".into());
        };
        let mut generator = Generator::new(&self.network, parameters, 1);
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
