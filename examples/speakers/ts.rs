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

use std::fs;
use std::path::Path;

use train::escaped;
use train::prelude::Matrix;
use train::program::Outcome;

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
        let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", escaped(path)))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "%# two\n#\n@problemName Two\n@dimensions 2\n@classLabel true yes no\n\n@data\n";

    fn parse(data: &str) -> Result<Series, String> {
        Series::parse(&format!("{HEADER}{data}"))
    }

    #[test]
    fn series_of_any_length_are_read() {
        let read =
            parse("1.5,1.25,1:0.5,0,-0.5:yes\r\n# between\n\n2e0, 1.75 : 0.25,-.5:no").unwrap();
        let first = Matrix::from([[1.5, 0.5], [1.25, 0.0], [1.0, -0.5]]);
        let second = Matrix::from([[2.0, 0.25], [1.75, -0.5]]);
        assert_eq!(read.samples, [(first, 0), (second, 1)]);
        assert_eq!(
            (read.classes, read.dimensions),
            (vec!["yes".into(), "no".into()], 2)
        );
    }

    #[test]
    fn what_is_not_known_is_the_step_before() {
        let read = parse("?,1,?,NaN,2:?,?,?,?,?:no").unwrap();
        let columns = |d: usize| {
            (0..5)
                .map(|t| read.samples[0].0[(t, d)])
                .collect::<Vec<_>>()
        };
        assert_eq!(columns(0), [1.0, 1.0, 1.0, 1.0, 2.0]);
        assert_eq!(columns(1), [0.0; 5]);
        assert_eq!(read.missing, 8);
    }

    #[test]
    fn the_first_line_says_how_many_dimensions_there_are() {
        let text = "@univariate false\n@classLabel true 0 1\n@data\n1,2:3,4:5,6:1\n";
        assert_eq!(Series::parse(text).unwrap().dimensions, 3);
        let error = Series::parse(&format!("{text}1:2:0")).unwrap_err();
        assert!(error.starts_with(", line 5: 3 parts"), "{error}");
        let one = "@univariate true\n@classLabel true 0 1\n@data\n1,2,3:1\n";
        assert_eq!(
            Series::parse(one).unwrap().samples[0].0.shape().to_string(),
            "[3, 1]"
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let parts = "parts with \":\" between them, expected 3: the dimensions and the class";
        for (data, message) in [
            ("", ": no series after @data; is it cut off?"),
            ("1:2:yes\n1,2:1", &format!(", line 9: 2 {parts}")),
            ("1:2:3:yes", &format!(", line 8: 4 {parts}")),
            ("1:2:", ", line 8: no class after the last \":\""),
            (
                "1:2:maybe",
                ", line 8: class \"maybe\", expected one of yes, no",
            ),
            (
                "1,2:1:no",
                ", line 8: dimension 2 has 1 steps, and the first has 2",
            ),
            (
                "1,x:1,2:no",
                ", line 8: dimension 1, step 2: \"x\", expected a number",
            ),
            (
                "1,2:1,:no",
                ", line 8: dimension 2, step 2: \"\", expected a number",
            ),
            (
                "1,2:inf,1:no",
                ", line 8: dimension 2, step 1: \"inf\", expected a number",
            ),
            (
                "1,2:1e99,1:no",
                ", line 8: dimension 2, step 1: \"1e99\", expected a number",
            ),
        ] {
            assert_eq!(parse(data).unwrap_err(), message, "{data:?}");
        }
    }

    #[test]
    fn a_file_to_test_with_is_of_the_same_problem() {
        let learned = parse("1:2:yes\n1:2:no").unwrap();
        let turned = HEADER.replace("yes no", "no yes");
        let test = Series::parse(&format!("{turned}1:2:yes")).unwrap();
        assert_eq!(test.samples[0].1, 1);
        assert_eq!(test.numbered_as(&learned).unwrap().samples[0].1, 0);
        let other = Series::parse("@classLabel true yes no maybe\n@data\n1:2:maybe\n").unwrap();
        assert_eq!(
            other.numbered_as(&learned).unwrap_err(),
            "class \"maybe\" is none to learn from"
        );
        let wide = Series::parse("@classLabel true yes no\n@data\n1:2:3:no\n").unwrap();
        assert_eq!(
            wide.numbered_as(&learned).unwrap_err(),
            "3 dimensions, and there are 2 to learn from"
        );
    }

    #[test]
    fn a_missing_file_is_told() {
        let error = Series::read(Path::new("nowhere.ts"))
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("nowhere.ts: "), "{error}");
    }

    /// Wherever a file is cut, the line says so, but between two lines, where nothing tells.
    #[test]
    fn a_cut_file_is_refused() {
        let text = format!("{HEADER}1.5,2.5:3.5,4.5:yes\n5.5:6.5:no\n");
        let whole = text.trim_end().len();
        let first = text.find("\n5.5").unwrap();
        for end in 0..whole {
            let cut = Series::parse(&text[..end]);
            assert_eq!(
                cut.is_ok(),
                (first..=first + 1).contains(&end),
                "{:?}",
                &text[..end]
            );
        }
    }

    #[test]
    fn the_vowels_are_what_their_authors_say() {
        let [training, test] =
            [crate::TRAINING, crate::TEST].map(|path| Series::read(Path::new(path)).unwrap());
        assert_eq!((training.samples.len(), test.samples.len()), (270, 370));
        let of = |series: &Series| {
            let count = |class| series.samples.iter().filter(|(_, c)| *c == class).count();
            (0..9).map(count).collect::<Vec<_>>()
        };
        assert_eq!(of(&training), [30; 9]);
        assert_eq!(of(&test), [31, 35, 88, 44, 29, 24, 40, 50, 29]);
        let all = [&training.samples[..], &test.samples].concat();
        let lengths = || all.iter().map(|(x, _)| x.row_count());
        assert_eq!((lengths().min(), lengths().max()), (Some(7), Some(29)));
        // Σ value · dimension · step · class, all from 1: as a program in Python has it that splits the lines by itself.
        let weighed = |(x, class): &Sample| {
            let place = |t: usize, d: usize| ((d + 1) * (t + 1) * (class + 1)) as f64;
            let values = x.data().iter().enumerate();
            let weighed = values.map(|(i, &x)| f64::from(x) * place(i / 12, i % 12));
            weighed.sum::<f64>()
        };
        let sum: f64 = all.iter().map(weighed).sum();
        let expected = -874_179.472_721 - 1_149_035.633_466;
        assert!((sum - expected).abs() < 0.01, "{sum}, expected {expected}");
    }
}
