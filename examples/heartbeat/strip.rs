//! A strip of ECG with its annotations, what the model has found, and p_t below it.

use std::fmt::Write;

use pictures::Svg;

use crate::ecg::{Ecg, NORMAL, PREMATURE};
use crate::found::Found;

/// Told apart by people who do not see all colours (Okabe and Ito 2008).
const BLUE: &str = "#0072b2";
const VERMILION: &str = "#d55e00";

/// Left edge, width, and where the signal and the probabilities are: top and height.
const LEFT: f64 = 90.0;
const WIDTH: f64 = 1150.0;
const SIGNAL: (f64, f64) = (110.0, 300.0);
const CHANCE: (f64, f64) = (480.0, 150.0);
const SIZE: (f64, f64) = (LEFT + WIDTH + 30.0, 690.0);

/// Part of an ECG, and what the model says of it.
pub struct Strip<'a> {
    pub title: &'a str,
    pub ecg: &'a Ecg,
    pub p: &'a [[f32; 3]],
    pub found: &'a [Found],
    pub from: usize,
    pub to: usize,
}

impl Strip<'_> {
    /// The picture.
    pub fn svg(&self) -> Svg {
        let mut svg = Svg::new(SIZE.0, SIZE.1);
        svg.text(
            (LEFT, 34.0),
            self.title,
            r##"font-size="22" font-weight="bold" fill="#222""##,
        );
        self.legend(&mut svg);
        self.paper(&mut svg);
        self.signal(&mut svg);
        self.beats(&mut svg);
        self.chances(&mut svg);
        svg
    }

    /// Where a step is.
    fn x(&self, step: f64) -> f64 {
        LEFT + WIDTH * (step - self.from as f64) / (self.to - self.from) as f64
    }

    fn legend(&self, svg: &mut Svg) {
        let size = r##"font-size="18" fill="#222""##;
        svg.text(
            (LEFT, 68.0),
            "letters: annotated (N normal, A or V premature)",
            size,
        );
        for (x, colour, name) in [
            (600.0, BLUE, "found: normal"),
            (780.0, VERMILION, "found: premature"),
        ] {
            triangle(svg, (x, 55.0), colour);
            svg.text((x + 16.0, 68.0), name, size);
        }
    }

    /// Lines each 0.2 s and each half of the signal's unit, as on the paper of ECGs, and seconds below.
    fn paper(&self, svg: &mut Svg) {
        let (low, high) = self.range();
        let grid = r##"stroke="#f3c9c4" stroke-width="1""##;
        let (top, height) = SIGNAL;
        svg.rect(
            (LEFT, top),
            (WIDTH, height),
            r##"fill="#fffafa" stroke="#f3c9c4""##,
        );
        let mut value = (low / 0.5).ceil() * 0.5;
        let unit = &self.ecg.lead.unit;
        while value <= high && (high - low) / 0.5 < 40.0 {
            let y = self.y(value);
            svg.line((LEFT, y), (LEFT + WIDTH, y), grid);
            if value.fract() == 0.0 {
                let text = format!("{value:.0} {unit}");
                svg.text(
                    (LEFT - 10.0, y + 6.0),
                    &text,
                    r##"font-size="18" text-anchor="end" fill="#444""##,
                );
            }
            value += 0.5;
        }
        let fifths = |step: usize| (step as f64 / self.ecg.rate / 0.2).ceil() as usize;
        for fifth in fifths(self.from)..=fifths(self.to).saturating_sub(1) {
            let x = self.x(fifth as f64 * 0.2 * self.ecg.rate);
            svg.line((x, top), (x, top + height), grid);
            if fifth.is_multiple_of(5) {
                let seconds = fifth / 5;
                let text = format!("{}:{:02}", seconds / 60, seconds % 60);
                svg.text(
                    (x, CHANCE.0 + CHANCE.1 + 28.0),
                    &text,
                    r##"font-size="18" text-anchor="middle" fill="#444""##,
                );
            }
        }
        let name = format!("lead {}", self.ecg.lead.name);
        svg.text(
            (LEFT + 8.0, top + height - 10.0),
            &name,
            r##"font-size="18" fill="#444""##,
        );
    }

    /// The signal's least and largest value, with some room.
    fn range(&self) -> (f64, f64) {
        let values = (self.from..self.to).map(|t| self.ecg.physical(t));
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
            (low.min(x), high.max(x))
        });
        let room = ((high - low) * 0.12).max(0.1);
        (low - room, high + room)
    }

    fn y(&self, value: f64) -> f64 {
        let (low, high) = self.range();
        SIGNAL.0 + SIGNAL.1 * (high - value) / (high - low)
    }

    fn signal(&self, svg: &mut Svg) {
        let mut path = String::new();
        for t in self.from..self.to {
            let command = if t == self.from { 'M' } else { 'L' };
            // Writing to a string does not fail.
            let _ = write!(
                path,
                "{command}{:.1} {:.1}",
                self.x(t as f64 + 0.5),
                self.y(self.ecg.physical(t))
            );
        }
        svg.path(
            &path,
            r##"fill="none" stroke="#222" stroke-width="2" stroke-linejoin="round""##,
        );
    }

    /// Annotations as letters above the signal, beats that were found as triangles below it.
    fn beats(&self, svg: &mut Svg) {
        let is_here = |step: f64| (self.from as f64..self.to as f64).contains(&step);
        for beat in self.ecg.beats.iter().filter(|beat| is_here(beat.step)) {
            let with = match beat.class {
                PREMATURE => format!(
                    r##"font-size="26" font-weight="bold" fill="{VERMILION}" text-anchor="middle""##
                ),
                _ => r##"font-size="20" fill="#666" text-anchor="middle""##.into(),
            };
            svg.text(
                (self.x(beat.step), SIGNAL.0 - 10.0),
                &beat.symbol.to_string(),
                &with,
            );
        }
        for beat in self.found.iter().filter(|beat| is_here(beat.step)) {
            let colour = if beat.class == PREMATURE {
                VERMILION
            } else {
                BLUE
            };
            triangle(svg, (self.x(beat.step), SIGNAL.0 + SIGNAL.1 + 12.0), colour);
        }
    }

    /// p_t(normal) and p_t(premature).
    fn chances(&self, svg: &mut Svg) {
        let (top, height) = CHANCE;
        svg.text(
            (LEFT, top - 14.0),
            "p of a normal beat, p of a premature beat",
            r##"font-size="18" fill="#222""##,
        );
        for chance in [0.0, 0.5, 1.0] {
            let y = top + height * (1.0 - chance);
            svg.line((LEFT, y), (LEFT + WIDTH, y), r##"stroke="#ddd""##);
            svg.text(
                (LEFT - 10.0, y + 6.0),
                &format!("{chance}"),
                r##"font-size="18" text-anchor="end" fill="#444""##,
            );
        }
        for (class, colour, dashes) in [
            (NORMAL, BLUE, ""),
            (PREMATURE, VERMILION, r#"stroke-dasharray="7 3""#),
        ] {
            let mut path = format!("M{LEFT:.1} {:.1}", top + height);
            for t in self.from..self.to {
                let y = top + height * (1.0 - f64::from(self.p[t][class]));
                let _ = write!(path, "L{:.1} {y:.1}", self.x(t as f64 + 0.5));
            }
            let _ = write!(path, "L{:.1} {:.1}", LEFT + WIDTH, top + height);
            svg.path(&path, &format!(r#"fill="{colour}" fill-opacity="0.2" stroke="{colour}" stroke-width="2.5" {dashes}"#));
        }
    }
}

/// Upright, from its tip.
fn triangle(svg: &mut Svg, (x, y): (f64, f64), colour: &str) {
    let path = format!(
        "M{x:.1} {y:.1}L{:.1} {:.1}L{:.1} {:.1}Z",
        x - 8.0,
        y + 15.0,
        x + 8.0,
        y + 15.0
    );
    svg.path(&path, &format!(r#"fill="{colour}""#));
}
