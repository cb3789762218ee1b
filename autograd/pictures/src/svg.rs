//! [`Svg`]: a picture, and what is needed to draw one.

use std::fmt::{self, Write};
use std::ops::Range;

use autograd::inspect::{html::escape, notebook::show};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_encode, utf8_percent_encode};

/// The font of all pictures.
const FONT: &str = "DejaVu Sans, Verdana, Helvetica, sans-serif";
/// How wide a character of that font is, as a part of its size; on the safe side for boxes.
const CHARACTER: f64 = 0.62;

/// What does not stand for itself in a URI within quotes, or in the element around it.
const IN_URI: &AsciiSet = &CONTROLS
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'<')
    .add(b'>');

/// A picture as an SVG document: its `Display` is the document, to be written to a file.
///
/// Lengths are in pixels, from the upper left corner. Attributes are given as they stand in the document,
/// `fill="#333"`: nothing that comes from a user may be in them. Texts are escaped.
///
/// ```
/// let mut picture = pictures::Svg::new(120.0, 40.0);
/// picture.rect((10.0, 10.0), (20.0, 20.0), r##"fill="#0072b2""##);
/// picture.text((36.0, 25.0), "a < b", "");
/// assert!(picture.to_string().contains("a &lt; b"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Svg {
    width: f64,
    height: f64,
    body: String,
}

/// Attributes of an element, as they stand in the document: what comes from users never does.
type Attributes<'a> = &'a str;

impl Svg {
    /// An empty white picture of this size, in pixels.
    pub fn new(width: f64, height: f64) -> Self {
        let body = String::new();
        let mut svg = Svg {
            width,
            height,
            body,
        };
        svg.rect((0.0, 0.0), (width, height), r##"fill="#fff""##);
        svg
    }

    /// The width in pixels.
    pub fn width(&self) -> f64 {
        self.width
    }

    /// The height in pixels.
    pub fn height(&self) -> f64 {
        self.height
    }

    /// A rectangle, from its upper left corner.
    pub fn rect(&mut self, (x, y): (f64, f64), (w, h): (f64, f64), with: Attributes<'_>) {
        self.add(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}" {with}/>"#
        ));
    }

    /// A circle of radius r around a point.
    pub fn circle(&mut self, (x, y): (f64, f64), r: f64, with: Attributes<'_>) {
        self.add(format_args!(
            r#"<circle cx="{x:.1}" cy="{y:.1}" r="{r:.1}" {with}/>"#
        ));
    }

    /// A straight line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), with: Attributes<'_>) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.add(format_args!(
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" {with}/>"#
        ));
    }

    /// A path from its commands: "M 0 0 L 10 10".
    pub fn path(&mut self, d: &str, with: Attributes<'_>) {
        self.add(format_args!(r#"<path d="{d}" {with}/>"#));
    }

    /// A line through points, drawn while one looks: as if by a pen, from the first of these seconds to the last, in
    /// each of endless rounds of so many seconds. Where nothing moves, on paper say, it is there as a whole.
    ///
    /// # Panics
    /// If there are no points, or the seconds are not within the round.
    #[track_caller]
    pub fn drawn_line(
        &mut self,
        points: &[(f64, f64)],
        seconds: Range<f64>,
        round: f64,
        with: Attributes<'_>,
    ) {
        let Range { start, end } = seconds;
        assert!(!points.is_empty(), "a drawn line without points");
        assert!(
            0.0 <= start && start <= end && end < round,
            "a line drawn from {start} to {end} s in rounds of {round} s"
        );
        let distance = |(a, b): (&(f64, f64), &(f64, f64))| (a.0 - b.0).hypot(a.1 - b.1);
        let length: f64 = points.iter().zip(&points[1..]).map(distance).sum();
        // A single dash as long as the line, pushed back by more than that and pulled out again. The gap behind it
        // is as long as both, so that no second one shows; and a point alone is a very short line.
        let dash = length + 20.0;
        let mut d = format!("M {:.1} {:.1}", points[0].0, points[0].1);
        for (x, y) in points.iter().skip(usize::from(points.len() > 1)) {
            let _ = write!(d, " L {x:.1} {y:.1}");
        }
        let [start, end] = [start, end].map(|t| t / round);
        self.add(format_args!(
            r#"<path d="{d}" fill="none" stroke-dasharray="{dash:.1} {:.1}" {with}><animate attributeName="stroke-dashoffset" values="{dash:.1};{dash:.1};0;0" keyTimes="0;{start:.4};{end:.4};1" dur="{round:.2}s" repeatCount="indefinite"/></path>"#,
            2.0 * dash
        ));
    }

    /// A line of text, whose baseline begins at a point unless `with` says otherwise.
    pub fn text(&mut self, (x, y): (f64, f64), text: &str, with: Attributes<'_>) {
        let text = escape(text);
        self.add(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" {with}>{text}</text>"#
        ));
    }

    /// A picture of pixels, from its upper left corner: the bytes of a PNG file, which become part of the
    /// document. Its pixels stay squares, however large it is drawn.
    pub fn image(&mut self, (x, y): (f64, f64), (w, h): (f64, f64), png: &[u8]) {
        let data = percent_encode(png, NON_ALPHANUMERIC);
        self.add(format_args!(
            r#"<image x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}" style="image-rendering:pixelated" href="data:image/png,{data}"/>"#
        ));
    }

    /// What `draw` draws, as a group, with lines of text that appear under the pointer.
    pub fn group(&mut self, with: Attributes<'_>, title: &str, draw: impl FnOnce(&mut Svg)) {
        self.add(format_args!("<g {with}>"));
        if !title.is_empty() {
            let lines: Vec<_> = title.split('\n').map(escape).collect();
            self.add(format_args!("<title>{}</title>", lines.join("\n")));
        }
        draw(self);
        self.add(format_args!("</g>"));
    }

    fn add(&mut self, element: fmt::Arguments<'_>) {
        let _ = writeln!(self.body, "{element}"); // writing to a string does not fail
    }

    /// The picture as an element of a page: one line, which needs no other file. `alt` says what it
    /// shows to those who cannot see it.
    pub fn img(&self, alt: &str) -> String {
        let document = self.to_string();
        let data = utf8_percent_encode(&document, IN_URI);
        let alt = escape(alt);
        format!(r#"<img alt="{alt}" src="data:image/svg+xml,{data}">"#)
    }

    /// Displays the picture in a notebook.
    pub fn evcxr_display(&self) {
        self.show("a picture", &"a picture");
    }

    /// Displays the picture in a notebook, and a text where there are no pictures.
    pub(crate) fn show(&self, alt: &str, text: &dyn fmt::Display) {
        // A notebook that its reader has not run is not trusted: of the two it shows the element only.
        show("image/svg+xml", self, text);
        show("text/html", &self.img(alt), text);
    }
}

impl fmt::Display for Svg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Svg {
            width,
            height,
            body,
        } = self;
        write!(
            f,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" font-family="{FONT}" font-size="12">
{body}</svg>"#
        )
    }
}

