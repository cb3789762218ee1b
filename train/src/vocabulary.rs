//! [`Vocabulary`]: what a text is made of, as numbers.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::TextError;

/// The distinct characters or words of a text, sorted; the number of each is its position.
///
/// ```
/// use train::Vocabulary;
/// let vocabulary = Vocabulary::new("hello");
/// assert_eq!(vocabulary.tokens(), ["e", "h", "l", "o"]);
/// let numbers = vocabulary.encode("hole")?;
/// assert_eq!(numbers, [1, 3, 2, 0]);
/// assert_eq!(vocabulary.decode(&numbers), "hole");
/// # Ok::<(), train::TextError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct Vocabulary {
    /// With the marks behind the others.
    tokens: Vec<String>,
    numbers: HashMap<String, usize>,
    are_words: bool,
    has_unknown: bool,
    has_ends: bool,
}

/// What stands for words that are not in the vocabulary.
const UNKNOWN: &str = "<unknown>";
/// What stands before the first token of a sequence, and behind its last.
const ENDS: [&str; 2] = ["<start>", "<end>"];

impl Vocabulary {
    /// The characters of this text.
    pub fn new(text: &str) -> Self {
        let mut buffer = [0; 4];
        let mut counts = BTreeMap::<String, usize>::new();
        for character in text.chars() {
            count(&mut counts, character.encode_utf8(&mut buffer));
        }
        Self::of(counts.into_keys().collect(), false)
    }

    /// The words of this text that it has at least `floor` times, and a mark for all others.
    ///
    /// A word is a run of letters and digits with the space before it, if there is one; whatever else there is
    /// counts character by character. So the words of a text, one behind the other, are the text.
    ///
    /// ```
    /// let vocabulary = train::Vocabulary::words("the cat, the dog", 1);
    /// assert_eq!(vocabulary.tokens(), [" cat", " dog", " the", ",", "the", "<unknown>"]);
    /// assert_eq!(vocabulary.encode("the cow")?, [4, 5]);
    /// # Ok::<(), train::TextError>(())
    /// ```
    pub fn words(text: &str, floor: usize) -> Self {
        let mut counts = BTreeMap::<String, usize>::new();
        for word in words(text) {
            count(&mut counts, word);
        }
        counts.retain(|_, count| *count >= floor);
        let mut vocabulary = Self::of(counts.into_keys().collect(), true);
        vocabulary.has_unknown = true;
        vocabulary.push(UNKNOWN);
        vocabulary
    }

    /// With two marks more: [`Vocabulary::start`] and [`Vocabulary::end`].
    #[must_use]
    pub fn with_ends(mut self) -> Self {
        if !self.has_ends {
            self.has_ends = true;
            ENDS.into_iter().for_each(|mark| self.push(mark));
        }
        self
    }

    fn of(tokens: Vec<String>, are_words: bool) -> Self {
        let numbers = tokens.iter().cloned().zip(0..).collect();
        Vocabulary {
            tokens,
            numbers,
            are_words,
            has_unknown: false,
            has_ends: false,
        }
    }

    /// Another mark. A text cannot name it.
    fn push(&mut self, mark: &str) {
        self.tokens.push(mark.into());
    }

    /// The characters or words by their numbers, and behind them the marks.
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The number of a character or word.
    pub fn number(&self, token: &str) -> Option<usize> {
        self.numbers.get(token).copied().or(self.unknown())
    }

    /// The number that stands for words that are not in the vocabulary.
    pub fn unknown(&self) -> Option<usize> {
        self.has_unknown.then_some(self.numbers.len())
    }

    /// The number that a sequence begins with, where it has [ends](Vocabulary::with_ends).
    pub fn start(&self) -> Option<usize> {
        self.has_ends.then(|| self.len() - 2)
    }

    /// The number that a sequence ends with, where it has [ends](Vocabulary::with_ends).
    pub fn end(&self) -> Option<usize> {
        self.has_ends.then(|| self.len() - 1)
    }

