//! The picture of the cliff: the error by w and b as shades, and the paths of gradient descent over it.

use train::pictures::Svg;
use train::prelude::*;

use crate::cliff::error_at;

/// What is shown: w across, b upwards.
const W: (f64, f64) = (4.0, 6.0);
const B: (f64, f64) = (-3.0, -1.4);
/// Shades across and upwards, and their side in pixels.
const SHADES: (usize, usize) = (100, 64);
const SIDE: f64 = 7.0;
/// The upper left corner of the surface.
const CORNER: (f64, f64) = (80.0, 60.0);
/// Shades of E: from white to this for the largest.
const DARKEST: &str = "#084594";
const INK: &str = "#333";

/// A path, how it is drawn, and what it is called.
pub struct Trail<'a> {
    pub path: &'a [[f64; 2]],
    pub colour: &'a str,
    pub name: &'a str,
}

/// The surface with the trails on it. What leaves the surface ends at its edge.
pub fn draw(trails: &[Trail<'_>]) -> Svg {
    let (left, top) = CORNER;
    let (width, height) = (SHADES.0 as f64 * SIDE, SHADES.1 as f64 * SIDE);
    let mut svg = Svg::new(left + width + 40.0, top + height + 96.0);
    let title = "E = (σ(x₅₀) − 0.7)² of one unit, x_t = w σ(x_{t−1}) + b: the darker, the larger";
    svg.text(
        (20.0, 30.0),
        title,
        &format!(r#"font-size="15" font-weight="bold" fill="{INK}""#),
    );
    shade(&mut svg);
    draw_axes(&mut svg, (width, height));
    for (i, trail) in trails.iter().enumerate() {
        trail.draw(&mut svg);
        let (x, y) = (left + i as f64 * width / 2.0, top + height + 76.0);
        svg.line(
            (x, y - 5.0),
            (x + 26.0, y - 5.0),
            &format!(r#"stroke="{}" stroke-width="3""#, trail.colour),
        );
        svg.text(
            (x + 34.0, y),
            trail.name,
            &format!(r#"font-size="15" fill="{INK}""#),
        );
    }
    svg
}

fn shade(svg: &mut Svg) {
    let (across, up) = SHADES;
    let middle = |i: usize, count: usize, (low, high): (f64, f64)| {
        low + (i as f64 + 0.5) / count as f64 * (high - low)
    };
    let error = |r, c| error_at([middle(c, across, W), middle(up - 1 - r, up, B)]);
    let errors = Matrix::<f64>::from_fn(up, across, error);
    let largest = errors.data().iter().copied().fold(0.0, f64::max);
    for r in 0..up {
        for c in 0..across {
            let at = (CORNER.0 + c as f64 * SIDE, CORNER.1 + r as f64 * SIDE);
            let opacity = 0.7 * errors[(r, c)] / largest;
            let fill = format!(r#"fill="{DARKEST}" fill-opacity="{opacity:.3}""#);
            svg.rect(at, (SIDE, SIDE), &fill);
        }
    }
}

fn draw_axes(svg: &mut Svg, (width, height): (f64, f64)) {
    let (left, top) = CORNER;
    svg.rect(
        CORNER,
        (width, height),
        &format!(r#"fill="none" stroke="{INK}""#),
    );
    for tick in 0..=4 {
        let w = W.0 + f64::from(tick) / 4.0 * (W.1 - W.0);
        let b = B.0 + f64::from(tick) / 4.0 * (B.1 - B.0);
        let (x, y) = place([w, b]);
        let style = |anchor: &str| format!(r#"font-size="14" fill="{INK}" text-anchor="{anchor}""#);
        svg.text(
            (x, top + height + 20.0),
            &format!("{w:.1}"),
            &style("middle"),
        );
        svg.text((left - 8.0, y + 5.0), &format!("{b:.1}"), &style("end"));
    }
    let style = format!(r#"font-size="16" fill="{INK}" text-anchor="middle""#);
    svg.text((left + width / 2.0, top + height + 42.0), "w", &style);
    svg.text((24.0, top + height / 2.0), "b", &style);
}

/// Where a point of the surface is in the picture.
fn place([w, b]: [f64; 2]) -> (f64, f64) {
    let (width, height) = (SHADES.0 as f64 * SIDE, SHADES.1 as f64 * SIDE);
    (
        CORNER.0 + (w - W.0) / (W.1 - W.0) * width,
        CORNER.1 + (B.1 - b) / (B.1 - B.0) * height,
    )
}

impl Trail<'_> {
    fn draw(&self, svg: &mut Svg) {
        let colour = self.colour;
        let stroke = format!(r#"stroke="{colour}" stroke-width="2.5""#);
        for step in self.path.windows(2) {
            if !is_shown(step[0]) {
                break; // it is gone
            }
            let end = edge(step[0], step[1]);
            svg.line(place(step[0]), place(end), &stroke);
            let (radius, fill) = (2.5, format!(r#"fill="{colour}""#));
            if is_shown(step[1]) {
                svg.circle(place(step[1]), radius, &fill);
            } else {
                cross(svg, place(end), &stroke);
            }
        }
        if let Some(&start) = self.path.first() {
            let ring = format!(r##"fill="#fff" stroke="{INK}" stroke-width="2""##);
            svg.circle(place(start), 6.0, &ring);
        }
    }
}

/// Marks where a trail leaves.
fn cross(svg: &mut Svg, (x, y): (f64, f64), stroke: &str) {
    for side in [-6.0, 6.0] {
        svg.line((x - side, y - 6.0), (x + side, y + 6.0), stroke);
    }
}

fn is_shown([w, b]: [f64; 2]) -> bool {
    (W.0..=W.1).contains(&w) && (B.0..=B.1).contains(&b)
}

/// The last point on the way to another that is shown.
fn edge(from: [f64; 2], to: [f64; 2]) -> [f64; 2] {
    let mut share: f64 = 1.0;
    for (axis, (low, high)) in [W, B].into_iter().enumerate() {
        let way = to[axis] - from[axis];
        let limit = if way < 0.0 { low } else { high };
        if way != 0.0 {
            share = share.min((limit - from[axis]) / way);
        }
    }
    [0, 1].map(|axis| from[axis] + share * (to[axis] - from[axis]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_out_ends_at_the_edge() {
        assert_eq!(edge([5.0, -2.0], [5.5, -2.1]), [5.5, -2.1]);
        assert_eq!(edge([5.0, -2.0], [7.0, -2.0]), [6.0, -2.0]);
        let [w, b] = edge([5.0, -2.0], [5.0, 4.0]);
        assert!(w == 5.0 && (b + 1.4).abs() < 1e-12);
    }
}
