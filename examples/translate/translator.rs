//! A network with its words: from text to text, and as a file.

use std::path::Path;

use serde::{Deserialize, Serialize};
use train::escaped;
use train::prelude::*;
use train::program::{Outcome, check_settings};

use crate::network::{Network, Sample, Sizes};
use crate::pairs::Pair;

/// Where the metadata of a checkpoint have what is saved beside the parameters.
pub const KEY: &str = "translate";

/// The network, the words that it knows, and its parameters.
#[derive(Debug)]
pub struct Translator {
    pub known: Known,
    pub network: Network,
    pub parameters: ParameterSet,
}

/// What a translator is made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Known {
    sizes: Sizes,
    sources: Vocabulary,
    /// With their ends.
    targets: Vocabulary,
}

/// A translation, word by word.
#[derive(Clone, Debug, PartialEq)]
pub struct Translation {
    pub source: Vec<String>,
    pub target: Vec<String>,
    /// How much it looked at each word of the source: a row for each word of the target, and one for its end.
    pub attention: Matrix,
    /// Words that it does not know, and has taken from the source as they are.
    pub copied: usize,
}

impl Translation {
    pub fn text(&self) -> String {
        self.target.concat().trim().into()
    }
}

impl Translator {
    /// One that has learned nothing. It knows the words that the training pairs have at least `floor` times.
    ///
    /// A word is a run of letters and digits with the space before it, or any other character; great and small letters
    /// are not the same. So what it writes is text, with its spaces, that needs no putting together.
    pub fn new(sizes: &Sizes, training: &[Pair], floor: usize, seed: u64) -> Self {
        let words = |side: fn(&Pair) -> &str| {
            let text: String = training.iter().map(|pair| begun(side(pair))).collect();
            Vocabulary::words(&text, floor)
        };
        let known = Known {
            sizes: sizes.clone(),
            sources: words(|pair| &pair.source),
            targets: words(|pair| &pair.target).with_ends(),
        };
        Self::knowing(known, seed)
    }

    fn knowing(known: Known, seed: u64) -> Self {
        let (mut parameters, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(seed));
        let network = Network::new(&mut parameters, &known.sizes, known.words(), &mut rng);
        Translator {
            known,
            network,
            parameters,
        }
    }

    /// The pairs by their words' numbers.
    pub fn samples(&self, pairs: &[Pair]) -> Outcome<Vec<Sample>> {
        let [sources, targets] = self.known.words();
        let sample = |pair: &Pair| {
            let mut target = targets.encode(&begun(&pair.target))?;
            target.extend(targets.end());
            Ok(Sample {
                source: sources.encode(&begun(&pair.source))?,
                target,
            })
        };
        pairs.iter().map(sample).collect()
    }

    /// Translates a sentence. Instead of a word that it does not know, it writes the word of the source that it looks
    /// at most (Luong et al. 2015, *Addressing the rare word problem*, with attention for the alignment): a name, for
    /// the most part.
    ///
    /// # Errors
    /// If the parameters have run away.
    pub fn translate(&self, text: &str, beam: Beam) -> Outcome<Translation> {
        let [sources, targets] = self.known.words();
        let text = begun(text);
        let (symbols, looked) =
            self.network
                .translate(&self.parameters, &sources.encode(&text)?, beam)?;
        let source = sources.split(&text);
        let most = looked.row_argmax();
        let is_unknown = |symbol: &usize| Some(*symbol) == targets.unknown();
        let word = |(t, symbol): (usize, &usize)| match is_unknown(symbol) {
            true => source[most[t]].to_string(),
            false => targets.tokens()[*symbol].clone(),
        };
        Ok(Translation {
            target: symbols.iter().enumerate().map(word).collect(),
            copied: symbols.iter().filter(|symbol| is_unknown(symbol)).count(),
            attention: looked,
            source: source.into_iter().map(String::from).collect(),
        })
    }

    /// Reads the file of a run.
    ///
    /// # Errors
    /// If it is none, or damaged.
    pub fn load(path: &Path) -> Outcome<Self> {
        let checkpoint = Checkpoint::load(path).map_err(|e| format!("--load: {e}"))?;
        let translator = Self::of(&checkpoint);
        translator.map_err(|e| format!("--load: {} is no translator: {e}", escaped(path)).into())
    }

