//! [`BarChart`]: numbers of a few things, side by side.

use super::{COLOURS, INK, short};
use crate::svg::{Svg, text_width};

/// The height of the highest bar, and where bars begin and end: top and left, in pixels.
const HEIGHT: f64 = 280.0;
const TOP: f64 = 70.0;
const LEFT: f64 = 40.0;
/// A bar, and the gap between two groups.
const BAR: f64 = 44.0;
const GAP: f64 = 36.0;

/// Groups of numbers as bars from zero, each with its number above: the rows and seconds of several ways to do
/// the same, for several kinds of data.
///
/// ```
/// # use pictures::BarChart;
/// let chart = BarChart::new("rows computed for a step", &["names", "sentences"])
///     .bars("zero padding", &[2.1, 1.8])
///     .bars("packed", &[1.0, 1.0]);
/// assert!(chart.svg().to_string().contains("zero padding"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BarChart {
    title: String,
    groups: Vec<String>,
    bars: Vec<(String, Vec<f64>)>,
}

impl BarChart {
    /// No bars yet, a title, and the name of each group.
    pub fn new(title: &str, groups: &[&str]) -> Self {
        BarChart {
            title: title.into(),
            groups: groups.iter().map(ToString::to_string).collect(),
            bars: Vec::new(),
        }
    }

    /// With a bar more in each group, all of one colour and name. Missing numbers, and those that cannot be
    /// drawn, such as NaN and what is below zero, leave a gap.
    pub fn bars(&self, name: &str, numbers: &[f64]) -> Self {
        let mut chart = self.clone();
        chart.bars.push((name.into(), numbers.to_vec()));
        chart
    }

    /// The picture.
    pub fn svg(&self) -> Svg {
        let group = self.bars.len() as f64 * BAR + GAP;
        let right = LEFT + group * self.groups.len() as f64;
        let names = self.bars.iter().map(|(name, _)| text_width(name, 14.0));
        let legend = 50.0 + names.fold(0.0, f64::max);
        let width = (right + legend).max(40.0 + text_width(&self.title, 16.0));
        let rows = 22.0 * self.bars.len() as f64;
        let mut svg = Svg::new(width, TOP + HEIGHT.max(rows) + 50.0);
        let bold = format!(r#"font-size="16" font-weight="bold" fill="{INK}""#);
        svg.text((20.0, 30.0), &self.title, &bold);
        let middle = format!(r#"text-anchor="middle" fill="{INK}""#);
        for (g, name) in self.groups.iter().enumerate() {
            let x = LEFT + group * g as f64 + (group - GAP) / 2.0;
            let style = format!(r#"{middle} font-size="14""#);
            svg.text((x, TOP + HEIGHT + 24.0), name, &style);
        }
        for (i, (name, numbers)) in self.bars.iter().enumerate() {
            let colour = COLOURS[i % COLOURS.len()];
            let fill = format!(r#"fill="{colour}""#);
            for (g, &number) in numbers.iter().enumerate().take(self.groups.len()) {
                let x = LEFT + group * g as f64 + BAR * i as f64;
                self.draw_bar(&mut svg, x, number, &fill);
            }
            let y = TOP + 22.0 * i as f64;
            svg.rect((right, y), (14.0, 14.0), &fill);
            let style = format!(r#"font-size="14" fill="{INK}""#);
            svg.text((right + 22.0, y + 12.0), name, &style);
        }
        let axis = format!(r#"stroke="{INK}""#);
        let end = right - GAP / 2.0;
        svg.line((LEFT - 10.0, TOP + HEIGHT), (end, TOP + HEIGHT), &axis);
        svg
    }

    fn draw_bar(&self, svg: &mut Svg, x: f64, number: f64, fill: &str) {
        if !is_drawn(number) {
            return;
        }
        let height = HEIGHT * number / self.highest();
        let y = TOP + HEIGHT - height;
        svg.rect((x + 1.0, y), (BAR - 2.0, height), fill);
        let style = format!(r#"text-anchor="middle" font-size="13" fill="{INK}""#);
        svg.text((x + BAR / 2.0, y - 5.0), &short(number), &style);
    }

    fn highest(&self) -> f64 {
        let numbers = self.bars.iter().flat_map(|(_, numbers)| numbers);
        let drawn = numbers.copied().filter(|&x| is_drawn(x));
        drawn.fold(f64::MIN_POSITIVE, f64::max)
    }

    /// Displays the chart in a notebook.
    pub fn evcxr_display(&self) {
        let names: Vec<_> = self.bars.iter().map(|(name, _)| name.as_str()).collect();
        let what = format!("a chart: {} ({})", self.title, names.join(", "));
        self.svg().show(&what, &what);
    }
}

fn is_drawn(number: f64) -> bool {
    number.is_finite() && number >= 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_high_as_its_number() {
        let chart = BarChart::new("rows", &["a", "b"])
            .bars("x", &[4.0, 1.0])
            .bars("y", &[f64::NAN]);
        let text = chart.svg().to_string();
        let heights = |part: &str| text.matches(&format!(r#"height="{part}""#)).count();
        assert_eq!((heights("280.0"), heights("70.0")), (1, 1), "{text}");
        assert!(text.contains(">4.00<") && text.contains(">1.00<"), "{text}");
        assert!(!text.contains("NaN"), "{text}");
    }

    #[test]
    fn nothing_to_draw_is_an_empty_chart() {
        let chart = BarChart::new("nothing", &["a"])
            .bars("x", &[0.0, -1.0])
            .bars("<y>", &[]);
        let text = chart.svg().to_string();
        assert!(
            text.contains("&lt;y&gt;") && text.contains(r#"height="0.0""#),
            "{text}"
        );
    }
}