/// How wide a text is at a font size, in pixels, roughly.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    // Combining marks, such as the bar of ȳ in some spellings, take no room.
    let visible = text
        .chars()
        .filter(|c| !('\u{300}'..='\u{36f}').contains(c));
    visible.map(character_width).sum::<f64>() * size
}

fn character_width(c: char) -> f64 {
    match c {
        'W' | 'M' | 'm' | '@' | '%' | '⊙' | '…' => 1.0,
        'ᵀ' | '\u{2080}'..='\u{209f}' => 0.45,
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' => 1.1,
        '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{1f000}'.. => 1.4,
        _ => CHARACTER,
    }
}

/// One line of at most that many characters.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    let line = text.replace(['\n', '\r', '\t'], " ");
    if line.chars().count() <= most {
        return line;
    }
    let kept = line.chars().take(most - 1);
    kept.chain(Some('…')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let mut svg = Svg::new(10.0, 10.0);
        svg.text((0.0, 0.0), "</text><script>\"&'\u{0}", "");
        let text = svg.to_string();
        assert!(
            text.contains("&lt;/text&gt;&lt;script&gt;&quot;&amp;&#39;\u{fffd}"),
            "{text}"
        );
    }

    #[test]
    fn a_drawn_line_is_there_where_nothing_moves() {
        let mut svg = Svg::new(10.0, 10.0);
        svg.drawn_line(
            &[(0.0, 0.0), (3.0, 4.0)],
            1.0..3.0,
            4.0,
            r##"stroke="#000""##,
        );
        svg.drawn_line(&[(7.0, 7.0)], 0.0..0.0, 4.0, "");
        let text = svg.to_string();
        // Before and after the drawing, the dash of 5 + 20 is behind the line, or covers it.
        assert!(
            text.contains(r##"stroke-dasharray="25.0 50.0" stroke="#000">"##),
            "{text}"
        );
        assert!(text.contains(r#"values="25.0;25.0;0;0" keyTimes="0;0.2500;0.7500;1""#));
        assert!(
            !text.contains(r#" stroke-dashoffset="#),
            "at rest it is not pushed back"
        );
        assert!(
            text.contains(r#"d="M 7.0 7.0 L 7.0 7.0""#),
            "a point is a line of no length"
        );
    }

    #[test]
    #[should_panic(expected = "a line drawn from 1 to 5 s in rounds of 4 s")]
    fn a_line_drawn_beyond_its_round_is_refused() {
        Svg::new(10.0, 10.0).drawn_line(&[(0.0, 0.0)], 1.0..5.0, 4.0, "");
    }

    #[test]
    fn the_bytes_of_an_image_are_part_of_the_document() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut svg = Svg::new(10.0, 10.0);
        svg.image((1.0, 2.0), (3.0, 4.0), &bytes);
        let text = svg.to_string();
        let data = text
            .split_once("href=\"data:image/png,")
            .expect("an image")
            .1;
        let data = data.split_once("\"/>").expect("its end").0;
        let decoded: Vec<u8> = percent_encoding::percent_decode_str(data).collect();
        assert_eq!(decoded, bytes);
    }

    #[test]
    fn an_element_is_one_line_that_decodes_to_the_document() {
        let mut svg = Svg::new(10.0, 10.0);
        svg.text((0.0, 0.0), "100 % ‖∂E/∂U‖ \"#\"", "");
        let img = svg.img("\"><script>");
        let rest =
            img.strip_prefix(r#"<img alt="&quot;&gt;&lt;script&gt;" src="data:image/svg+xml,"#);
        let data = rest
            .and_then(|rest| rest.strip_suffix(r#"">"#))
            .expect("an element");
        assert!(!data.contains(['"', '<', '>', '&', '#', '\n']), "{data}");
        let decoded = percent_encoding::percent_decode_str(data).decode_utf8();
        assert_eq!(decoded.expect("UTF-8"), svg.to_string());
    }
}
