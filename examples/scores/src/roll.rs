//! [`PianoRoll`]: a tune as a picture.

use std::fmt::Write;

use pictures::Svg;

use crate::tune::Tune;

/// Where the notes are: left, top and width in pixels.
const LEFT: f64 = 64.0;
const TOP: f64 = 76.0;
const WIDTH: f64 = 1120.0;
/// What is right of them, and below each panel.
const RIGHT: f64 = 26.0;
/// The height of all notes, and of lines below.
const NOTES: f64 = 360.0;
const PANEL: f64 = 200.0;
/// Between the notes and a panel below: the panel's title and its legend.
const BETWEEN: f64 = 64.0;
/// The names of the notes of an octave.
const NAMES: [&str; 12] = [
    "C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "G♯", "A", "B♭", "B",
];
/// Colours that are told apart by people who do not see all colours (Okabe and Ito 2008), and dashes.
const LINES: [(&str, &str); 4] = [
    ("#0072b2", ""),
    ("#d55e00", "14 5"),
    ("#009e73", "3 4"),
    ("#cc79a7", "14 4 3 4"),
];

/// A tune as a piano roll: time to the right, a row for each pitch, a line for each bar.
///
/// ```
/// use scores::{PianoRoll, abc};
///
/// let book = abc::read("X:1\nT:Scale\nM:4/4\nL:1/4\nK:G\nDEFG|ABcd|]\n");
/// let belief = [(480, 0.5), (3840, 0.9)];
/// let roll = PianoRoll::new(&book.tunes[0]).with_lines("belief", &[("jig", &belief)]);
/// assert!(roll.svg().to_string().contains("jig"));
/// ```
#[derive(Clone, Debug)]
pub struct PianoRoll<'a> {
    tune: &'a Tune,
    panel: Option<Panel>,
}

/// Numbers from 0 to 1 over time.
#[derive(Clone, Debug)]
struct Panel {
    title: String,
    lines: Vec<(String, Vec<(u32, f64)>)>,
}

impl<'a> PianoRoll<'a> {
    /// The notes alone.
    pub fn new(tune: &'a Tune) -> Self {
        PianoRoll { tune, panel: None }
    }

    /// With a panel below: numbers from 0 to 1, each at a time in ticks, as lines with names. What is
    /// no number leaves a gap.
    #[must_use]
    pub fn with_lines(mut self, title: &str, lines: &[(&str, &[(u32, f64)])]) -> Self {
        let own = |(name, points): &(&str, &[(u32, f64)])| (name.to_string(), points.to_vec());
        self.panel = Some(Panel {
            title: title.into(),
            lines: lines.iter().map(own).collect(),
        });
        self
    }

    /// Where a tick is from left to right, in pixels.
    pub fn x(&self, tick: u32) -> f64 {
        LEFT + WIDTH * f64::from(tick) / f64::from(self.tune.end().max(1))
    }

    /// The picture.
    pub fn svg(&self) -> Svg {
        let below = match self.panel {
            Some(_) => BETWEEN + PANEL,
            None => 0.0,
        };
        let mut svg = Svg::new(LEFT + WIDTH + RIGHT, TOP + NOTES + below + RIGHT);
        let title = r##"font-size="24" fill="#333""##;
        svg.text((LEFT, 32.0), &self.title(), title);
        self.draw_rows(&mut svg);
        self.draw_bars(&mut svg, TOP, NOTES);
        self.draw_bar_numbers(&mut svg);
        self.draw_notes(&mut svg);
        if let Some(panel) = &self.panel {
            self.draw_panel(&mut svg, panel, TOP + NOTES + BETWEEN);
        }
        svg
    }

    fn title(&self) -> String {
        let (beats, unit) = self.tune.meter;
        let title: String = self.tune.title.chars().take(60).collect();
        match beats {
            0 => format!("{title} ({})", self.tune.key.name()),
            _ => format!("{title} ({}, {beats}/{unit})", self.tune.key.name()),
        }
    }

    /// The lowest and the highest pitch, a fifth apart at least.
    fn range(&self) -> (u8, u8) {
        let pitches = || self.tune.events.iter().flat_map(|event| &event.pitches);
        let (low, high) = (pitches().min(), pitches().max());
        let (low, high) = (low.copied().unwrap_or(60), high.copied().unwrap_or(60));
        (
            low.saturating_sub(1),
            high.max(low.saturating_add(6)).saturating_add(1),
        )
    }