    fn of(checkpoint: &Checkpoint) -> Outcome<Self> {
        let known = checkpoint.metadata.get(KEY);
        let known = known.ok_or_else(|| format!("its metadata have no {KEY:?}"))?;
        let known = Known::deserialize(known).map_err(|e| escaped(e.to_string()))?;
        check_settings(&known.sizes)?;
        if known.targets.end().is_none() {
            return Err("its target words have no end".into());
        }
        // What it says of its sizes is held against its tensors before there is memory taken for them.
        let shapes = Network::shapes(&known.sizes, known.words());
        checkpoint.check_shapes(shapes.map(|(name, shape)| (name.into(), shape)))?;
        let mut translator = Self::knowing(known, 0); // the values will be the file's
        checkpoint.restore(&mut translator.parameters)?;
        Ok(translator)
    }
}

impl Known {
    /// Of the sources, and of the targets.
    pub fn words(&self) -> [&Vocabulary; 2] {
        [&self.sources, &self.targets]
    }
}

/// A sentence with a space before its first word, as every other word has one.
fn begun(sentence: &str) -> String {
    format!(" {}", sentence.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(source: &str, target: &str) -> Pair {
        Pair {
            source: source.into(),
            target: target.into(),
        }
    }

    fn translator() -> Translator {
        let pairs = [
            pair("A man is sleeping.", "Un homme dort."),
            pair("A man is on the grass.", "Un homme est sur l'herbe."),
        ];
        let sizes = Sizes {
            features: 4,
            hidden: 3,
            dropout: 0.0,
        };
        Translator::new(&sizes, &pairs, 1, 1)
    }

    #[test]
    fn a_sentence_is_the_same_wherever_its_words_are_cut() {
        let translator = translator();
        let pair = pair(" A man is on l'herbe.", "Un homme est sur l'herbe. ");
        let samples = translator.samples(&[pair]).expect("samples");
        let [sources, targets] = translator.known.words();
        let target = &samples[0].target;
        assert_eq!(target.last().copied(), targets.end());
        let text = targets.decode(&target[..target.len() - 1]);
        assert_eq!(text, " Un homme est sur l'herbe.");
        let unknown = sources.unknown().expect("a mark");
        let marks = samples[0].source.iter().filter(|&&n| n == unknown);
        assert_eq!(marks.count(), 3, "l, the apostrophe and herbe");
    }

    #[test]
    fn what_it_does_not_know_it_takes_from_the_source() {
        let mut translator = translator();
        let unknown = translator.known.targets.unknown().expect("a mark");
        let d = translator.parameters.find("output.d").expect("a parameter");
        translator.parameters.get_mut(d).data_mut()[unknown] = 1e6;
        let source = "A man is sleeping in Bexhill.";
        let translation = translator
            .translate(source, Beam::default())
            .expect("finite");
        assert_eq!(translation.source.concat(), format!(" {source}"));
        assert_eq!(translation.copied, translation.target.len());
        for (t, word) in translation.target.iter().enumerate() {
            let most = translation.attention.view().rows(t..t + 1).row_argmax()[0];
            assert_eq!(*word, translation.source[most]);
        }
    }

    #[test]
    fn what_is_saved_translates_the_same_and_what_is_wrong_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let (translator, path) = (translator(), folder.path().join("model"));
        let saved = |change: fn(&mut serde_json::Value)| {
            let mut metadata = serde_json::json!({ KEY: translator.known });
            change(&mut metadata);
            let checkpoint = Checkpoint::of(&translator.parameters, metadata);
            checkpoint.save(&path).expect("saved");
            Translator::load(&path)
        };
        let text = "A man is on fire.";
        let written = |translator: &Translator| translator.translate(text, Beam::default());
        let loaded = saved(|_| {}).expect("a translator");
        assert_eq!(loaded.known, translator.known);
        assert_eq!(written(&loaded).unwrap(), written(&translator).unwrap());

        let refused = |change, expected: &str| {
            let error = saved(change).expect_err("refused").to_string();
            assert!(
                error.starts_with("--load: ") && error.contains(expected),
                "{error}"
            );
            assert!(!error.contains('\n'), "{error}");
        };
        refused(|m| *m = serde_json::json!({}), "no \"translate\"");
        refused(|m| m[KEY]["sizes"]["hidden"] = 9_999.into(), "decoder.W");
        refused(|m| m[KEY]["sizes"]["hidden"] = 0.into(), "--hidden");
        refused(|m| m[KEY]["sizes"]["dropout"] = 1.into(), "--dropout");
        refused(|m| m[KEY]["targets"]["ends"] = false.into(), "no end");
        refused(
            |m| m[KEY]["sources"]["tokens"] = serde_json::json!(["b"]),
            "source.E",
        );
        std::fs::write(&path, "no model").expect("written");
        assert!(
            Translator::load(&path)
                .unwrap_err()
                .to_string()
                .starts_with("--load: ")
        );
    }
}
