//! A speaker as a file: the parameters by name, and what else it takes to speak.

use std::path::Path;

use serde::{Deserialize, Serialize};
use train::escaped;
use train::prelude::*;
use train::program::Outcome;

use crate::speaker::Speaker;
use crate::voice::Sizes;

/// Where the metadata of the checkpoint have it.
const KEY: &str = "speech";

/// What is not in the tensors.
#[derive(Serialize, Deserialize)]
struct Saved {
    hidden: usize,
    width: usize,
    speakers: Vec<String>,
}

impl Speaker {
    /// Writes the file.
    ///
    /// # Errors
    /// If something is there that may not be replaced, or it cannot be written.
    pub fn save(&self, path: &Path, replaced: Replace) -> Outcome {
        let Sizes { hidden, width, .. } = self.voice.sizes;
        let speakers = self.names.clone();
        let saved = Saved {
            hidden,
            width,
            speakers,
        };
        let checkpoint = Checkpoint::of(&self.parameters, serde_json::json!({ KEY: saved }));
        let saved = checkpoint.save_with(path, replaced);
        saved.map_err(|e| format!("--save: {e}").into())
    }

    /// Reads the file.
    ///
    /// # Errors
    /// If it is none of [`Speaker::save`], or damaged.
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
        // Their names become those of files.
        let is_name = |name: &String| !name.is_empty() && !name.contains(['/', '\\']);
        if hidden == 0 || width == 0 || speakers.is_empty() || !speakers.iter().all(is_name) {
            let speakers = escaped(speakers.join(", "));
            let sizes = format!("{hidden} units, {width} of a layer, speakers {speakers:?}");
            return Err(sizes.into());
        }
        let sizes = Sizes {
            speakers: speakers.len(),
            hidden,
            width,
        };
        checkpoint.check_shapes(sizes.shapes())?;
        let mut rng = ChaCha8Rng::seed_from_u64(0); // the values will be the file's
        let mut speaker = Speaker::new(sizes, speakers, &[], &mut rng);
        checkpoint.restore(&mut speaker.parameters)?;
        Ok(speaker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speaker() -> Speaker {
        let sizes = Sizes {
            speakers: 2,
            hidden: 5,
            width: 4,
        };
        let names = ["ann".into(), "bob".into()];
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut speaker = Speaker::new(sizes, names.into(), &[0.9], &mut rng);
        let end = speaker.parameters.find("end.d").expect("a bias");
        speaker.parameters.get_mut(end)[(0, 0)] = -2.0; // soon
        speaker
    }

    #[test]
    fn what_is_loaded_says_the_same() {
        let folder = tempfile::tempdir().expect("a folder");
        let (speaker, path) = (speaker(), folder.path().join("voice.safetensors"));
        speaker.save(&path, Replace::Checkpoint).expect("saved");
        let loaded = Speaker::load(&path).expect("loaded");
        let said = |speaker: &Speaker| {
            let mut rng = ChaCha8Rng::seed_from_u64(2);
            let said = speaker.say(&[(3, 0), (7, 1)], Sampling::default(), &mut rng);
            said.expect("said")
        };
        assert_eq!(said(&loaded), said(&speaker));
        assert_eq!(loaded.names, speaker.names);
    }

    #[test]
    fn a_file_that_is_none_or_contradicts_itself_is_refused_in_one_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("voice.safetensors");
        let refused = || {
            let error = Speaker::load(&path).unwrap_err().to_string();
            assert!(
                error.starts_with("--load: ") && !error.contains('\n'),
                "{error}"
            );
            error
        };
        refused();
        std::fs::write(&path, "no model").expect("written");
        refused();
        let speaker = speaker();
        let error = speaker
            .save(&path, Replace::Checkpoint)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("--save: "), "{error}"); // it would replace a file of the user's
        speaker.save(&path, Replace::AnyFile).expect("saved");
        let saved: Checkpoint = Checkpoint::load(&path).expect("a checkpoint");
        let with = |name: &str, value: serde_json::Value| {
            let mut checkpoint = saved.clone();
            checkpoint.metadata[KEY][name] = value;
            checkpoint.save(&path).expect("saved");
            refused()
        };
        assert!(with("hidden", 1_000_000.into()).contains("gru.U"));
        assert!(with("hidden", usize::MAX.into()).contains("gru.U"));
        assert!(with("width", 3.into()).contains("gates.V"));
        assert!(with("speakers", serde_json::json!(["ann"])).contains("gru.U"));
        assert!(with("speakers", serde_json::json!(["ann", "../bob"])).contains("../bob"));
        assert!(with("width", 0.into()).contains("0 of a layer"));
        assert!(with("hidden", "many".into()).contains("many"));
        let mut checkpoint = saved.clone();
        checkpoint.metadata = serde_json::json!({});
        checkpoint.save(&path).expect("saved");
        let expected = "is no model of speech: its metadata have no \"speech\"";
        assert!(refused().ends_with(expected));
    }
}