    /// The height of a row, and the upper edge of a pitch's.
    fn row(&self, pitch: u8) -> (f64, f64) {
        let (low, high) = self.range();
        let height = NOTES / f64::from(high - low + 1);
        (height, TOP + height * f64::from(high - pitch))
    }

    /// Rows of the black keys are grey; each row has its name, or the C's only where they are too narrow.
    fn draw_rows(&self, svg: &mut Svg) {
        let (low, high) = self.range();
        for pitch in low..=high {
            let (height, y) = self.row(pitch);
            let (octave, step) = (i32::from(pitch) / 12 - 1, usize::from(pitch % 12));
            let is_black = [1, 3, 6, 8, 10].contains(&step);
            let fill = if is_black {
                r##"fill="#eee""##
            } else {
                r##"fill="#fff""##
            };
            svg.rect((LEFT, y), (WIDTH, height), fill);
            let size = (height - 1.0).min(16.0);
            if step == 0 || (!is_black && size >= 11.0) {
                let name = format!("{}{octave}", NAMES[step]);
                let size = size.max(11.0);
                let with = format!(r##"font-size="{size:.0}" text-anchor="end" fill="#333""##);
                svg.text((LEFT - 8.0, y + height / 2.0 + size * 0.36), &name, &with);
            }
        }
    }

    fn draw_bars(&self, svg: &mut Svg, top: f64, height: f64) {
        let ends = self.tune.bars.iter().map(|bar| bar.end);
        for tick in [0].into_iter().chain(ends) {
            let x = self.x(tick.min(self.tune.end()));
            svg.line((x, top), (x, top + height), r##"stroke="#888""##);
        }
    }

    /// The numbers of bars, where there is room for them; a pickup is number 0.
    fn draw_bar_numbers(&self, svg: &mut Svg) {
        let bars = &self.tune.bars;
        let Some(first) = bars.first() else { return };
        let is_pickup = first.end < self.tune.bar();
        let (mut begin, mut free) = (0, LEFT);
        for (i, bar) in bars.iter().enumerate() {
            let number = i + usize::from(!is_pickup);
            let x = self.x(begin) + 3.0;
            if number > 0 && x >= free {
                free = x + 36.0;
                svg.text(
                    (x, TOP - 8.0),
                    &number.to_string(),
                    r##"font-size="16" fill="#555""##,
                );
            }
            begin = bar.end;
        }
    }

    fn draw_notes(&self, svg: &mut Svg) {
        for event in &self.tune.events {
            for pitch in &event.pitches {
                let (height, y) = self.row(*pitch);
                let (from, to) = (self.x(event.start), self.x(event.end()));
                let size = ((to - from - 1.0).max(1.0), height - 1.0);
                svg.rect((from + 0.5, y + 0.5), size, r##"rx="2" fill="#0072b2""##);
            }
        }
    }

    fn draw_panel(&self, svg: &mut Svg, panel: &Panel, top: f64) {
        let text = |with: &str| format!(r##"font-size="18" fill="#333" {with}"##);
        self.draw_bars(svg, top, PANEL);
        for level in [0.0, 0.5, 1.0] {
            let y = top + PANEL * (1.0 - level);
            svg.line((LEFT, y), (LEFT + WIDTH, y), r##"stroke="#ccc""##);
            let with = text(r#"text-anchor="end""#);
            svg.text((LEFT - 8.0, y + 6.0), &level.to_string(), &with);
        }
        svg.text((LEFT, top - 16.0), &panel.title, &text(""));
        let mut x = LEFT + WIDTH;
        for (i, (name, points)) in panel.lines.iter().enumerate().rev() {
            let (colour, dash) = LINES[i % LINES.len()];
            let stroke = format!(
                r#"fill="none" stroke="{colour}" stroke-width="3.5" stroke-dasharray="{dash}""#
            );
            svg.path(&self.path(points, top), &stroke);
            x -= 12.0 * name.chars().count() as f64;
            svg.text((x, top - 16.0), name, &text(""));
            svg.line((x - 52.0, top - 22.0), (x - 8.0, top - 22.0), &stroke);
            x -= 76.0;
        }
    }

    fn path(&self, points: &[(u32, f64)], top: f64) -> String {
        let mut path = String::new();
        let mut command = 'M';
        for (tick, number) in points {
            if !number.is_finite() {
                command = 'M';
                continue;
            }
            let y = top + PANEL * (1.0 - number.clamp(0.0, 1.0));
            let _ = write!(path, "{command} {:.1} {y:.1} ", self.x(*tick));
            command = 'L';
        }
        path
    }
}
