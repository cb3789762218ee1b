//! Files of classified time series, `.ts`, as the archives of time series classification have them: a header of lines
//! that begin with @, then a series on each line.
//!
//! ```text
//! @dimensions 2
//! @classLabel true yes no
//! @data
//! 1.5,1.25,1:0.5,0,-0.5:yes
//! 2,1.75:0.25,?:no
//! ```
//!
//! are one series of three steps and one of two, each of two dimensions: dimensions are parted by ":", steps by ",", and
//! the class comes last. A value that is not known is "?".

#[cfg(test)]
mod tests;

use std::path::Path;

use train::prelude::Matrix;
use train::program::Outcome;
use train::{escaped, read_text_file};

use crate::header::Header;

/// A series, `[T, dimensions]`, and the number of its class.
pub type Sample = (Matrix, usize);

/// The series of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub classes: Vec<String>,
    pub dimensions: usize,
    pub samples: Vec<Sample>,
    /// Values that were not known, and are those of the step before.
    pub missing: usize,
}

impl Series {
    /// Reads a file. What is wrong with it is told with its line.
    pub fn read(path: &Path) -> Outcome<Self> {
        let text = read_text_file(path)?;
        Ok(Self::parse(&text).map_err(|e| format!("{}{e}", escaped(path)))?)
    }

    /// The series of a text; or what is wrong with it, to stand behind the name of the file.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text
            .lines()
            .zip(1..)
            .filter(|(line, _)| !is_passed_over(line));
        let header = Header::parse(&mut lines)?;
        let mut series = Series {
            dimensions: header.dimensions.unwrap_or(0),
            classes: header.classes,
            samples: Vec::new(),
            missing: 0,
        };
        for (line, number) in lines {
            let sample = series.sample(line).and_then(|sample| {
                let (found, stated) = (sample.0.row_count(), header.steps.unwrap_or(0));
                match header.steps.is_some() && found != stated {
                    true => Err(format!("{found} steps, and @seriesLength is {stated}")),
                    false => Ok(sample),
                }
            });
            let sample = sample.map_err(|e| format!(", line {number}: {e}"))?;
            series.samples.push(sample);
        }
        match series.samples.is_empty() {
            true => Err(": no series after @data; is it cut off?".into()),
            false => Ok(series),
        }
    }

    /// The series of a line. The first says how many dimensions there are if the header does not.
    fn sample(&mut self, line: &str) -> Result<Sample, String> {
        let mut parts: Vec<_> = line.split(':').map(str::trim).collect();
        if self.dimensions == 0 {
            self.dimensions = (parts.len() - 1).max(1);
        }
        if parts.len() != self.dimensions + 1 {
            return Err(format!(
                "{} parts with \":\" between them, expected {}: the dimensions and the class",
                parts.len(),
                self.dimensions + 1
            ));
        }
        let class = self.class(parts.pop().unwrap_or(""))?;
        let mut dimensions = Vec::new();
        for (part, d) in parts.into_iter().zip(1..) {
            let (values, missing) = values(part).map_err(|e| format!("dimension {d}, {e}"))?;
            self.missing += missing;
            dimensions.push(values);
        }
        let steps = dimensions[0].len();
        match dimensions
            .iter()
            .zip(1..)
            .find(|(values, _)| values.len() != steps)
        {
            Some((values, d)) => Err(format!(
                "dimension {d} has {} steps, and the first has {steps}",
                values.len()
            )),
            None => Ok((
                Matrix::from_fn(steps, self.dimensions, |t, d| dimensions[d][t]),
                class,
            )),
        }
    }

    /// The same with the numbers that the classes have in another file; or why it is another problem.
    pub fn numbered_as(mut self, other: &Series) -> Result<Self, String> {
        let (found, expected) = (self.dimensions, other.dimensions);
        if found != expected {
            return Err(format!(
                "{found} dimensions, and there are {expected} to learn from"
            ));
        }
        for (_, class) in &mut self.samples {
            let name = &self.classes[*class];
            let known = other.classes.iter().position(|class| class == name);
            *class =
                known.ok_or_else(|| format!("class {} is none to learn from", quoted(name)))?;
        }
        self.classes.clone_from(&other.classes);
        Ok(self)
    }

    fn class(&self, label: &str) -> Result<usize, String> {
        if label.is_empty() {
            return Err("no class after the last \":\"".into());
        }
        let class = self.classes.iter().position(|class| class == label);
        class.ok_or_else(|| {
            let known = self.classes.join(", ");
            format!(
                "class {}, expected one of {}",
                quoted(label),
                escaped(known)
            )
        })
    }
}

/// Comments, and lines of nothing.
fn is_passed_over(line: &str) -> bool {
    line.trim().is_empty() || line.starts_with(['#', '%'])
}

/// The values of a dimension, and how many of them were not known. Such a one is that of the step before; before the
/// first that is known, that one; and 0 where none is.
fn values(part: &str) -> Result<(Vec<f32>, usize), String> {
    let known = part
        .split(',')
        .zip(1..)
        .map(value)
        .collect::<Result<Vec<_>, _>>()?;
    let mut last = known.iter().flatten().next().copied().unwrap_or(0.0);
    let missing = known.iter().filter(|value| value.is_none()).count();
    let values = known.into_iter().map(|value| {
        last = value.unwrap_or(last);
        last
    });
    Ok((values.collect(), missing))
}

/// A value, if it is known.
fn value((text, step): (&str, usize)) -> Result<Option<f32>, String> {
    let text = text.trim();
    if text == "?" || text.eq_ignore_ascii_case("nan") {
        return Ok(None);
    }
    let number = text.parse().ok().filter(|x: &f32| x.is_finite());
    let wrong = || format!("step {step}: {}, expected a number", quoted(text));
    Ok(Some(number.ok_or_else(wrong)?))
}

/// A part of a line as it is told: a line may be long.
pub fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("\"{}\"", escaped(short))
}
