//! One story in an LSTM's memory: its gates, its cells and the gradient at each word.

use train::prelude::*;

use crate::reader::Reader;
use crate::story::{Grammar, NAMES, Story};

/// How many units are shown: those that say most for the answer.
const UNITS: usize = 3;

/// Numbers at each word of a story.
pub struct Memory {
    title: String,
    words: Vec<String>,
    /// A name, and a number for each word.
    rows: Vec<(String, Vec<f64>)>,
}

/// What happens in an LSTM that reads a story.
pub fn of(reader: &Reader, grammar: &Grammar, story: &Story) -> Memory {
    let tape = Tape::new();
    let p = reader.trainer.parameters().bind(&tape);
    let logits = reader.logits(&p, std::slice::from_ref(story));
    let answer = logits.value().row_argmax()[0];
    let error = logits.cross_entropy(&[story.answer]).named("E");
    let gradients = error.backward_keeping(Keep::All);
    let over_time = |name: &str| tape.over_time(&format!("{}/{name}", reader.scope()));

    let norms = |name: &str| {
        let norms = over_time(name).into_iter().map(|x| gradients.of(x).norm());
        relative(norms.collect())
    };
    let mut rows = vec![
        ("‖∂E/∂h‖".to_string(), norms("h")),
        ("‖∂E/∂z‖".to_string(), norms("z")),
    ];
    let last = *over_time("h").last().expect("a story has words");
    for unit in speakers(reader, last, answer) {
        let of_unit = |name: &str| {
            let at_words = over_time(name);
            at_words
                .iter()
                .map(|x| f64::from(x.value()[(0, unit)]))
                .collect::<Vec<_>>()
        };
        let cells = of_unit("c").into_iter().map(f64::tanh).collect();
        rows.push((format!("unit {unit}: i"), of_unit("i")));
        rows.push((format!("unit {unit}: f"), of_unit("f")));
        rows.push((format!("unit {unit}: o"), of_unit("o")));
        rows.push((format!("unit {unit}: tanh(c)"), cells));
    }
    let words = grammar
        .tokens(story)
        .into_iter()
        .map(String::from)
        .collect();
    let title = format!("{} reads; it answers {}", reader.kind.name(), NAMES[answer]);
    Memory { title, words, rows }
}

/// The units that say most for an answer: those with the largest V[answer, unit] h_T[unit].
fn speakers(reader: &Reader, last: Var<'_>, answer: usize) -> Vec<usize> {
    let (v, h) = (
        reader.trainer.parameters().get(reader.output.v),
        last.value(),
    );
    let says = |unit: usize| v[(answer, unit)] * h[(0, unit)];
    let mut units: Vec<_> = (0..h.col_count()).collect();
    units.sort_by(|&a, &b| says(b).total_cmp(&says(a)));
    units.truncate(UNITS);
    units
}

/// As parts of the largest.
fn relative(numbers: Vec<f64>) -> Vec<f64> {
    let largest = numbers.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    numbers.into_iter().map(|x| x / largest).collect()
}

impl Memory {
    /// Words across, numbers as shades.
    pub fn heat_map(&self) -> HeatMap {
        let numbers =
            Matrix::<f64>::from_fn(self.rows.len(), self.words.len(), |r, c| self.rows[r].1[c]);
        let names = self.rows.iter().map(|(name, _)| name.clone()).collect();
        let words = self
            .words
            .iter()
            .map(|word| word.trim().to_string())
            .collect();
        HeatMap::of(&numbers)
            .titled(&self.title)
            .labelled(names, words)
            .turned()
    }

    /// The story once for each row, its words coloured.
    pub fn text(&self) -> ColouredText {
        let text = ColouredText::new(&self.title);
        self.rows.iter().fold(text, |text, (name, numbers)| {
            text.line(name, &self.words, numbers)
        })
    }
}

/// ‖∂E/∂h_t‖ at each word of a story, as a part of that at the last, from the last word backward.
pub fn flow(reader: &Reader, story: &Story) -> Vec<f64> {
    let tape = Tape::new();
    let p = reader.trainer.parameters().bind(&tape);
    let error = reader
        .logits(&p, std::slice::from_ref(story))
        .cross_entropy(&[story.answer]);
    let gradients = error.backward_keeping(Keep::All);
    let states = tape.over_time(&format!("{}/h", reader.scope()));
    let norms: Vec<_> = states
        .into_iter()
        .rev()
        .map(|h| gradients.of(h).norm())
        .collect();
    norms.iter().map(|norm| norm / norms[0]).collect()
}
