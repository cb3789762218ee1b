//! [`ColouredText`]: a number for each piece of a text, as its colour.

use std::fmt::{self, Write};

use autograd::inspect::{html::escape, notebook::show};

/// The ends of the scale, told apart by people who do not see all colours (Okabe and Ito 2008).
const NEGATIVE: [f64; 3] = [213.0, 94.0, 0.0];
const POSITIVE: [f64; 3] = [0.0, 114.0, 178.0];

/// Lines of text whose characters or words are coloured by a number each: the activation of a unit, the weight
/// of a word. Its `Display` is an HTML document that needs no other file.
///
/// ```
/// # use pictures::ColouredText;
/// let text = ColouredText::new("unit 3 sees quotes")
///     .line("unit 3", &["say ", "\"", "hi", "\""], &[-0.1, 0.2, 0.9, -0.8]);
/// assert!(text.to_string().contains("&quot;"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ColouredText {
    title: String,
    lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq)]
struct Line {
    name: String,
    pieces: Vec<(String, f64)>,
}

impl ColouredText {
    /// No lines yet.
    pub fn new(title: &str) -> Self {
        ColouredText {
            title: title.into(),
            lines: Vec::new(),
        }
    }

    /// With one more text below its name. The colours of a text are relative to its largest number: blue above
    /// zero, orange below. A number that is none, such as NaN, leaves its piece white.
    ///
    /// # Panics
    /// If there is not one number for each piece.
    #[must_use]
    #[track_caller]
    pub fn line<S: AsRef<str>>(mut self, name: &str, pieces: &[S], numbers: &[f64]) -> Self {
        assert!(
            pieces.len() == numbers.len(),
            "{} numbers for {} pieces of text",
            numbers.len(),
            pieces.len()
        );
        let pieces = pieces.iter().map(|piece| piece.as_ref().to_string());
        self.lines.push(Line {
            name: name.into(),
            pieces: pieces.zip(numbers.iter().copied()).collect(),
        });
        self
    }

    /// What is between `<body>` and its end.
    fn body(&self) -> String {
        let mut body = format!("<h1>{}</h1>\n", escape(&self.title));
        for line in &self.lines {
            line.write(&mut body);
        }
        body
    }

    /// Displays the text in a notebook.
    pub fn evcxr_display(&self) {
        let names: Vec<_> = self.lines.iter().map(|line| line.name.as_str()).collect();
        let text = format!("{}: {}", self.title, names.join(", "));
        show("text/html", &self.body(), &text);
    }
}

impl Line {
    fn write(&self, html: &mut String) {
        let finite = self.pieces.iter().map(|(_, x)| x.abs());
        let largest = finite.filter(|x| x.is_finite()).fold(0.0, f64::max);
        // Writing to a string does not fail.
        let _ = writeln!(html, "<h2>{}</h2>", escape(&self.name));
        html.push_str(
            "<p style=\"font-family:monospace;white-space:pre-wrap;tab-size:4;line-height:1.5\">",
        );
        for (piece, number) in &self.pieces {
            let part = if largest > 0.0 { number / largest } else { 0.0 };
            let text = laid_out(piece);
            let _ = match part.is_finite() {
                true => write!(
                    html,
                    "<span style=\"{}\" title=\"{number:.3}\">{text}</span>",
                    colours(part)
                ),
                false => write!(html, "<span title=\"{number}\">{text}</span>"),
            };
        }
        html.push_str("</p>\n");
    }
}

/// Escaped, with its lines and its tabs.
fn laid_out(piece: &str) -> String {
    let line = |line: &str| line.split('\t').map(escape).collect::<Vec<_>>().join("\t");
    let lines: Vec<_> = piece.split('\n').map(line).collect();
    lines.join("<br>")
}

/// Of a number from -1 to 1: white in the middle, and a white ink where the ground is dark.
fn colours(part: f64) -> String {
    let end = if part < 0.0 { NEGATIVE } else { POSITIVE };
    let [r, g, b] = end.map(|end| 255.0 + (end - 255.0) * part.abs().min(1.0));
    let ink = if part.abs() > 0.6 { ";color:#fff" } else { "" };
    format!("background:rgb({r:.0},{g:.0},{b:.0}){ink}")
}

impl fmt::Display for ColouredText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (title, body) = (escape(&self.title), self.body());
        write!(
            f,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
             <style>body{{font-family:sans-serif;max-width:60em;margin:2em auto;color:#333}}\
             h1{{font-size:1.3em}}h2{{font-size:1em;margin:1.2em 0 .2em}}</style>\n\
             <body>\n{body}</body>\n</html>\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_relative_to_the_largest_number() {
        let pieces = ["a", "<b>", "c\n\te", "d"];
        let text = ColouredText::new("t").line("n", &pieces, &[0.0, 2.0, -2.0, f64::NAN]);
        let html = text.to_string();
        assert!(
            html.contains("rgb(255,255,255)\" title=\"0.000\">a<"),
            "{html}"
        );
        assert!(html.contains("rgb(0,114,178);color:#fff\" title=\"2.000\">&lt;b&gt;<"));
        assert!(html.contains("rgb(213,94,0);color:#fff\" title=\"-2.000\">c<br>\te<"));
        assert!(html.contains("<span title=\"NaN\">d</span>"));
    }

    #[test]
    #[should_panic(expected = "1 numbers for 2 pieces of text")]
    fn a_number_for_each_piece() {
        let _ = ColouredText::new("t").line("n", &["a", "b"], &[0.0]);
    }
}
