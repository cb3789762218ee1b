//! Stories: somebody goes to Paris, much else happens, and at the end it is asked who it was.
//!
//! > Emma bought a clock. Boris went to Paris. Clara flew to Rome. It rained. … Who went to Paris?
//!
//! Whoever answers has to know the name before it is known that it matters, and to keep it while other names
//! come and go, some of them to other places, some of them near Paris.

use rand::seq::IndexedRandom;
use rand::{Rng, RngExt, SeedableRng, rngs::ChaCha8Rng};
use train::{Dataset, Vocabulary};

/// Those who may have gone to Paris: the classes.
pub const NAMES: [&str; 8] = [
    "Anna", "Boris", "Clara", "David", "Emma", "Felix", "Greta", "Hugo",
];
const CITIES: [&str; 6] = ["Berlin", "London", "Madrid", "Oslo", "Rome", "Vienna"];
const THINGS: [&str; 6] = ["book", "clock", "guitar", "hat", "lamp", "mirror"];

/// What happens beside. A name is drawn for N, a city other than Paris for C, a thing for T.
const EVENTS: [&str; 10] = [
    " N went to C.",
    " N went to C.",
    " N flew to C.",
    " N left C.",
    " N met N.",
    " N bought a T.",
    " N lost a T.",
    " N dreams of Paris.",
    " N is tired.",
    " It rained.",
];
const FACT: &str = " N went to Paris.";
const QUESTION: &str = " Who went to Paris?";
/// Words of the longest event, and of the shortest.
const LONGEST: usize = 5;
pub const SHORTEST: usize = 3;
/// At most so many events are before the fact.
const BEFORE: usize = 3;

/// A story and its question, word by word, and the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// The words by their numbers; full stops and the question mark count as words.
    pub words: Vec<usize>,
    /// Which of the words is the name of who went to Paris.
    pub fact: usize,
    /// The number of that name among [`NAMES`].
    pub answer: usize,
}

/// The words, and what is made of them.
#[derive(Clone, Debug)]
pub struct Grammar {
    vocabulary: Vocabulary,
}

impl Grammar {
    pub fn new() -> Self {
        let events = [&EVENTS[..], &[FACT, QUESTION]].concat().concat();
        let events = events
            .replace(" N ", " ")
            .replace(" N.", ".")
            .replace(" C.", ".")
            .replace(" T.", ".");
        let lists = [&NAMES[..], &CITIES, &THINGS].concat();
        let text = format!(" {}{events}", lists.join(" "));
        Grammar {
            vocabulary: Vocabulary::words(&text, 1),
        }
    }

    /// How many words there are.
    pub fn words(&self) -> usize {
        self.vocabulary.len()
    }

    /// The words of a story, as they are drawn.
    pub fn tokens(&self, story: &Story) -> Vec<&str> {
        let tokens = self.vocabulary.tokens();
        story
            .words
            .iter()
            .map(|&word| tokens[word].as_str())
            .collect()
    }

    /// A story with so many words between the fact and the question.
    ///
    /// # Panics
    /// If the words are fewer than an event has.
    pub fn story(&self, distance: usize, rng: &mut impl Rng) -> Story {
        assert!(distance >= SHORTEST, "a distance of {distance} words");
        let mut words = Vec::new();
        for _ in 0..rng.random_range(0..=BEFORE) {
            words.extend(self.event(LONGEST, rng));
        }
        let (fact, answer) = (words.len(), rng.random_range(0..NAMES.len()));
        words.extend(self.encode(&FACT.replace('N', NAMES[answer])));
        let question = words.len() + distance;
        while words.len() < question {
            words.extend(self.event(question - words.len(), rng));
        }
        words.extend(self.encode(QUESTION));
        Story {
            words,
            fact,
            answer,
        }
    }

    /// The same story, of somebody else: only the one word is another.
    pub fn retold(&self, story: &Story, answer: usize) -> Story {
        let mut story = Story {
            answer,
            ..story.clone()
        };
        story.words[story.fact] = self.encode(&format!(" {}", NAMES[answer]))[0];
        story
    }

    /// An event that leaves room for another, or none.
    fn event(&self, room: usize, rng: &mut impl Rng) -> Vec<usize> {
        loop {
            let pattern = EVENTS.choose(rng).expect("there are events");
            let event = self.encode(&fill(pattern, rng));
            let left = room.checked_sub(event.len());
            if left.is_some_and(|left| left == 0 || left >= SHORTEST) {
                return event;
            }
        }
    }

