//! Beats one by one, each with its class: cut from an ECG, or read from a file.

use std::path::Path;

use train::escaped;
use train::prelude::*;
use train::program::Outcome;

use crate::ecg::{Ecg, NORMAL};

/// Beats, with the names of their classes.
pub struct Beats {
    pub samples: Vec<(Matrix<f32>, usize)>,
    pub classes: Vec<String>,
}

/// Seconds that are cut before and after the annotation of a beat. An early one has more of the beat before it.
const BEFORE: f64 = 0.7;
const AFTER: f64 = 0.4;

impl Beats {
    /// The annotated beats of an ECG, normal or premature, but for those that are cut off at its ends.
    pub fn cut(ecg: &Ecg) -> Self {
        let (before, after) = (ecg.seconds(BEFORE), ecg.seconds(AFTER));
        let samples = ecg.beats.iter().filter_map(|beat| {
            let start = (beat.step as usize).checked_sub(before)?;
            let end = start + before + after;
            (end <= ecg.steps()).then(|| (ecg.part(start, end), beat.class - NORMAL))
        });
        Beats {
            samples: samples.collect(),
            classes: ["normal", "premature"].map(String::from).into(),
        }
    }

    /// From a file of the UCR archive: a beat on each line, its class and then its samples, apart by blanks or commas.
    ///
    /// # Errors
    /// One line, with the file, and the line that is wrong.
    pub fn read(path: &Path) -> Outcome<Self> {
        let text = read_text_file(path)?;
        Self::parse(&text).map_err(|e| format!("{}: {e}", escaped(path)).into())
    }

    fn parse(text: &str) -> Result<Self, String> {
        let lines = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty());
        let rows = lines.map(|(i, line)| beat(line).map_err(|e| format!("line {}: {e}", i + 1)));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let first = rows
            .first()
            .ok_or("expected a beat on each line, and there is none")?;
        let expected = first.1.len();
        if let Some(i) = rows.iter().position(|(_, beat)| beat.len() != expected) {
            return Err(format!(
                "beat {} has {} samples, and those before it have {expected}",
                i + 1,
                rows[i].1.len()
            ));
        }
        let mut classes: Vec<_> = rows.iter().map(|(class, _)| *class).collect();
        classes.sort_unstable();
        classes.dedup();
        let number = |class: i64| classes.partition_point(|&c| c < class);
        let sample = |(class, beat): &(i64, Vec<f32>)| {
            (
                Matrix::from_fn(beat.len(), 1, |t, _| beat[t]),
                number(*class),
            )
        };
        Ok(Beats {
            samples: rows.iter().map(sample).collect(),
            classes: classes.iter().map(ToString::to_string).collect(),
        })
    }

    /// How many beats each class has.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        self.samples
            .iter()
            .for_each(|(_, class)| counts[*class] += 1);
        counts
    }
}

/// A line: the class, which the archive writes as 1.0000000e+00 too, and the samples.
fn beat(line: &str) -> Result<(i64, Vec<f32>), String> {
    let fields = line
        .split([' ', '\t', ','])
        .filter(|field| !field.is_empty());
    let number = |field: &str| {
        let number = field.parse::<f32>().ok().filter(|x| x.is_finite());
        number.ok_or_else(|| format!("{}: expected a number", escaped(field)))
    };
    let numbers = fields.map(number).collect::<Result<Vec<_>, _>>()?;
    match numbers.split_first() {
        Some((class, beat)) if !beat.is_empty() => {
            match class.fract() == 0.0 && class.abs() < 1e6 {
                true => Ok((*class as i64, beat.to_vec())),
                false => Err(format!("{class}: expected a class, a whole number")),
            }
        }
        _ => Err("expected a class and samples".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beat_is_on_each_line() {
        let beats = Beats::parse("   2.0e+00  1.5 -2\n\n1,0,1e-1\r\n2\t3 4\n").expect("beats");
        assert_eq!(beats.classes, ["1", "2"]);
        assert_eq!(beats.counts(), [1, 2]);
        assert_eq!(beats.samples[1], (Matrix::from([[0.0], [0.1]]), 0));
    }

    #[test]
    fn what_is_no_beat_is_refused_in_one_line() {
        let refused = |text| Beats::parse(text).err().expect("what is refused");
        assert_eq!(
            refused("\n"),
            "expected a beat on each line, and there is none"
        );
        assert_eq!(refused("1 2 3\n1 x 3"), "line 2: x: expected a number");
        assert_eq!(refused("1 2 nan"), "line 1: nan: expected a number");
        assert_eq!(refused("1"), "line 1: expected a class and samples");
        assert_eq!(
            refused("1.5 2"),
            "line 1: 1.5: expected a class, a whole number"
        );
        assert_eq!(
            refused("1 2 3\n1 2"),
            "beat 2 has 1 samples, and those before it have 2"
        );
        let missing = Beats::read(Path::new("/none/beats.txt"))
            .err()
            .expect("no file")
            .to_string();
        assert!(
            missing.starts_with("cannot read /none/beats.txt: No such file"),
            "{missing}"
        );
    }
}
