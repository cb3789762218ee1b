//! [`LineChart`]: series of numbers over time.

use super::{COLOURS, INK, short};
use crate::svg::{Svg, text_width};

/// The plotting area: left, top, width and height in pixels.
const AREA: (f64, f64, f64, f64) = (78.0, 44.0, 560.0, 300.0);

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
    lines: Vec<(String, Vec<f64>)>,
}

impl LineChart {
    /// No lines yet, a title, and what the axes show.
    pub fn new(title: &str, x: &str, y: &str) -> Self {
        LineChart {
            title: title.into(),
            x: x.into(),
            y: y.into(),
            log: false,
            lines: Vec::new(),
        }
    }

    /// With one more line, whose first number is that of step 0. Numbers that cannot be drawn,
    /// such as NaN, and zero on a logarithmic axis, leave a gap.
    pub fn line(&self, name: &str, numbers: &[f64]) -> Self {
        let mut chart = self.clone();
        chart.lines.push((name.into(), numbers.to_vec()));
        chart
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
        let widest = self.lines.iter().map(|(name, _)| text_width(name, 12.0));
        let legend = 50.0 + widest.fold(0.0, f64::max);
        let total = (left + width + legend).max(40.0 + text_width(&self.title, 14.0));
        let mut svg = Svg::new(total, top + height + 54.0);
        let bold = format!(r#"font-size="14" font-weight="bold" fill="{INK}""#);
        svg.text((20.0, 26.0), &self.title, &bold);
        let scale = Scale::of(self);
        self.draw_axes(&mut svg, &scale);
        for (i, (name, numbers)) in self.lines.iter().enumerate() {
            let colour = COLOURS[i % COLOURS.len()];
            draw_line(&mut svg, &scale, numbers, colour);
            let y = top + 14.0 + 20.0 * i as f64;
            let stroke = format!(r#"stroke="{colour}" stroke-width="2.5""#);
            let x = left + width + 12.0;
            svg.line((x, y), (x + 20.0, y), &stroke);
            svg.text((x + 26.0, y + 4.0), name, &format!(r#"fill="{INK}""#));
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
        for t in scale.x_ticks() {
            let x = scale.x(t);
            svg.line(
                (x, top + height),
                (x, top + height + 4.0),
                &format!(r#"stroke="{INK}""#),
            );
            let style = format!(r#"text-anchor="middle" font-size="11" fill="{INK}""#);
            svg.text((x, top + height + 17.0), &t.to_string(), &style);
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
        let names: Vec<_> = self.lines.iter().map(|(name, _)| name.as_str()).collect();
        let what = format!("a chart: {} ({})", self.title, names.join(", "));
        self.svg().show(&what, &what);
    }
}

/// Where numbers are in the plotting area.
struct Scale {
    steps: usize,
    low: f64,
    high: f64,
    log: bool,
}

impl Scale {
    fn of(chart: &LineChart) -> Self {
        let numbers = chart.lines.iter().flat_map(|(_, numbers)| numbers);
        let mut scale = Scale {
            steps: chart.lines.iter().map(|(_, n)| n.len()).max().unwrap_or(0),
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

    fn x(&self, t: usize) -> f64 {
        let (left, _, width, _) = AREA;
        left + 8.0 + (width - 16.0) * t as f64 / self.steps.saturating_sub(1).max(1) as f64
    }

    fn y(&self, place: f64) -> f64 {
        let (_, top, _, height) = AREA;
        top + height - 8.0 - (height - 16.0) * (place - self.low) / (self.high - self.low)
    }

    fn x_ticks(&self) -> impl Iterator<Item = usize> + use<> {
        let every = round_step(self.steps as f64 / 10.0).max(1.0) as usize;
        (0..self.steps).step_by(every)
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

fn draw_line(svg: &mut Svg, scale: &Scale, numbers: &[f64], colour: &str) {
    let mut path = String::new();
    let mut pen_is_down = false;
    for (t, &number) in numbers.iter().enumerate() {
        let Some(place) = scale.place(number) else {
            pen_is_down = false;
            continue;
        };
        let command = if pen_is_down { 'L' } else { 'M' };
        let (x, y) = (scale.x(t), scale.y(place));
        path.push_str(&format!("{command} {x:.1} {y:.1} "));
        pen_is_down = true;
        if numbers.len() <= 40 {
            svg.circle((x, y), 2.5, &format!(r#"fill="{colour}""#));
        }
    }
    let style = format!(r#"fill="none" stroke="{colour}" stroke-width="2""#);
    svg.path(&path, &style);
}
