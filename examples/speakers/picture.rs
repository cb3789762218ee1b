//! A series as shades, and below it what a model believes as lines.

use pictures::Svg;
use train::prelude::*;

use crate::belief::Belief;

/// Left, width and right of both panels, in pixels.
const LEFT: f64 = 150.0;
const WIDTH: f64 = 800.0;
const RIGHT: f64 = 230.0;
/// Top and height of each.
const SHADES: (f64, f64) = (64.0, 288.0);
const LINES: (f64, f64) = (420.0, 260.0);

/// Classes that have a line: those that are believed most at a time. Whoever does not see all colours tells these apart
/// (Okabe and Ito 2008); the true class is the first, and its line broad.
const COLOURS: [&str; 5] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"];
/// What nobody believes at any time has no line.
const FAINT: f64 = 0.05;
const INK: &str = "#222";
/// Between two baselines of the legend.
const LINE: f64 = 32.0;

/// The picture of a series, which is called so.
pub fn draw(belief: &Belief, name: &str, classes: &[String]) -> Svg {
    let mut svg = Svg::new(LEFT + WIDTH + RIGHT, LINES.0 + LINES.1 + 68.0);
    let title = format!(r#"font-size="22" font-weight="bold" fill="{INK}""#);
    svg.text((20.0, 38.0), name, &title);
    draw_series(&mut svg, belief.series);
    draw_axes(&mut svg, belief.series.row_count());
    for (place, (class, colour)) in shown(belief).into_iter().zip(COLOURS).enumerate() {
        let width = if class == belief.class { 6 } else { 3 };
        let stroke = format!(r#"stroke="{colour}" stroke-width="{width}""#);
        draw_line(&mut svg, belief, class, &stroke);
        let right = if class == belief.class {
            " (right)"
        } else {
            ""
        };
        let text = format!("{}{right}", named(&classes[class]));
        let (x, y) = (LEFT + WIDTH + 16.0, LINES.0 + 20.0 + LINE * place as f64);
        svg.line((x, y - 6.0), (x + 24.0, y - 6.0), &stroke);
        svg.text(
            (x + 32.0, y),
            &text,
            &format!(r#"font-size="18" fill="{INK}""#),
        );
    }
    svg
}

/// The probability of a class over time.
fn draw_line(svg: &mut Svg, belief: &Belief, class: usize, stroke: &str) {
    let steps = belief.series.row_count();
    let point = |t: usize| {
        let y = LINES.0 + LINES.1 * (1.0 - belief.probabilities[(t, class)]);
        format!("{:.1} {y:.1}", middle(t, steps))
    };
    let points: Vec<_> = (0..steps).map(point).collect();
    let path = match &points[..] {
        [alone] => format!("M {alone} l 1 0"),
        _ => format!("M {}", points.join(" L ")),
    };
    svg.path(
        &path,
        &format!(r#"fill="none" stroke-linejoin="round" {stroke}"#),
    );
}

/// The true class, then those that are believed most at a time.
fn shown(belief: &Belief) -> Vec<usize> {
    let p = &belief.probabilities;
    let most = |class: usize| {
        (0..p.row_count())
            .map(|t| p[(t, class)])
            .fold(0.0, f64::max)
    };
    let others = (0..p.col_count()).filter(|&class| class != belief.class && most(class) > FAINT);
    let mut others: Vec<_> = others.collect();
    others.sort_by(|&a, &b| most(b).total_cmp(&most(a)));
    [vec![belief.class], others].concat()
}

/// A row for each dimension: blue above its mean, red below, the more the farther from it.
fn draw_series(svg: &mut Svg, series: &Matrix) {
    let (steps, dimensions) = (series.row_count(), series.col_count());
    let values = series.data().iter().map(|x| f64::from(x.abs()));
    let largest = values.fold(f64::MIN_POSITIVE, f64::max);
    let (width, height) = (WIDTH / steps as f64, SHADES.1 / dimensions as f64);
    for d in 0..dimensions {
        for t in 0..steps {
            let value = f64::from(series[(t, d)]);
            let colour = if value < 0.0 { "#b2182b" } else { "#084594" };
            let fill = format!(
                r#"fill="{colour}" fill-opacity="{:.3}""#,
                value.abs() / largest
            );
            let at = (LEFT + t as f64 * width, SHADES.0 + d as f64 * height);
            svg.rect(at, (width, height), &fill);
        }
    }
    svg.rect(
        (LEFT, SHADES.0),
        (WIDTH, SHADES.1),
        &format!(r#"fill="none" stroke="{INK}""#),
    );
    let end = format!(r#"font-size="18" text-anchor="end" fill="{INK}""#);
    svg.text((LEFT - 12.0, SHADES.0 + 18.0), "dimension 1", &end);
    if dimensions > 1 {
        svg.text(
            (LEFT - 12.0, SHADES.0 + SHADES.1 - 4.0),
            &dimensions.to_string(),
            &end,
        );
    }
    let (x, y) = (LEFT + WIDTH + 16.0, SHADES.0 + 20.0);
    for (i, (colour, text)) in [("#084594", "above the mean"), ("#b2182b", "below it")]
        .iter()
        .enumerate()
    {
        let y = y + LINE * i as f64;
        svg.rect(
            (x, y - 14.0),
            (16.0, 16.0),
            &format!(r#"fill="{colour}" fill-opacity="0.8""#),
        );
        svg.text(
            (x + 24.0, y),
            text,
            &format!(r#"font-size="18" fill="{INK}""#),
        );
    }
}

fn draw_axes(svg: &mut Svg, steps: usize) {
    let (top, height) = LINES;
    let style = |anchor: &str| format!(r#"font-size="18" text-anchor="{anchor}" fill="{INK}""#);
    svg.text(
        (LEFT, top - 20.0),
        "what is believed after each step:",
        &style("start"),
    );
    for part in [0.0, 0.5, 1.0] {
        let y = top + height * (1.0 - part);
        svg.line((LEFT, y), (LEFT + WIDTH, y), r##"stroke="#ddd""##);
        svg.text(
            (LEFT - 12.0, y + 6.0),
            &format!("{:.0} %", 100.0 * part),
            &style("end"),
        );
    }
    svg.rect(
        (LEFT, top),
        (WIDTH, height),
        &format!(r#"fill="none" stroke="{INK}""#),
    );
    let every = steps.div_ceil(15);
    for t in (0..steps).step_by(every) {
        let at = (middle(t, steps), top + height + 24.0);
        svg.text(at, &(t + 1).to_string(), &style("middle"));
    }
    svg.text(
        (LEFT + WIDTH / 2.0, top + height + 54.0),
        "step",
        &style("middle"),
    );
}

/// Where a step is, from the left.
fn middle(t: usize, steps: usize) -> f64 {
    LEFT + WIDTH * (t as f64 + 0.5) / steps as f64
}

/// A class as the legend has room for it: "class 7", but "Walking".
fn named(class: &str) -> String {
    let is_number = class.parse::<f64>().is_ok();
    let text = if is_number {
        format!("class {class}")
    } else {
        class.into()
    };
    match text.chars().count() > 9 {
        true => text.chars().take(8).chain(['…']).collect(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_true_class_comes_first_and_what_nobody_believes_has_no_line() {
        let series = Matrix::from([[0.5, -1.0], [1.0, 0.0]]);
        let probabilities = Matrix::from([[0.1, 0.3, 0.59, 0.01], [0.2, 0.7, 0.08, 0.02]]);
        let belief = Belief {
            series: &series,
            class: 0,
            probabilities,
        };
        assert_eq!(shown(&belief), [0, 1, 2]);
        let names = ["1", "<b>", "a long name", "d"].map(String::from);
        let svg = draw(&belief, "series 1", &names).to_string();
        assert_eq!(svg.matches("<path").count(), 3);
        for text in [
            "class 1 (right)",
            ">&lt;b&gt;<",
            ">a long n…<",
            ">2<",
            "series 1",
        ] {
            assert!(svg.contains(text), "{text}");
        }
        assert!(!svg.contains(">d<"));
    }

    #[test]
    fn a_series_of_one_step_is_drawn() {
        let series = Matrix::from([[0.0]]);
        let belief = Belief {
            series: &series,
            class: 1,
            probabilities: Matrix::from([[0.5, 0.5]]),
        };
        let svg = draw(&belief, "one", &["a".into(), "b".into()]).to_string();
        assert!(svg.contains("l 1 0") && !svg.contains("NaN"), "{svg}");
    }
}
