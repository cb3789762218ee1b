//! [`LineChart`]: series of numbers over time.

use super::{COLOURS, INK, short};
use crate::svg::{Svg, text_width};

/// The plotting area: left, top, width and height in pixels.
const AREA: (f64, f64, f64, f64) = (78.0, 44.0, 560.0, 300.0);
/// A dashed line that has no other before it.
const GREY: &str = "#888";
const DASHES: &str = r#"stroke-dasharray="6 4""#;

/// Series of numbers over time, as lines. On a logarithmic axis ([`LineChart::log`]) an exploding
/// or vanishing gradient is a straight line.
///
/// ```
/// # use pictures::LineChart;
/// let chart = LineChart::new("gradient flow", "t", "‖∂E/∂h_t‖")
///     .line("RNN", &[1e-3, 1e-2, 1e-1])
///     .line("LSTM", &[0.5, 0.6, 0.7])
///     .log();
/// assert!(chart.svg().to_string().contains("LSTM"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LineChart {
    title: String,
    x: String,
    y: String,
    log: bool,
    /// Where the numbers are along the x-axis, unless at 0, 1, 2 and so on.
    places: Option<Vec<f64>>,
    log_x: bool,
    lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq)]
struct Line {
    name: String,
    numbers: Vec<f64>,
    is_dashed: bool,
}

impl LineChart {
    /// No lines yet, a title, and what the axes show.
    pub fn new(title: &str, x: &str, y: &str) -> Self {
        LineChart {
            title: title.into(),
            x: x.into(),
            y: y.into(),
            log: false,
            places: None,
            log_x: false,
            lines: Vec::new(),
        }
    }

    /// With one more line, whose first number is that of step 0. Numbers that cannot be drawn,
    /// such as NaN, and zero on a logarithmic axis, leave a gap.
    pub fn line(&self, name: &str, numbers: &[f64]) -> Self {
        self.with(name, numbers, false)
    }

    /// With one more line, which is dashed and in the colour of the one before it: a bound, a theory beside a
    /// measurement. One before all others is grey: what nobody falls below.
    ///
    /// ```
    /// # use pictures::LineChart;
    /// let chart = LineChart::new("memory", "distance", "accuracy")
    ///     .dashed("by chance", &[0.25, 0.25])
    ///     .line("LSTM", &[1.0, 0.9]);
    /// assert!(chart.svg().to_string().contains("stroke-dasharray"));
    /// ```
    pub fn dashed(&self, name: &str, numbers: &[f64]) -> Self {
        self.with(name, numbers, true)
    }

    fn with(&self, name: &str, numbers: &[f64], is_dashed: bool) -> Self {
        let mut chart = self.clone();
        chart.lines.push(Line {
            name: name.into(),
            numbers: numbers.to_vec(),
            is_dashed,
        });
        chart
    }

    /// With the numbers of all lines at these places of the x-axis, and not at steps 0, 1, 2. Each place is
    /// written below it.
    ///
    /// ```
    /// # use pictures::LineChart;
    /// let chart = LineChart::new("memory", "distance", "accuracy")
    ///     .at(&[10.0, 100.0, 400.0])
    ///     .log_x()
    ///     .line("LSTM", &[1.0, 0.99, 0.8]);
    /// assert!(chart.svg().to_string().contains(">400<"));
    /// ```
    pub fn at(&self, places: &[f64]) -> Self {
        LineChart {
            places: Some(places.to_vec()),
            ..self.clone()
        }
    }

    /// With a logarithmic x-axis, for places above zero.
    pub fn log_x(&self) -> Self {
        LineChart {
            log_x: true,
            ..self.clone()
        }
    }

    /// With a logarithmic y-axis.
    pub fn log(&self) -> Self {
        LineChart {
            log: true,
            ..self.clone()
        }
    }

