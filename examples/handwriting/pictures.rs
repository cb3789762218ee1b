//! Characters as pictures: in rows, and while they are written.

use pictures::Svg;

use crate::strokes::{Character, Point, strokes};

/// A cell of a picture and the room around a character in it, in pixels.
const CELL: f64 = 96.0;
const MARGIN: f64 = 12.0;
/// Where rows begin.
const LEFT: f64 = 150.0;
const TOP: f64 = 56.0;
/// The colour of texts.
const TEXT: &str = "#333";
/// The ink of what was given, and of what was written.
const GIVEN: &str = "#000";
const WRITTEN: &str = "#0072b2";
/// Seconds that the longest character takes to be written, and that all of them are shown for then.
const WRITING: f64 = 6.0;
const RESTING: f64 = 2.0;
/// Lifting the pen takes as long as so many pixels.
const LIFTING: f64 = 20.0;

/// A row of a picture.
#[derive(Clone, Debug)]
pub struct Row {
    /// What is in it.
    pub label: String,
    /// Characters, and how many points of each were given; the others were written.
    pub characters: Vec<(Character, usize)>,
}

impl Row {
    /// Of characters that people have drawn.
    pub fn given(label: &str, characters: &[Character]) -> Self {
        let characters = characters.iter().map(|c| (c.clone(), c.len()));
        Row {
            label: label.into(),
            characters: characters.collect(),
        }
    }

    /// Of written ones that began with so many points.
    pub fn written(label: &str, characters: Vec<Character>, given: usize) -> Self {
        let characters = characters.into_iter().map(|c| (c, given));
        Row {
            label: label.into(),
            characters: characters.collect(),
        }
    }
}

/// Where the points of a character lie in a cell: in its middle, made smaller where it is larger than the cell.
struct Fit {
    middle: (f64, f64),
    scale: f64,
    cell: (f64, f64),
}

impl Fit {
    fn new(character: &[Point], scale: f64, cell: (f64, f64)) -> Self {
        let (low, high) = corners(character);
        Fit {
            middle: ((low.0 + high.0) / 2.0, (low.1 + high.1) / 2.0),
            scale: scale.min((CELL - MARGIN) / size(character)), // of a point alone the scale is finite all the same
            cell,
        }
    }

    fn stroke(&self, stroke: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let place = |x: f64, middle: f64, cell: f64| cell + CELL / 2.0 + (x - middle) * self.scale;
        let points = stroke.iter();
        points
            .map(|&(x, y)| {
                (
                    place(x, self.middle.0, self.cell.0),
                    place(y, self.middle.1, self.cell.1),
                )
            })
            .collect()
    }
}

/// The corners of the box around a character.
fn corners(character: &[Point]) -> ((f64, f64), (f64, f64)) {
    let points = strokes(character).concat();
    let low = points
        .iter()
        .fold((f64::MAX, f64::MAX), |a, b| (a.0.min(b.0), a.1.min(b.1)));
    let high = points
        .iter()
        .fold((f64::MIN, f64::MIN), |a, b| (a.0.max(b.0), a.1.max(b.1)));
    (low, high)
}

/// The longer side of that box.
pub fn size(character: &[Point]) -> f64 {
    let (low, high) = corners(character);
    (high.0 - low.0).max(high.1 - low.1)
}

/// The size of the largest character that was given as a whole, or of any if none was.
fn largest(rows: &[Row]) -> f64 {
    let all = || rows.iter().flat_map(|row| &row.characters);
    let given = all().filter(|(character, given)| *given == character.len());
    let most = |a: f64, (character, _): &(Character, usize)| a.max(size(character));
    match given.fold(0.0, most) {
        0.0 => all().fold(1e-9, most),
        most => most,
    }
}

/// A character in its cell: its strokes, and those that were given, in pixels.
struct Placed {
    strokes: Vec<Vec<(f64, f64)>>,
    given: Vec<Vec<(f64, f64)>>,
}

