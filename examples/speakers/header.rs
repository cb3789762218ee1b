//! The header of a `.ts` file.

use crate::ts::quoted;

/// What the lines before `@data` say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    pub dimensions: Option<usize>,
    /// Of every series, where they are equally long.
    pub steps: Option<usize>,
    pub classes: Vec<String>,
}

impl Header {
    /// Reads lines up to `@data`. What else they tell, such as the problem's name, is passed over.
    pub fn parse<'a>(lines: &mut impl Iterator<Item = (&'a str, usize)>) -> Result<Self, String> {
        let (mut header, mut is_empty) = (Header::default(), true);
        for (line, number) in lines {
            is_empty = false;
            let line = line.trim();
            let (key, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            if key.eq_ignore_ascii_case("@data") {
                return header.checked();
            }
            let taken = header.take(&key.to_ascii_lowercase(), value.trim());
            taken.map_err(|e| format!(", line {number}: {e}"))?;
        }
        Err(match is_empty {
            true => ": nothing in it, expected a .ts file",
            false => ": no line @data; is it cut off, or no .ts file?",
        }
        .into())
    }

    /// Takes a line.
    fn take(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "@dimension" | "@dimensions" => self.dimensions = Some(count(key, value)?),
            "@univariate" if is_true(value) => self.dimensions = Some(1),
            "@serieslength" => self.steps = Some(count(key, value)?),
            "@timestamps" if is_true(value) => {
                return Err("@timeStamps true: expected values without their times".into());
            }
            "@targetlabel" if is_true(value) => {
                return Err(
                    "@targetLabel true: expected classes, and not numbers to be found".into(),
                );
            }
            "@classlabel" => {
                let mut words = value.split_whitespace();
                if words.next().is_some_and(is_true) {
                    self.classes = words.map(String::from).collect();
                }
            }
            _ if key.starts_with('@') => {}
            _ => {
                return Err(format!(
                    "{}, expected a line that begins with @",
                    quoted(key)
                ));
            }
        }
        Ok(())
    }

    fn checked(self) -> Result<Self, String> {
        match self.classes.len() {
            0 => Err(": no classes, expected a line \"@classLabel true NAME NAME …\"".into()),
            1 => Err(": one class alone cannot be told from another".into()),
            _ => Ok(self),
        }
    }
}

fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("true")
}

fn count(key: &str, value: &str) -> Result<usize, String> {
    let number = value.parse().ok().filter(|&n| n > 0);
    number.ok_or_else(|| format!("{key} {}, expected a whole number above 0", quoted(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Header, String> {
        Header::parse(&mut text.lines().zip(1..))
    }

    #[test]
    fn a_header_is_read_in_any_case() {
        let text = "@problemName X\n@Dimensions 12\n@EQUALLENGTH true\n@seriesLength 5\n@classlabel TRUE a b c\n@DATA\n";
        let expected = Header {
            dimensions: Some(12),
            steps: Some(5),
            classes: ["a", "b", "c"].map(String::from).to_vec(),
        };
        assert_eq!(parse(text), Ok(expected));
    }

    #[test]
    fn what_is_wrong_with_it_is_told() {
        for (text, message) in [
            ("", ": nothing in it, expected a .ts file"),
            (
                "@dimensions 2\n",
                ": no line @data; is it cut off, or no .ts file?",
            ),
            (
                "1,2:a",
                ", line 1: \"1,2:a\", expected a line that begins with @",
            ),
            (
                "@dimensions 0",
                ", line 1: @dimensions \"0\", expected a whole number above 0",
            ),
            (
                "\n@seriesLength x",
                ", line 1: \"\", expected a line that begins with @",
            ),
            (
                "@seriesLength x",
                ", line 1: @serieslength \"x\", expected a whole number above 0",
            ),
            (
                "@timeStamps true",
                ", line 1: @timeStamps true: expected values without their times",
            ),
            (
                "@data",
                ": no classes, expected a line \"@classLabel true NAME NAME …\"",
            ),
            (
                "@classLabel false\n@data",
                ": no classes, expected a line \"@classLabel true NAME NAME …\"",
            ),
            (
                "@classLabel true a\n@data",
                ": one class alone cannot be told from another",
            ),
        ] {
            assert_eq!(parse(text).unwrap_err(), message, "{text:?}");
        }
        parse("@targetLabel true").unwrap_err();
    }
}