    /// The picture.
    pub fn svg(&self) -> Svg {
        let (left, top, width, height) = AREA;
        let widest = self.lines.iter().map(|line| text_width(&line.name, 12.0));
        let legend = 50.0 + widest.fold(0.0, f64::max);
        let total = (left + width + legend).max(40.0 + text_width(&self.title, 14.0));
        let mut svg = Svg::new(total, top + height + 54.0);
        let bold = format!(r#"font-size="14" font-weight="bold" fill="{INK}""#);
        svg.text((20.0, 26.0), &self.title, &bold);
        let scale = Scale::of(self);
        self.draw_axes(&mut svg, &scale);
        let (mut colour, mut solid) = (GREY, 0);
        for (i, line) in self.lines.iter().enumerate() {
            if !line.is_dashed {
                (colour, solid) = (COLOURS[solid % COLOURS.len()], solid + 1);
            }
            let dashes = if line.is_dashed { DASHES } else { "" };
            line.draw(
                &mut svg,
                &scale,
                &format!(r#"stroke="{colour}" {dashes}"#),
                colour,
            );
            let y = top + 14.0 + 20.0 * i as f64;
            let stroke = format!(r#"stroke="{colour}" stroke-width="2.5" {dashes}"#);
            let x = left + width + 12.0;
            svg.line((x, y), (x + 20.0, y), &stroke);
            svg.text((x + 26.0, y + 4.0), &line.name, &format!(r#"fill="{INK}""#));
        }
        svg
    }

    fn draw_axes(&self, svg: &mut Svg, scale: &Scale) {
        let (left, top, width, height) = AREA;
        let step = scale.y_step();
        let first = (scale.low / step - 1e-9).ceil() as i64;
        let last = (scale.high / step + 1e-9).floor() as i64;
        for tick in (first..=last).map(|k| k as f64 * step) {
            let y = scale.y(tick);
            svg.line((left, y), (left + width, y), r##"stroke="#e4e4e4""##);
            let style = format!(r#"text-anchor="end" font-size="11" fill="{INK}""#);
            svg.text((left - 6.0, y + 4.0), &scale.name(tick, step), &style);
        }
        for (place, name) in scale.x_ticks() {
            let x = scale.across(place);
            svg.line(
                (x, top + height),
                (x, top + height + 4.0),
                &format!(r#"stroke="{INK}""#),
            );
            let style = format!(r#"text-anchor="middle" font-size="11" fill="{INK}""#);
            svg.text((x, top + height + 17.0), &name, &style);
        }
        let frame = format!(r#"fill="none" stroke="{INK}""#);
        svg.rect((left, top), (width, height), &frame);
        let middle = format!(r#"text-anchor="middle" fill="{INK}""#);
        svg.text((left + width / 2.0, top + height + 40.0), &self.x, &middle);
        let (x, y) = (18.0, top + height / 2.0);
        let turned = format!(r#"{middle} transform="rotate(-90 {x} {y})""#);
        svg.text((x, y), &self.y, &turned);
    }

    /// Displays the chart in a notebook.
    pub fn evcxr_display(&self) {
        let names: Vec<_> = self.lines.iter().map(|line| line.name.as_str()).collect();
        let what = format!("a chart: {} ({})", self.title, names.join(", "));
        self.svg().show(&what, &what);
    }
}

/// Where numbers are in the plotting area.
struct Scale {
    steps: usize,
    /// Along the x-axis, logarithms if it is logarithmic.
    places: Option<Vec<f64>>,
    log_x: bool,
    low: f64,
    high: f64,
    log: bool,
}

impl Scale {
    fn of(chart: &LineChart) -> Self {
        let numbers = chart.lines.iter().flat_map(|line| &line.numbers);
        let lengths = chart.lines.iter().map(|line| line.numbers.len());
        let mut scale = Scale {
            steps: lengths.max().unwrap_or(0),
            places: chart.places.clone().map(|mut places| {
                if chart.log_x {
                    places.iter_mut().for_each(|x| *x = x.log10());
                }
                places
            }),
            log_x: chart.log_x,
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            log: chart.log,
        };
        let places: Vec<_> = numbers.filter_map(|&x| scale.place(x)).collect();
        for place in places {
            scale.low = scale.low.min(place);
            scale.high = scale.high.max(place);
        }
        if scale.low > scale.high {
            (scale.low, scale.high) = (0.0, 1.0); // nothing to draw
        }
        if scale.log {
            (scale.low, scale.high) = (scale.low.floor(), scale.high.ceil());
        } else if scale.low > 0.0 && scale.low < scale.high / 3.0 {
            scale.low = 0.0;
        }
        if scale.high - scale.low < 1e-12 * scale.high.abs().max(1e-300) {
            let around = if scale.log {
                1.0
            } else {
                0.5 * scale.high.abs().max(1.0)
            };
            (scale.low, scale.high) = (scale.low - around, scale.high + around);
        }
        scale
    }

    /// A number, or its logarithm; `None` if it cannot be drawn.
    fn place(&self, x: f64) -> Option<f64> {
        let place = if self.log { x.log10() } else { x };
        place.is_finite().then_some(place)
    }

    /// Where a number is; `None` if there is no place for it.
    fn x(&self, t: usize) -> Option<f64> {
        let place = match &self.places {
            None => t as f64,
            Some(places) => *places.get(t)?,
        };
        Some(self.across(place)).filter(|x| x.is_finite())
    }

    fn across(&self, place: f64) -> f64 {
        let (left, _, width, _) = AREA;
        let (first, last) = match &self.places {
            None => (0.0, self.steps.saturating_sub(1) as f64),
            Some(places) => {
                let finite = places.iter().copied().filter(|x| x.is_finite());
                finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| {
                    (a.min(x), b.max(x))
                })
            }
        };
        let range = if last > first { last - first } else { 1.0 };
        left + 8.0 + (width - 16.0) * (place - first) / range
    }

    fn y(&self, place: f64) -> f64 {
        let (_, top, _, height) = AREA;
        top + height - 8.0 - (height - 16.0) * (place - self.low) / (self.high - self.low)
    }

    /// Places and what is written below them.
    fn x_ticks(&self) -> Vec<(f64, String)> {
        let Some(places) = &self.places else {
            let every = round_step(self.steps as f64 / 10.0).max(1.0) as usize;
            let steps = (0..self.steps).step_by(every);
            return steps.map(|t| (t as f64, t.to_string())).collect();
        };
        let mut ticks = Vec::new();
        let mut free = f64::NEG_INFINITY; // up to where names reach
        for &place in places.iter().filter(|x| x.is_finite()) {
            let value = if self.log_x { 10f64.powf(place) } else { place };
            let name = ((value * 1e6).round() / 1e6).to_string();
            let (x, half) = (self.across(place), text_width(&name, 11.0) / 2.0);
            if x - half >= free {
                free = x + half + 4.0;
                ticks.push((place, name));
            }
        }
        ticks
    }

    /// The distance between two ticks.
    fn y_step(&self) -> f64 {
        let step = round_step((self.high - self.low) / 6.0);
        if self.log { step.max(1.0).ceil() } else { step }
    }

    /// All ticks have as many digits as their distance needs.
    fn name(&self, tick: f64, step: f64) -> String {
        let digits = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
        match self.log {
            true => format!("1e{tick:.0}"),
            false if digits > 4 || tick.abs() >= 1e6 => short(tick),
            false => format!("{tick:.digits$}"),
        }
    }
}

/// 1, 2 or 5 times a power of ten, not below a number.
fn round_step(at_least: f64) -> f64 {
    let power = 10f64.powf(at_least.max(1e-300).log10().floor());
    let factor = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|f| f * power >= at_least * 0.999);
    factor.unwrap_or(10.0) * power
}

impl Line {
    fn draw(&self, svg: &mut Svg, scale: &Scale, stroke: &str, colour: &str) {
        let mut path = String::new();
        let mut pen_is_down = false;
        let has_dots = self.numbers.len() <= 40 && !self.is_dashed;
        for (t, &number) in self.numbers.iter().enumerate() {
            let (Some(x), Some(place)) = (scale.x(t), scale.place(number)) else {
                pen_is_down = false;
                continue;
            };
            let command = if pen_is_down { 'L' } else { 'M' };
            let y = scale.y(place);
            path.push_str(&format!("{command} {x:.1} {y:.1} "));
            pen_is_down = true;
            if has_dots {
                svg.circle((x, y), 2.5, &format!(r#"fill="{colour}""#));
            }
        }
        svg.path(&path, &format!(r#"fill="none" stroke-width="2" {stroke}"#));
    }
}