/// The picture with all but the characters, and these: all of one scale, with which those fit that were given as a whole.
fn placed(title: &str, rows: &[Row]) -> (Svg, Vec<Placed>) {
    let columns = rows
        .iter()
        .map(|row| row.characters.len())
        .max()
        .unwrap_or(0);
    let width =
        (LEFT + CELL * columns as f64 + 20.0).max(40.0 + 9.5 * title.chars().count() as f64);
    let mut svg = Svg::new(width, TOP + CELL * rows.len() as f64 + 14.0);
    svg.text(
        (20.0, 30.0),
        title,
        &format!(r#"font-size="16" font-weight="bold" fill="{TEXT}""#),
    );
    let scale = (CELL - MARGIN) / largest(rows);
    let mut characters = Vec::new();
    for (row, y) in rows.iter().zip((0..).map(|i| TOP + CELL * f64::from(i))) {
        svg.text(
            (20.0, y + CELL / 2.0 + 5.0),
            &row.label,
            &format!(r#"font-size="15" fill="{TEXT}""#),
        );
        for ((character, given), x) in row
            .characters
            .iter()
            .zip((0..).map(|i| LEFT + CELL * f64::from(i)))
        {
            let fit = Fit::new(character, scale, (x, y));
            let strokes = |points| {
                strokes(points)
                    .iter()
                    .map(|stroke| fit.stroke(stroke))
                    .collect()
            };
            characters.push(Placed {
                strokes: strokes(&character[..]),
                given: strokes(&character[..*given]),
            });
        }
    }
    (svg, characters)
}

/// Rows of characters. What was given is dark.
pub fn sheet(title: &str, rows: &[Row]) -> Svg {
    let (mut svg, characters) = placed(title, rows);
    for character in characters {
        for (strokes, ink) in [(character.strokes, WRITTEN), (character.given, GIVEN)] {
            strokes.iter().for_each(|stroke| {
                svg.path(&path(stroke), &format!(r#"fill="none" {}"#, pen(ink)))
            });
        }
    }
    svg
}

/// The same while they are written: stroke by stroke, all characters at once, again and again.
pub fn writing(title: &str, rows: &[Row]) -> Svg {
    let (mut svg, characters) = placed(title, rows);
    let duration = |c: &Placed| {
        c.strokes
            .iter()
            .map(|stroke| length(stroke) + LIFTING)
            .sum()
    };
    let longest = characters.iter().map(duration).fold(LIFTING, f64::max);
    let seconds = |pixels: f64| pixels / longest * WRITING;
    for character in &characters {
        let mut now = 0.0;
        for (i, stroke) in character.strokes.iter().enumerate() {
            let is_given = i < character.given.len();
            let ink = if is_given { GIVEN } else { WRITTEN };
            let end = now + length(stroke);
            svg.drawn_line(
                stroke,
                seconds(now)..seconds(end),
                WRITING + RESTING,
                &pen(ink),
            );
            now = end + LIFTING;
        }
    }
    svg
}

fn length(stroke: &[(f64, f64)]) -> f64 {
    stroke
        .windows(2)
        .map(|pair| (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1))
        .sum()
}

fn pen(ink: &str) -> String {
    format!(r#"stroke="{ink}" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round""#)
}

fn path(stroke: &[(f64, f64)]) -> String {
    let place = |(i, (x, y)): (usize, &(f64, f64))| {
        format!("{}{x:.1} {y:.1}", if i == 0 { "M" } else { "L" })
    };
    let places: Vec<_> = stroke.iter().enumerate().map(place).collect();
    match stroke {
        [(x, y)] => format!("M{x:.1} {y:.1}L{x:.1} {y:.1}"), // a dot
        _ => places.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_lies_within_its_cell() {
        let large = vec![[5.0, 5.0, 0.0], [900.0, 0.0, 0.0], [0.0, -300.0, 1.0]];
        for (character, scale) in [
            (large, 1.0),
            (vec![[3.0, 3.0, 1.0]], 7.0),
            (vec![[0.0; 3], [1.0, 2.0, 1.0]], 2.0),
        ] {
            let fit = Fit::new(&character, scale, (100.0, 200.0));
            for (x, y) in strokes(&character).iter().flat_map(|s| fit.stroke(s)) {
                assert!(
                    (100.0..=100.0 + CELL).contains(&x) && (200.0..=200.0 + CELL).contains(&y),
                    "{x} {y}"
                );
            }
        }
    }

    #[test]
    fn strokes_are_drawn_one_after_another_and_end_within_the_round() {
        let character = vec![
            [0.0; 3],
            [30.0, 0.0, 1.0],
            [0.0, 10.0, 0.0],
            [0.0, 30.0, 1.0],
        ];
        let row = Row::written("", vec![character.clone(), character[..2].to_vec()], 0);
        let text = writing("", &[row]).to_string();
        let times: Vec<Vec<f64>> = text
            .split("keyTimes=\"")
            .skip(1)
            .map(|rest| {
                rest.split('"')
                    .next()
                    .unwrap()
                    .split(';')
                    .map(|t| t.parse().unwrap())
                    .collect()
            })
            .collect();
        assert_eq!(times.len(), 3);
        assert!(times[0][2] < times[1][1] && times[1][2] < 1.0, "{times:?}");
        assert_eq!(times[2][1], 0.0, "characters are written at once");
    }

    #[test]
    fn what_was_given_is_dark() {
        let character = vec![
            [0.0; 3],
            [30.0, 0.0, 1.0],
            [0.0, 10.0, 0.0],
            [0.0, 30.0, 1.0],
        ];
        let rows = [
            Row::given("real", std::slice::from_ref(&character)),
            Row::written("done", vec![character], 2),
        ];
        let text = sheet("", &rows).to_string();
        assert_eq!(text.matches(GIVEN).count(), 2 + 1);
        assert_eq!(
            text.matches(WRITTEN).count(),
            2 + 2,
            "what was given is drawn over it"
        );
    }
}
