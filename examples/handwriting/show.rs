//! What a writer writes, beside what people have written.

use train::prelude::*;
use train::program::{Out, Outcome};

use crate::pictures::{Row, sheet, size, writing};
use crate::scale::Scale;
use crate::strokes::{Character, Point, strokes};
use crate::writer::{LONGEST, Writer, Written};

/// Characters in a row of a picture.
const COLUMNS: usize = 10;
/// Characters that are written to be measured.
const MEASURED: usize = 200;
/// Test characters that are completed, and the bias for it.
const COMPLETED: usize = 6;
const BIAS: f64 = 1.0;

/// A writer with what it takes to write.
pub struct Scribe<'a> {
    writer: &'a Writer,
    scale: &'a Scale,
    test: &'a [Character],
    rng: ChaCha8Rng,
}

impl<'a> Scribe<'a> {
    pub fn new(writer: &'a Writer, scale: &'a Scale, test: &'a [Character], seed: u64) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(seed);
        Scribe {
            writer,
            scale,
            test,
            rng,
        }
    }

    /// Pictures of characters from nothing with these biases, and of some that go on from a start or from the first
    /// strokes of test characters. Gives the share of what was written from nothing, without bias, that ended.
    pub fn show(mut self, biases: &[f64], start: Option<&Character>, out: &Out) -> Outcome<f64> {
        let mut rows = vec![Row::given(
            "by people",
            &self.test[..COLUMNS.min(self.test.len())],
        )];
        for &bias in biases {
            let written = self.write_from_nothing(COLUMNS, bias)?;
            rows.push(Row::written(&format!("bias {bias}"), points(written), 0));
        }
        println!(
            "{}",
            out.write("biases.svg", sheet("written from nothing", &rows))?
        );
        println!(
            "{}",
            out.write("writing.svg", writing("stroke by stroke", &rows))?
        );
        let title = match start {
            Some(_) => format!("black: given; blue: completed, with a bias of {BIAS}"),
            None => format!(
                "first a character by people; then its first strokes, completed with a bias of {BIAS}"
            ),
        };
        println!(
            "{}",
            out.write("completed.svg", sheet(&title, &self.completed(start)?))?
        );
        let written = self.write_from_nothing(MEASURED, 0.0)?;
        let ended = written
            .iter()
            .filter(|character| character.has_ended)
            .count() as f64
            / MEASURED as f64;
        println!(
            "\nof {MEASURED} written from nothing, {:.1} % ended within {LONGEST} points",
            100.0 * ended
        );
        compare(&points(written), self.test);
        Ok(ended)
    }

    fn write_from_nothing(&mut self, count: usize, bias: f64) -> Outcome<Vec<Written>> {
        let start = Matrix::zeros(1, 3); // the pen is put down
        self.writer
            .write(&start, count, bias, self.scale, &mut self.rng)
    }

    /// A row for each start. That of a test character begins with the whole of it.
    fn completed(&mut self, start: Option<&Character>) -> Outcome<Vec<Row>> {
        if let Some(start) = start {
            return Ok(vec![self.going_on("--start", start)?]);
        }
        let several = self
            .test
            .iter()
            .filter(|character| strokes(character).len() > 1);
        let mut rows = Vec::new();
        for character in several.take(COMPLETED) {
            let mut row = self.going_on("", &character[..first_half(character)])?;
            row.characters.pop();
            row.characters
                .insert(0, (character.clone(), character.len()));
            rows.push(row);
        }
        Ok(rows)
    }

    fn going_on(&mut self, label: &str, start: &[Point]) -> Outcome<Row> {
        let read = self.scale.points(start, &mut self.rng);
        let written = self
            .writer
            .write(&read, COLUMNS, BIAS, self.scale, &mut self.rng)?;
        Ok(Row::written(label, points(written), start.len()))
    }
}

fn points(written: Vec<Written>) -> Vec<Character> {
    written
        .into_iter()
        .map(|character| character.points)
        .collect()
}

/// How many points the first half of a character's strokes have; of a single one, all.
fn first_half(character: &[Point]) -> usize {
    let lifted = character
        .iter()
        .zip(1..)
        .filter(|([.., lifted], _)| *lifted == 1.0);
    let ends: Vec<usize> = lifted.map(|(_, end)| end).collect();
    let half = (ends.len() / 2).max(1);
    ends.get(half - 1).copied().unwrap_or(character.len())
}

/// Means that tell whether what was written is like what people write.
fn compare(written: &[Character], by_people: &[Character]) {
    println!("mean of a character          written   by people");
    let names = ["strokes", "points", "longer side, in units"];
    for ((name, a), b) in names.into_iter().zip(means(written)).zip(means(by_people)) {
        println!("  {name:24} {a:9.2} {b:11.2}");
    }
}

fn means(characters: &[Character]) -> [f64; 3] {
    let of = |c: &Character| [strokes(c).len() as f64, c.len() as f64, size(c)];
    let sums = characters
        .iter()
        .map(of)
        .fold([0.0; 3], |a, b| [0, 1, 2].map(|i| a[i] + b[i]));
    sums.map(|sum| sum / characters.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_ends_with_a_stroke() {
        let of =
            |lifted: &[f64]| first_half(&lifted.iter().map(|&x| [1.0, 1.0, x]).collect::<Vec<_>>());
        assert_eq!(of(&[0.0, 1.0, 0.0, 0.0, 1.0]), 2);
        assert_eq!(of(&[1.0, 1.0, 0.0, 1.0, 1.0]), 2);
        assert_eq!(of(&[1.0, 1.0, 1.0]), 1);
        assert_eq!(of(&[0.0, 0.0, 1.0]), 3);
        assert_eq!(of(&[0.0, 0.0]), 2);
    }
}