    fn encode(&self, text: &str) -> Vec<usize> {
        self.vocabulary
            .encode(text)
            .expect("a word that is unknown has a number too")
    }
}

/// Draws what is left open.
fn fill(pattern: &str, rng: &mut impl Rng) -> String {
    let mut draw = |letter| {
        let words: &[&str] = match letter {
            'N' => &NAMES,
            'C' => &CITIES,
            'T' => &THINGS,
            _ => return None,
        };
        words.choose(rng).copied()
    };
    let mut text = String::new();
    for letter in pattern.chars() {
        match draw(letter) {
            Some(word) => text += word,
            None => text.push(letter),
        }
    }
    text
}

/// So many stories, each with a distance drawn from this range, the logarithm evenly.
#[derive(Clone, Debug)]
pub struct Stories<'g> {
    pub grammar: &'g Grammar,
    pub distances: (usize, usize),
    pub count: usize,
    pub seed: u64,
}

impl Dataset for Stories<'_> {
    type Sample = Story;

    fn len(&self) -> usize {
        self.count
    }

    fn sample(&self, index: usize) -> Story {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(index as u64);
        let (low, high) = self.distances;
        let ratio = high as f64 / low as f64;
        let distance = low as f64 * ratio.powf(rng.random());
        self.grammar.story(distance.round() as usize, &mut rng)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stories(distance: usize) -> (Grammar, Vec<Story>) {
        let (grammar, mut rng) = (Grammar::new(), ChaCha8Rng::seed_from_u64(1));
        let stories = (0..200)
            .map(|_| grammar.story(distance, &mut rng))
            .collect();
        (grammar, stories)
    }

    #[test]
    fn so_many_words_are_between_the_fact_and_the_question() {
        for distance in [3, 4, 5, 7, 10, 101] {
            let (grammar, stories) = stories(distance);
            for story in stories {
                let tokens = grammar.tokens(&story);
                let fact = format!(" {} went to Paris.", NAMES[story.answer]);
                assert_eq!(tokens[story.fact..story.fact + 5].concat(), fact);
                let question = story.words.len() - 5;
                assert_eq!(tokens[question..].concat(), QUESTION);
                assert_eq!(question - (story.fact + 5), distance);
            }
        }
    }

    #[test]
    fn nobody_else_goes_to_paris() {
        let (grammar, stories) = stories(60);
        for story in &stories {
            let text = grammar.tokens(story).concat();
            assert_eq!(text.matches(" went to Paris.").count(), 1, "{text}");
            assert!(!text.contains("<unknown>"), "{text}");
        }
        let elsewhere =
            |story: &Story| grammar.tokens(story).concat().matches(" went to").count() > 2;
        assert!(stories.iter().any(elsewhere));
    }

    /// What is elsewhere in a story says nothing about the answer.
    #[test]
    fn names_and_places_are_drawn_alike() {
        let (_, stories) = stories(10);
        for answer in 0..NAMES.len() {
            let count = stories
                .iter()
                .filter(|story| story.answer == answer)
                .count();
            assert!(
                (10..=40).contains(&count),
                "{count} of 200 stories are of {}",
                NAMES[answer]
            );
        }
    }

    #[test]
    fn a_story_retold_differs_in_one_word() {
        let (grammar, stories) = stories(20);
        for story in &stories {
            let retold = grammar.retold(story, (story.answer + 1) % NAMES.len());
            let words = story.words.iter().zip(&retold.words);
            let changed: Vec<_> = words.enumerate().filter(|(_, (a, b))| a != b).collect();
            assert!(matches!(changed[..], [(at, _)] if at == story.fact));
        }
    }

    #[test]
    fn the_same_number_gives_the_same_story() {
        let grammar = Grammar::new();
        let stories = Stories {
            grammar: &grammar,
            distances: (5, 40),
            count: 50,
            seed: 3,
        };
        assert_eq!(stories.sample(7), stories.sample(7));
        assert_ne!(stories.sample(7), stories.sample(8));
        let distance = |story: &Story| story.words.len() - 10 - story.fact;
        assert!(
            stories
                .to_vec()
                .iter()
                .all(|story| (5..=40).contains(&distance(story)))
        );
    }
}
