//! A character model with its alphabet: made, remembered in a checkpoint, and writing.

use std::path::Path;

use layers::{CharModel, Generator, ParameterSet, Sampling};
use rand::{Rng, SeedableRng, rngs::ChaCha8Rng};
use serde::{Deserialize, Serialize};
use train::{Checkpoint, Vocabulary};

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
        let mut parameters = ParameterSet::new();
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        let Settings { hidden, layers, .. } = settings;
        let kind = settings.cell.parse()?;
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

    /// The model of a checkpoint, with its parameters still to be restored, and the epochs done.
    pub fn from_checkpoint(
        checkpoint: &Checkpoint,
        path: &Path,
    ) -> Outcome<(Self, ParameterSet, u64)> {
        let metadata: Metadata = serde_json::from_value(checkpoint.metadata.clone())
            .map_err(|e| format!("{} is not a checkpoint of char_rnn: {e}", path.display()))?;
        let vocabulary = Vocabulary::new(&metadata.vocabulary);
        let (model, parameters) = Model::new(metadata.settings, vocabulary)?;
        Ok((model, parameters, metadata.epochs))
    }

    /// Text written by the network, after it has read `prime`.
    pub fn write(
        &self,
        parameters: &ParameterSet,
        prime: &str,
        length: usize,
        sampling: Sampling,
        rng: &mut impl Rng,
    ) -> Outcome<String> {
        let mut symbols = self.vocabulary.encode(prime)?;
        let Some(mut last) = symbols.pop() else {
            return Err("there must be a character to go on from".into());
        };
        let mut generator = Generator::new(&self.network, parameters, 1);
        for symbol in symbols {
            generator.read(&[symbol]);
        }
        let mut written = Vec::with_capacity(length);
        while written.len() < length {
            let logits = generator.read(&[last]);
            last = sampling.draw(logits.row(0), rng)?;
            written.push(last);
        }
        Ok(self.vocabulary.decode(&written))
    }
}
