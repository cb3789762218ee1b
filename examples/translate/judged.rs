//! How good translations are.

use std::time::Instant;

use rayon::prelude::*;
use train::prelude::*;
use train::program::Outcome;

use crate::pairs::Test;
use crate::translator::{Translation, Translator};

/// Translations that are printed beside those of people.
const SHOWN: usize = 4;

/// The translations of a test, and how near they are to those of people.
///
/// Both are compared as text, with their great and small letters, as they would be read: BLEU cuts them into words by
/// itself, so that it does not depend on which words the translator knows.
pub struct Judged {
    pub translations: Vec<Translation>,
    pub bleu: Bleu,
    /// Those that are what a person has written, to the letter.
    pub exact: usize,
    pub seconds: f64,
}

impl Judged {
    pub fn of(translator: &Translator, test: &Test, beam: Beam) -> Outcome<Self> {
        let start = Instant::now();
        let translate = |source: &String| {
            let translated = translator.translate(source, beam);
            translated.map_err(|e| e.to_string())
        };
        let sources = test.pairs.par_iter().map(|pair| translate(&pair.source));
        let translations = sources.collect::<Result<Vec<_>, _>>()?;
        let mut judged = Judged {
            translations,
            bleu: Bleu::default(),
            exact: 0,
            seconds: start.elapsed().as_secs_f64(),
        };
        for (translation, pair) in judged.translations.iter().zip(&test.pairs) {
            let found = translation.text();
            judged.bleu.add(&found, &pair.target);
            judged.exact += usize::from(found == pair.target);
        }
        Ok(judged)
    }

    /// The share of those that are exact.
    pub fn accuracy(&self) -> f64 {
        self.exact as f64 / self.translations.len() as f64
    }

    /// Prints how good they are, and some of them.
    pub fn print(&self, test: &Test) {
        let count = self.translations.len();
        let copied: usize = self.translations.iter().map(|t| t.copied).sum();
        let [p1, p2, p3, p4] = self.bleu.precisions();
        println!(
            "\n{}: BLEU {:.2} on {count} held out ({p1:.1}/{p2:.1}/{p3:.1}/{p4:.1}, brevity penalty {:.3}), {:.1} % \
             to the letter, {copied} words copied; {:.1} s",
            test.what,
            self.bleu.score(),
            self.bleu.brevity_penalty(),
            100.0 * self.accuracy(),
            self.seconds
        );
        let shown = (0..SHOWN.min(count)).map(|i| i * count / SHOWN.min(count));
        for i in shown {
            let pair = &test.pairs[i];
            println!("    {}", pair.source);
            println!("  = {}", self.translations[i].text());
            println!("    {} (expected)", pair.target);
        }
    }

    /// Lines for a script.
    pub fn report(&self, test: &Test) {
        let suffix = test.suffix;
        println!("result bleu{suffix} {:.2}", self.bleu.score());
        println!("result exact{suffix} {:.4}", self.accuracy());
    }

    /// The translation that makes the largest picture whose words can still be read from afar.
    pub fn telling(&self) -> Option<&Translation> {
        const MOST: usize = 16;
        let size = |t: &&Translation| t.source.len().max(t.target.len());
        let readable = self.translations.iter().filter(|t| size(t) <= MOST);
        readable.max_by_key(|t| (size(t), t.source.len().min(t.target.len())))
    }
}

/// Where it looked: a row for each word that it wrote and one for the end, a column for each word that it read.
pub fn heat_map(translation: &Translation) -> HeatMap {
    let trimmed = |words: &[String]| words.iter().map(|word| shown(word)).collect::<Vec<_>>();
    let written = [trimmed(&translation.target), vec!["(end)".into()]].concat();
    HeatMap::of(&translation.attention)
        .titled("Where it looked (right) to write each word (down), in %")
        .labelled(written, trimmed(&translation.source))
        .in_percent()
        .turned()
}

/// A word without the space before it; a space by itself is seen.
fn shown(word: &str) -> String {
    match word.trim() {
        "" => "␣".into(),
        word => word.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Sizes;
    use crate::pairs::Pair;

    fn test() -> (Translator, Test) {
        let pair = |source: &str, target: &str| Pair {
            source: source.into(),
            target: target.into(),
        };
        let pairs = vec![pair("a b c", "d e f g h"), pair("c b", "h g f e")];
        let sizes = Sizes {
            features: 4,
            hidden: 3,
            dropout: 0.0,
        };
        let translator = Translator::new(&sizes, &pairs, 1, 1);
        (translator, Test::new("letters", "", pairs))
    }

    #[test]
    fn what_is_written_is_held_against_what_people_write() {
        let (mut translator, mut test) = test();
        // It has learned nothing, and does not stop before it has written words enough for BLEU.
        let d = translator.parameters.find("output.d").expect("a parameter");
        let end = translator.known.words()[1].end().expect("an end");
        translator.parameters.get_mut(d).data_mut()[end] = -1e6;
        let judge = |test: &Test| Judged::of(&translator, test, Beam::default()).expect("finite");
        let judged = judge(&test);
        assert_eq!((judged.translations.len(), judged.exact), (2, 0));
        assert!(judged.bleu.score() < 100.0);
        test.pairs[1].target = judged.translations[1].text();
        assert_eq!(judge(&test).accuracy(), 0.5);
        test.pairs[0].target = judged.translations[0].text();
        let judged = judge(&test);
        assert_eq!(
            (judged.accuracy(), judged.bleu.score().round()),
            (1.0, 100.0)
        );
    }

    #[test]
    fn the_picture_has_the_words_of_both_sides() {
        let translation = Translation {
            source: [" a", " b", " "].map(String::from).into(),
            target: [" Un", "'"].map(String::from).into(),
            attention: Matrix::from([[0.9, 0.1, 0.0], [0.2, 0.3, 0.5], [0.0, 0.3, 0.7]]),
            copied: 0,
        };
        let svg = heat_map(&translation).svg().to_string();
        for text in [">a<", ">b<", ">␣<", ">Un<", ">90<", ">50<", ">(end)<"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
    }
}
