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
    rows: Vec<Row>,
}

/// A number for each word.
struct Row {
    name: String,
    numbers: Vec<f64>,
    is_gate: bool,
}

impl Row {
    fn new(name: impl Into<String>, numbers: Vec<f64>) -> Self {
        Row {
            name: name.into(),
            numbers,
            is_gate: false,
        }
    }

    fn gate(name: String, numbers: Vec<f64>) -> Self {
        Row {
            is_gate: true,
            ..Row::new(name, numbers)
        }
    }
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
    // z_t = U x_t + W h_{t-1} + b is where the word comes in: its gradient is what the word matters.
    let mut rows = vec![
        Row::new("‖∂E/∂h‖", norms("h")),
        Row::new("‖∂E/∂z‖", norms("z")),
    ];
    let last = *over_time("h").last().expect("a story has words");
    for unit in speakers(reader, last, answer) {
        let of_unit = |name: &str| {
            let at_words = over_time(name);
            let numbers = at_words.iter().map(|x| f64::from(x.value()[(0, unit)]));
            numbers.collect::<Vec<_>>()
        };
        for gate in ["i", "f", "o"] {
            rows.push(Row::gate(format!("unit {unit}: {gate}"), of_unit(gate)));
        }
        let cells = of_unit("c").into_iter().map(f64::tanh).collect();
        rows.push(Row::new(format!("unit {unit}: tanh(c)"), cells));
    }
    let words = grammar
        .tokens(story)
        .into_iter()
        .map(String::from)
        .collect();
    let title = format!(
        "Who went to Paris? An {} answers {}",
        reader.kind.name(),
        NAMES[answer]
    );
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
        let number = |r: usize, c: usize| self.rows[r].numbers[c];
        let numbers = Matrix::<f64>::from_fn(self.rows.len(), self.words.len(), number);
        let names = self.rows.iter().map(|row| row.name.clone()).collect();
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

    /// The story coloured by its gradients, and by each cell.
    pub fn text(&self) -> ColouredText {
        let rows = self.rows.iter().filter(|row| !row.is_gate);
        rows.fold(ColouredText::new(&self.title), |text, row| {
            text.line(&row.name, &self.words, &row.numbers)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;
    use crate::reader::{Recipe, held_out};

    const RECIPE: Recipe = Recipe {
        minibatches: 1,
        longest: 10,
        rate: 1e-3,
        seed: 1,
    };

    #[test]
    fn every_word_has_its_numbers() {
        let grammar = Grammar::new();
        let story = held_out(&grammar, 10, 1, 1).sample(0);
        let reader = Reader::new(Kind::Lstm, &grammar, 6, &RECIPE);
        let memory = of(&reader, &grammar, &story);
        assert_eq!(memory.rows.len(), 2 + 4 * UNITS);
        for row in &memory.rows {
            assert_eq!(row.numbers.len(), story.words.len(), "{}", row.name);
            assert!(row.numbers.iter().all(|x| x.abs() <= 1.0), "{}", row.name);
        }
        let largest = memory.rows[1].numbers.iter().copied().fold(0.0, f64::max);
        assert_eq!(largest, 1.0);
    }

    #[test]
    fn before_training_a_gradient_fades() {
        let grammar = Grammar::new();
        let story = held_out(&grammar, 30, 1, 1).sample(0);
        for kind in [Kind::Rnn, Kind::Gru, Kind::Lstm, Kind::Lstm0] {
            let flow = flow(&Reader::new(kind, &grammar, 16, &RECIPE), &story);
            assert_eq!((flow.len(), flow[0]), (story.words.len(), 1.0), "{kind:?}");
            assert!(flow[30] < 0.5, "{kind:?}: {flow:?}");
        }
    }
}
