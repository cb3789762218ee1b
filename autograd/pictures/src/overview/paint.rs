//! An overview as a picture.

use autograd::inspect::html::escape;

use super::{NAME, Overview, Row};
use crate::svg::{Svg, shorten, text_width};

/// The most rows and columns that are painted; of steps that share a column the largest is shown.
const ROWS: usize = 60;
const COLUMNS: usize = 400;
/// How many orders of magnitude the scale tells apart at most.
const DECADES: f64 = 16.0;

/// The darker, the larger.
pub(super) fn paint(overview: &Overview) -> Svg {
    Painter::new(overview).paint()
}

/// The orders of magnitude that occur.
#[derive(Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
    /// Whether there is more below.
    cut: bool,
}

impl Scale {
    fn new(overview: &Overview) -> Self {
        let norms = overview.rows.iter().flat_map(|r| r.norms.iter().flatten());
        let norms = norms
            .filter(|n| n.is_finite() && **n > 0.0)
            .map(|n| n.log10());
        let (low, high) = norms.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), n| {
            (low.min(n), high.max(n))
        });
        if low > high {
            return Scale {
                low: -1.0,
                high: 0.0,
                cut: false,
            };
        }
        let high = high.ceil();
        let cut = low < high - DECADES;
        let low = low.floor().max(high - DECADES).min(high - 1.0);
        Scale { low, high, cut }
    }

    /// From 0, smallest, to 1.
    fn part(self, norm: f64) -> f64 {
        ((norm.log10() - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

/// From a light to a dark blue, in steps so that neighbours can be one rectangle.
fn shade(part: f64) -> String {
    const STOPS: [(f64, f64, f64); 4] = [
        (233.0, 242.0, 251.0),
        (140.0, 190.0, 228.0),
        (46.0, 117.0, 182.0),
        (8.0, 35.0, 82.0),
    ];
    let part = (part * 48.0).round() / 48.0 * (STOPS.len() - 1) as f64;
    let below = (part as usize).min(STOPS.len() - 2);
    let (a, b, rest) = (STOPS[below], STOPS[below + 1], part - below as f64);
    let mix = |a: f64, b: f64| (a + (b - a) * rest).round();
    format!("rgb({},{},{})", mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// Not a number, or infinite.
const BROKEN: &str = "#e03131";
const ZERO: &str = "#ffffff";

const ROW: f64 = 20.0;
const TOP: f64 = 40.0;
const WIDTH: f64 = 800.0;
const FAINT: &str = "#5c6570";

struct Painter<'a> {
    overview: &'a Overview,
    /// The rows that are painted, from the top.
    rows: Vec<&'a Row>,
    columns: usize,
    /// Where the first column begins, and how wide each is.
    left: f64,
    cell: f64,
    scale: Scale,
}

impl<'a> Painter<'a> {
    fn new(overview: &'a Overview) -> Self {
        let mut rows: Vec<_> = overview.rows.iter().rev().collect();
        if rows.len() > ROWS {
            let filled = |row: &&Row| std::cmp::Reverse(row.norms.iter().flatten().count());
            rows.sort_by_cached_key(filled);
            rows.truncate(ROWS);
        }
        let columns = overview.columns.len().clamp(1, COLUMNS);
        let widest = rows
            .iter()
            .map(|r| text_width(&shorten(&r.name, NAME), 12.0));
        Painter {
            overview,
            left: widest.fold(40.0, f64::max) + 24.0,
            rows,
            columns,
            cell: (WIDTH / columns as f64).min(28.0),
            scale: Scale::new(overview),
        }
    }

    fn right(&self) -> f64 {
        self.left + (self.cell * self.columns as f64).max(260.0)
    }

    fn bottom(&self) -> f64 {
        TOP + ROW * self.rows.len() as f64
    }

    fn paint(&self) -> Svg {
        let mut svg = Svg::new(self.right() + 24.0, self.bottom() + 96.0 + self.names());
        let title = self.overview.title();
        svg.text((self.left, 24.0), &title, r#"font-size="14""#);
        for (k, row) in self.rows.iter().enumerate() {
            self.row(&mut svg, row, TOP + ROW * k as f64);
        }
        self.ticks(&mut svg);
        self.legend(&mut svg);
        svg
    }

    /// The steps of a column.
    fn range(&self, column: usize) -> (usize, usize) {
        let steps = self.overview.columns.len();
        let at = |c: usize| c * steps / self.columns;
        (at(column), at(column + 1))
    }

    fn row(&self, svg: &mut Svg, row: &Row, y: f64) {
        let with = format!(r##"class="row" data-row="{}""##, escape(&row.name));
        svg.group(&with, &row.name, |svg| {
            let end = r#"text-anchor="end" font-size="12""#;
            svg.text((self.left - 10.0, y + 14.0), &shorten(&row.name, NAME), end);
            let mut run: Option<(usize, String)> = None;
            for column in 0..=self.columns {
                let fill = (column < self.columns)
                    .then(|| self.fill(row, column))
                    .flatten();
                if run.as_ref().map(|(_, f)| f) == fill.as_ref() {
                    continue;
                }
                if let Some((from, fill)) = run.take() {
                    let x = self.left + self.cell * from as f64;
                    let width = self.cell * (column - from) as f64;
                    svg.rect((x, y), (width, ROW - 2.0), &format!(r#"fill="{fill}""#));
                }
                run = fill.map(|fill| (column, fill));
            }
        });
    }

    fn fill(&self, row: &Row, column: usize) -> Option<String> {
        let (from, to) = self.range(column);
        let norm = row.largest(from, to.max(from + 1).min(row.norms.len()))?;
        Some(match norm {
            n if !n.is_finite() => BROKEN.into(),
            0.0 => ZERO.into(),
            n => shade(self.scale.part(n)),
        })
    }

    /// Where a column of the overview begins.
    fn x(&self, column: usize) -> f64 {
        let part = column as f64 / self.overview.columns.len().max(1) as f64;
        self.left + part * self.cell * self.columns as f64
    }

    /// The axis: each timeline has a line with its numbers, and its name below.
    fn ticks(&self, svg: &mut Svg) {
        let (y, columns) = (self.bottom(), &self.overview.columns);
        let apart = round_step(columns.len(), self.x(columns.len()) - self.left);
        let line = format!(r#"stroke="{FAINT}""#);
        let middle = format!(r#"text-anchor="middle" font-size="11" fill="{FAINT}""#);
        for (steps, name) in columns.timelines() {
            let (from, to) = (self.x(steps.start), self.x(steps.end));
            if steps.start > 0 {
                svg.line((from, TOP - 4.0), (from, y), &line);
            }
            svg.line((from, y), (to, y), &line);
            for column in steps.step_by(apart) {
                let half = if self.cell > 4.0 {
                    self.cell / 2.0
                } else {
                    0.0
                };
                let x = self.x(column) + half;
                svg.line((x, y), (x, y + 5.0), &line);
                svg.text((x, y + 18.0), &columns.number(column).to_string(), &middle);
            }
            if !name.is_empty() {
                let room = ((to - from) / text_width("n", 11.0)) as usize;
                let name = shorten(name, room.max(1));
                svg.text(((from + to) / 2.0, y + 34.0), &name, &middle);
            }
        }
        let with =
            format!(r#"text-anchor="end" font-size="12" font-style="italic" fill="{FAINT}""#);
        svg.text((self.left - 10.0, y + 18.0), columns.axis(), &with);
    }

    /// Room for the names of timelines.
    fn names(&self) -> f64 {
        let timelines = self.overview.columns.timelines();
        let named = timelines.iter().any(|(_, name)| !name.is_empty());
        if named { 16.0 } else { 0.0 }
    }

    fn legend(&self, svg: &mut Svg) {
        let (y, width) = (self.bottom() + 46.0 + self.names(), 240.0);
        for k in 0..48 {
            let x = self.left + width * f64::from(k) / 48.0;
            let fill = shade(f64::from(k) / 47.0);
            svg.rect(
                (x, y),
                (width / 48.0 + 0.3, 12.0),
                &format!(r#"fill="{fill}""#),
            );
        }
        let decades = (self.scale.high - self.scale.low) as usize;
        let apart = decades.div_ceil(4).max(1);
        for k in (0..=decades).step_by(apart) {
            let x = self.left + width * k as f64 / decades as f64;
            let below = if k == 0 && self.scale.cut { "≤ " } else { "" };
            let text = format!("{below}1e{}", self.scale.low as i32 + k as i32);
            let with = format!(r#"text-anchor="middle" font-size="11" fill="{FAINT}""#);
            svg.text((x, y + 27.0), &text, &with);
        }
        let with = format!(r#"text-anchor="end" font-size="11" fill="{FAINT}""#);
        svg.text((self.left - 14.0, y + 10.0), "norm", &with);
    }
}

/// How far ticks are apart: 1, 2 or 5 times a power of ten, with room for the numbers.
fn round_step(steps: usize, width: f64) -> usize {
    let most = (width / 46.0).clamp(1.0, 12.0);
    let mut power = 1;
    loop {
        for step in [1, 2, 5] {
            if steps as f64 / (step * power) as f64 <= most {
                return step * power;
            }
        }
        power *= 10;
    }
}
