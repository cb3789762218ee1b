//! A judge as a file: the networks' parameters by name, and what else it takes to judge.

use std::path::Path;

use serde::{Deserialize, Serialize};
use train::escaped;
use train::prelude::*;
use train::program::{Outcome, check_settings};

use crate::bayes::Bayes;
use crate::judge::Judge;
use crate::reader::Reader;
use crate::settings::ReaderSettings;

/// Where the metadata of the checkpoint have it.
const KEY: &str = "sentiment";

#[derive(Serialize, Deserialize)]
struct Saved {
    settings: ReaderSettings,
    vocabulary: Vocabulary,
    bayes: Bayes,
    weight: f64,
}

impl Judge {
    /// Writes the file.
    ///
    /// # Errors
    /// If something is there that may not be replaced, or it cannot be written.
    pub fn save(&self, path: &Path, replaced: Replace) -> Outcome {
        let saved = Saved {
            settings: self.settings.clone(),
            vocabulary: self.vocabulary.clone(),
            bayes: self.bayes.clone(),
            weight: self.weight,
        };
        let tensors = |(_, set): &(Reader, ParameterSet)| Checkpoint::of(set, ().into()).tensors;
        let checkpoint = Checkpoint {
            tensors: self.networks.iter().flat_map(tensors).collect(),
            metadata: serde_json::json!({ KEY: saved }),
        };
        checkpoint
            .save_with(path, replaced)
            .map_err(|e| format!("--save: {e}").into())
    }

    /// Reads the file.
    ///
    /// # Errors
    /// If it is none of [`Judge::save`], or damaged.
    pub fn load(path: &Path) -> Outcome<Self> {
        let checkpoint = Checkpoint::load(path).map_err(|e| format!("--load: {e}"))?;
        let judge = Self::of(&checkpoint);
        judge.map_err(|e| format!("--load: {} is no model of sentiment: {e}", escaped(path)).into())
    }

    fn of(checkpoint: &Checkpoint) -> Outcome<Self> {
        let saved = checkpoint.metadata.get(KEY);
        let saved = saved.ok_or_else(|| format!("its metadata have no {KEY:?}"))?;
        let saved = Saved::deserialize(saved).map_err(|e| escaped(e.to_string()))?;
        let Saved {
            settings,
            vocabulary,
            bayes,
            weight,
        } = saved;
        check_settings(&settings)?;
        let load = |network| {
            // What it says of its sizes is held against its tensors before there is memory taken for them.
            checkpoint.check_shapes(Reader::shapes(network, &settings, vocabulary.len()))?;
            let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(0)); // the values will be the file's
            let reader = Reader::new(&mut set, network, &settings, &vocabulary, &mut rng);
            checkpoint.restore(&mut set)?;
            Ok((reader, set))
        };
        let networks = (1..=settings.networks).map(load).collect::<Outcome<_>>()?;
        Ok(Judge {
            settings,
            vocabulary,
            networks,
            bayes,
            weight,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up;
    use crate::reviews::{Reviews, samples};

    fn judge() -> Judge {
        let reviews = samples(&Reviews::of(made_up::reviews(60, 1)).0);
        let settings = ReaderSettings {
            networks: 2,
            features: 5,
            hidden: 3,
            epochs: 1,
            ..ReaderSettings::default()
        };
        Judge::train(&settings, &reviews[..50], &reviews[50..], 1).expect("a judge")
    }

    #[test]
    fn a_judge_comes_back_from_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let (judge, path) = (judge(), folder.path().join("judge.safetensors"));
        judge.save(&path, Replace::Checkpoint).expect("saved");
        let loaded = Judge::load(&path).expect("loaded");
        let words = crate::reviews::words("the plot is not dull, but unheard-of.");
        assert_eq!(loaded.explain(&words), judge.explain(&words));
        assert_eq!(
            (loaded.weight, loaded.vocabulary),
            (judge.weight, judge.vocabulary)
        );
    }

    #[test]
    fn a_file_that_is_none_or_contradicts_itself_is_refused_in_one_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("judge.safetensors");
        let refused = || match Judge::load(&path) {
            Ok(_) => panic!("loaded"),
            Err(error) => error.to_string(),
        };
        assert!(refused().starts_with("--load: "));
        std::fs::write(&path, "no model").expect("written");
        assert!(refused().starts_with("--load: "), "{}", refused());
        let judge = judge();
        let error = judge
            .save(&path, Replace::Checkpoint)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("--save: "), "{error}"); // it would replace a file of the user's
        judge.save(&path, Replace::AnyFile).expect("saved");

        let mut checkpoint: Checkpoint = Checkpoint::load(&path).expect("a checkpoint");
        checkpoint.metadata[KEY]["settings"]["hidden"] = 10_000.into();
        checkpoint.save(&path).expect("saved");
        assert!(refused().contains("network1.gru.forward"), "{}", refused());
        checkpoint.metadata[KEY]["settings"]["hidden"] = 0.into();
        checkpoint.save(&path).expect("saved");
        assert!(refused().contains("--hidden"), "{}", refused());
        checkpoint.metadata = serde_json::json!({});
        checkpoint.save(&path).expect("saved");
        assert!(
            refused().ends_with("is no model of sentiment: its metadata have no \"sentiment\"")
        );
        for error in [refused(), error] {
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