    /// The numbers of a text.
    ///
    /// # Errors
    /// [`TextError::Unknown`] at the first character that is not in the vocabulary. A word that is not is
    /// [`Vocabulary::unknown`].
    pub fn encode(&self, text: &str) -> Result<Vec<usize>, TextError> {
        let tokens = self.split(text).into_iter().enumerate();
        tokens.map(|at| self.number_at(at)).collect()
    }

    /// The characters or words that a text consists of, whether they are in the vocabulary or not: one behind the other
    /// they are the text, and each has its number in [`Vocabulary::encode`].
    ///
    /// ```
    /// let vocabulary = train::Vocabulary::words("the cat, the dog", 1);
    /// assert_eq!(vocabulary.split("the cow, a dog"), ["the", " cow", ",", " a", " dog"]);
    /// ```
    pub fn split<'a>(&self, text: &'a str) -> Vec<&'a str> {
        if self.are_words {
            return words(text).collect();
        }
        let characters = text.char_indices();
        characters
            .map(|(at, c)| &text[at..at + c.len_utf8()])
            .collect()
    }

    fn number_at(&self, (position, token): (usize, &str)) -> Result<usize, TextError> {
        self.number(token).ok_or_else(|| TextError::Unknown {
            token: token.into(),
            position,
            vocabulary: self.tokens.clone(),
        })
    }

    /// The text of these numbers.
    ///
    /// # Panics
    /// If a number is not below [`Vocabulary::len`].
    #[track_caller]
    pub fn decode(&self, numbers: &[usize]) -> String {
        let len = self.len();
        if let Some(position) = numbers.iter().position(|&n| n >= len) {
            let number = numbers[position];
            panic!("number {number} at position {position} is of none of the {len} tokens");
        }
        numbers.iter().map(|&n| self.tokens[n].as_str()).collect()
    }
}

fn count(counts: &mut BTreeMap<String, usize>, token: &str) {
    match counts.get_mut(token) {
        Some(count) => *count += 1,
        None => _ = counts.insert(token.into(), 1),
    }
}

/// The words of a text: none of it is left out.
fn words(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let first = text.chars().next()?;
        let begin = if first == ' ' { 1 } else { 0 };
        let run = text[begin..]
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(text.len() - begin);
        let len = if run == 0 {
            first.len_utf8()
        } else {
            begin + run
        };
        let (word, rest) = text.split_at(len);
        text = rest;
        Some(word)
    })
}

/// A vocabulary in a file: its characters as one text, or its words.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Saved {
    Characters(String),
    Tokens {
        tokens: Vec<String>,
        words: bool,
        ends: bool,
    },
}

impl From<Vocabulary> for Saved {
    fn from(vocabulary: Vocabulary) -> Self {
        let tokens = vocabulary.tokens[..vocabulary.numbers.len()].to_vec();
        match vocabulary {
            Vocabulary {
                are_words: false,
                has_ends: false,
                ..
            } => Saved::Characters(tokens.concat()),
            Vocabulary {
                are_words,
                has_ends,
                ..
            } => Saved::Tokens {
                tokens,
                words: are_words,
                ends: has_ends,
            },
        }
    }
}

impl TryFrom<Saved> for Vocabulary {
    type Error = String;

    fn try_from(saved: Saved) -> Result<Self, String> {
        let (tokens, are_words, has_ends) = match saved {
            Saved::Characters(text) => (text.chars().map(String::from).collect(), false, false),
            Saved::Tokens {
                tokens,
                words,
                ends,
            } => (tokens, words, ends),
        };
        if !tokens.is_sorted_by(|a, b| a < b) {
            return Err("its vocabulary is not sorted".into());
        }
        let mut vocabulary = Vocabulary::of(tokens, are_words);
        if are_words {
            vocabulary.has_unknown = true;
            vocabulary.push(UNKNOWN);
        }
        Ok(if has_ends {
            vocabulary.with_ends()
        } else {
            vocabulary
        })
    }
}
