//! The five shapes side by side, as the lecture draws them: what comes in below, what goes out above, the states in
//! between; with an example of each in its boxes.

use pictures::Svg;

use crate::learned::{Column, Learned};

/// What stands above a shape: its name, and what is learned.
pub struct Caption {
    pub name: &'static str,
    pub task: &'static str,
}

/// A kind of box: where it is, and its colours. (Those of Okabe and Ito, apart for whoever sees fewer of them.)
struct Kind {
    name: &'static str,
    y: f64,
    fill: &'static str,
    stroke: &'static str,
}

const OUTPUT: Kind = Kind {
    name: "output y",
    y: 132.0,
    fill: "#c5dff1",
    stroke: "#0072b2",
};
const STATE: Kind = Kind {
    name: "state h",
    y: 242.0,
    fill: "#bfe8d9",
    stroke: "#009e73",
};
const INPUT: Kind = Kind {
    name: "input x",
    y: 352.0,
    fill: "#fbd5bd",
    stroke: "#d55e00",
};

const INK: &str = "#222";
const BOX: f64 = 52.0;
/// Between two boxes, beside and above each other.
const GAP: (f64, f64) = (22.0, 58.0);
/// Left of the first shape, and between two.
const MARGIN: f64 = 128.0;
const BETWEEN: f64 = 40.0;
/// How wide a character is, as a part of its size.
const CHARACTER: f64 = 0.62;

/// The picture.
pub fn draw(shapes: &[(Caption, Learned)]) -> Svg {
    let blocks: Vec<_> = shapes
        .iter()
        .map(|(caption, learned)| Block::of(caption, learned))
        .collect();
    let width = MARGIN
        + blocks
            .iter()
            .map(|block| block.width + BETWEEN)
            .sum::<f64>();
    let mut svg = Svg::new(width, 480.0);
    for Kind {
        name, y, stroke, ..
    } in [OUTPUT, STATE, INPUT]
    {
        let style = format!(r#"font-size="20" font-weight="bold" fill="{stroke}""#);
        svg.text((16.0, y + BOX / 2.0 + 6.0), name, &style);
    }
    let mut left = MARGIN;
    for (block, (caption, learned)) in blocks.iter().zip(shapes) {
        block.draw(&mut svg, left, caption, learned);
        left += block.width + BETWEEN;
    }
    svg
}

/// How wide a shape is.
struct Block {
    width: f64,
    /// Of each box: a text may be long.
    box_width: f64,
}

impl Block {
    fn of(caption: &Caption, learned: &Learned) -> Self {
        let texts = learned
            .example
            .iter()
            .flat_map(|Column { input, output }| [input, output]);
        let box_width = texts
            .map(|text| 16.0 + text_width(text, 22.0))
            .fold(BOX, f64::max);
        let columns = learned.example.len() as f64;
        let boxes = columns * (box_width + GAP.0) - GAP.0;
        let captions = [
            text_width(caption.name, 24.0),
            text_width(caption.task, 18.0),
            100.0,
        ];
        let width = captions.into_iter().fold(boxes, f64::max);
        Block { width, box_width }
    }

    fn draw(&self, svg: &mut Svg, left: f64, caption: &Caption, learned: &Learned) {
        let middle = left + self.width / 2.0;
        let centred =
            |size: usize| format!(r#"font-size="{size}" text-anchor="middle" fill="{INK}""#);
        svg.text(
            (middle, 44.0),
            caption.name,
            &format!(r#"{} font-weight="bold""#, centred(24)),
        );
        svg.text((middle, 76.0), caption.task, &centred(18));
        let right = format!("{:.1} % right", 100.0 * learned.right);
        svg.text((middle, 450.0), &right, &centred(20));

        let pitch = self.box_width + GAP.0;
        let columns = &learned.example;
        let boxes = columns.len() as f64 * pitch - GAP.0;
        for (t, column) in columns.iter().enumerate() {
            let x = middle - boxes / 2.0 + t as f64 * pitch;
            self.draw_column(svg, x, t, column);
            if t + 1 < columns.len() {
                let y = STATE.y + BOX / 2.0;
                arrow(svg, (x + self.box_width, y), (x + pitch, y));
            }
        }
    }

    /// A step, from its left edge.
    fn draw_column(&self, svg: &mut Svg, x: f64, t: usize, column: &Column) {
        let state = format!("h{}", subscript(t));
        let middle = x + self.box_width / 2.0;
        for (kind, text) in [
            (OUTPUT, &column.output),
            (STATE, &state),
            (INPUT, &column.input),
        ] {
            if text.is_empty() {
                continue;
            }
            let Kind {
                y, fill, stroke, ..
            } = kind;
            let style = format!(r#"rx="8" fill="{fill}" stroke="{stroke}" stroke-width="2.5""#);
            svg.rect((x, y), (self.box_width, BOX), &style);
            let style = format!(r#"font-size="22" text-anchor="middle" fill="{INK}""#);
            svg.text((middle, y + BOX / 2.0 + 8.0), text, &style);
        }
        if !column.input.is_empty() {
            arrow(svg, (middle, INPUT.y), (middle, INPUT.y - GAP.1));
        }
        if !column.output.is_empty() {
            arrow(svg, (middle, STATE.y), (middle, STATE.y - GAP.1));
        }
    }
}

/// From box to box, to the right or up.
fn arrow(svg: &mut Svg, from: (f64, f64), (x, y): (f64, f64)) {
    let is_up = from.0 == x;
    let (x, y) = if is_up { (x, y + 2.0) } else { (x - 2.0, y) };
    let (end, head) = match is_up {
        true => ((x, y + 8.0), format!("M {x:.1} {y:.1} l -6 11 l 12 0 z")),
        false => ((x - 8.0, y), format!("M {x:.1} {y:.1} l -11 -6 l 0 12 z")),
    };
    svg.line(from, end, &format!(r#"stroke="{INK}" stroke-width="2.5""#));
    svg.path(&head, &format!(r#"fill="{INK}""#));
}

fn text_width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * CHARACTER * size
}

/// The digits of a number below the line.
fn subscript(n: usize) -> String {
    let below = |digit: char| char::from_u32(digit as u32 - '0' as u32 + '₀' as u32);
    n.to_string().chars().filter_map(below).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_box_is_drawn() {
        let example = vec![
            Column::new("a", ""),
            Column::new("b", ""),
            Column::new("", "<c>"),
        ];
        let learned = Learned {
            right: 0.987,
            tested: 100,
            example,
        };
        let caption = Caption {
            name: "many to many",
            task: "this → that",
        };
        let svg = draw(&[(caption, learned)]).to_string();
        for (kind, boxes) in [(INPUT, 2), (STATE, 3), (OUTPUT, 1)] {
            assert_eq!(
                svg.matches(&format!(r#"fill="{}""#, kind.fill)).count(),
                boxes
            );
        }
        assert_eq!(svg.matches("<path").count(), 2 + 2 + 1, "arrows");
        for text in ["98.7 % right", "&lt;c&gt;", "h₂", "many to many"] {
            assert!(svg.contains(text), "{text}");
        }
        assert_eq!(subscript(12), "₁₂");
    }
}
