//! A placed graph as a picture.

use std::fmt::Write;

use super::across::BAR_TEXT;
use super::geometry::{Geometry, HEADER, LEGEND_LINE, Point, Rect};
use super::model::{Edge, Flow, Graph, Item, Kind};
use super::place::{DETAIL, HEADING, NAME};
use crate::svg::{Svg, text_width};

/// The colours of parameters, over and over.
const PARAMETERS: [&str; 12] = [
    "#2f9e44", "#8e44ad", "#d9730d", "#0c8599", "#c2255c", "#7a6a1e", "#5f3dc4", "#795548",
    "#e8a200", "#6aa80f", "#e64980", "#3b5b70",
];
const RECURRENT: &str = "#1864d6";
const CUT: &str = "#e03131";
const EDGE: &str = "#868e96";
const INK: &str = "#212529";
const FAINT: &str = "#5c6570";

/// The radius of the corners of edges.
const CORNER: f64 = 5.0;
/// The orders of magnitude that the darkness of boxes tells apart.
const DECADES: f64 = 12.0;

/// The texts of the legend.
const FROM_BEFORE: &str = "from the step before";
const FROM_ANOTHER: &str = "from another step";
const NO_GRADIENT: &str = "no gradient passes";
const GRADIENT: &str = "norm of the gradient";

pub(super) fn paint(graph: &Graph) -> Svg {
    let geometry = Geometry::new(graph);
    let mut svg = Svg::new(geometry.size.0, geometry.size.1);
    columns(&mut svg, graph, &geometry);
    for recurrent in [false, true] {
        // What leads to the next step is on top of what it crosses.
        for (edge, path) in graph.edges.iter().zip(&geometry.paths) {
            if (edge.flow == Flow::Recurrent) == recurrent {
                paint_edge(&mut svg, graph, edge, path);
            }
        }
    }
    let scale = Scale::new(graph);
    for (item, rect) in graph.items.iter().zip(&geometry.boxes) {
        let fill = tint(item, scale);
        paint_item(&mut svg, item, rect, &fill, geometry.text);
    }
    starts(&mut svg, graph, &geometry);
    legend(&mut svg, graph, &geometry, scale);
    svg
}

pub(super) fn colour(flow: Flow) -> &'static str {
    match flow {
        Flow::Plain => EDGE,
        Flow::Recurrent => RECURRENT,
        Flow::Parameter(k) => PARAMETERS[k % PARAMETERS.len()],
        Flow::Cut => CUT,
    }
}

fn columns(svg: &mut Svg, graph: &Graph, geometry: &Geometry) {
    for (of, column) in graph.columns.iter().zip(&geometry.columns) {
        let Some(heading) = &of.heading else { continue };
        svg.rect(column.at, column.size, r##"rx="8" fill="#f3f6fa""##);
        let middle = column.at.0 + column.size.0 / 2.0;
        let with = format!(r#"text-anchor="middle" font-size="{HEADING}" fill="{FAINT}""#);
        svg.text((middle, column.at.1 + HEADER - 10.0), heading, &with);
    }
}

fn paint_edge(svg: &mut Svg, graph: &Graph, edge: &Edge, path: &[Point]) {
    let (from, to) = (graph.items[edge.from].node, graph.items[edge.to].node);
    let colour = colour(edge.flow);
    let look = match edge.flow {
        Flow::Recurrent => r#"stroke-width="2.2""#,
        Flow::Cut => r#"stroke-width="1.8" stroke-dasharray="5 4""#,
        _ => r#"stroke-width="1.4""#,
    };
    let with = format!(r#"class="edge" data-edge="{from}-{to}" fill="none" stroke="{colour}""#);
    svg.group(&with, "", |svg| {
        svg.path(
            &rounded(path),
            &format!(r#"{look} stroke-linejoin="round""#),
        );
        arrow(svg, path, colour);
        if edge.flow == Flow::Cut {
            scissors(svg, path);
        }
    });
}

/// A path with round corners, which stops short of its arrow's tip.
fn rounded(path: &[Point]) -> String {
    let mut path = path.to_vec();
    if let Some(last) = path.last_mut() {
        last.1 += 4.0;
    }
    let mut d = format!("M {:.1} {:.1}", path[0].0, path[0].1);
    for corner in path.windows(3) {
        let [a, b, c] = [corner[0], corner[1], corner[2]];
        let (p, q) = (towards(b, a), towards(b, c));
        let _ = write!(
            d,
            " L {:.1} {:.1} Q {:.1} {:.1} {:.1} {:.1}",
            p.0, p.1, b.0, b.1, q.0, q.1
        );
    }
    let end = path[path.len() - 1];
    let _ = write!(d, " L {:.1} {:.1}", end.0, end.1);
    d
}

/// Where a corner at `from` begins or ends, in the direction of `to`.
fn towards(from: Point, to: Point) -> Point {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy);
    if length < 1e-9 {
        return from;
    }
    let part = (length / 2.0).min(CORNER) / length;
    (from.0 + dx * part, from.1 + dy * part)
}

/// Edges end upwards.
fn arrow(svg: &mut Svg, path: &[Point], colour: &str) {
    let (x, y) = path[path.len() - 1];
    let d = format!("M {x:.1} {y:.1} l -3.2 7 l 6.4 0 Z");
    svg.path(&d, &format!(r#"fill="{colour}" stroke="none""#));
}

/// Two strokes across a cut edge, where it is longest.
fn scissors(svg: &mut Svg, path: &[Point]) {
    let length = |s: &&[Point]| (s[1].0 - s[0].0).abs() + (s[1].1 - s[0].1).abs();
    let longest = path
        .windows(2)
        .max_by(|a, b| length(a).total_cmp(&length(b)));
    let Some([a, b]) = longest else { return };
    let (x, y) = ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0);
    let d = format!(
        "M {:.1} {:.1} l 8 -8 M {:.1} {:.1} l 8 8",
        x - 4.0,
        y + 4.0,
        x - 4.0,
        y - 4.0
    );
    svg.path(&d, r#"stroke-width="2.2""#);
}

/// Dots where edges leave bars.
fn starts(svg: &mut Svg, graph: &Graph, geometry: &Geometry) {
    let mut known = Vec::new();
    for (edge, path) in graph.edges.iter().zip(&geometry.paths) {
        let point = (path[0], edge.flow);
        if graph.items[edge.from].column.is_none() && !known.contains(&point) {
            known.push(point);
            svg.circle(path[0], 2.6, &format!(r#"fill="{}""#, colour(edge.flow)));
        }
    }
}

fn paint_item(svg: &mut Svg, item: &Item, rect: &Rect, fill: &str, text_at: f64) {
    let (stroke, look) = match item.kind {
        Kind::Plain => ("#495057", ""),
        Kind::Data => ("#adb5bd", ""),
        Kind::View => ("#495057", r#" stroke-dasharray="4 3""#),
        Kind::Cut => (CUT, r#" stroke-dasharray="4 3""#),
        Kind::Scope => ("#343a40", r#" stroke-width="1.8""#),
        Kind::Parameter(k) => (PARAMETERS[k % PARAMETERS.len()], r#" stroke-width="1.4""#),
    };
    let class = match item.kind {
        Kind::Scope => "node scope",
        Kind::Parameter(_) => "node parameter",
        _ => "node",
    };
    let with = format!(r#"class="{class}" data-node="{}""#, item.node);
    svg.group(&with, &item.title, |svg| {
        let opacity = if item.column.is_none() { 0.88 } else { 1.0 };
        let with = format!(
            r#"class="box" rx="5" fill="{fill}" fill-opacity="{opacity}" stroke="{stroke}"{look}"#
        );
        svg.rect(rect.at, rect.size, &with);
        let ink = match item.kind {
            Kind::Parameter(k) => PARAMETERS[k % PARAMETERS.len()],
            Kind::Cut => CUT,
            _ => INK,
        };
        match item.column {
            Some(_) => box_text(svg, item, rect, ink),
            None => bar_text(svg, item, rect, ink, text_at),
        }
    });
}

fn box_text(svg: &mut Svg, item: &Item, rect: &Rect, ink: &str) {
    let middle = rect.at.0 + rect.size.0 / 2.0;
    let y = rect.at.1 + rect.size.1 / 2.0;
    let lift = if item.detail.is_empty() { 0.0 } else { 7.0 };
    let name = format!(r#"text-anchor="middle" font-size="{NAME}" fill="{ink}""#);
    svg.text((middle, y + 4.5 - lift), &item.name, &name);
    if !item.detail.is_empty() {
        let with = format!(r#"text-anchor="middle" font-size="{DETAIL}" fill="{FAINT}""#);
        svg.text((middle, y + 11.5), &item.detail, &with);
    }
}

fn bar_text(svg: &mut Svg, item: &Item, rect: &Rect, ink: &str, x: f64) {
    let y = rect.at.1 + rect.size.1 / 2.0 + 4.5;
    svg.text(
        (x, y),
        &item.name,
        &format!(r#"font-size="{NAME}" fill="{ink}""#),
    );
    let x = x + text_width(&item.name, NAME) + BAR_TEXT;
    let with = format!(r#"font-size="{DETAIL}" fill="{FAINT}""#);
    svg.text((x, y), &item.detail, &with);
}

/// The orders of magnitude of the gradients.
#[derive(Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn new(graph: &Graph) -> Option<Self> {
        let gradients = graph.items.iter().filter_map(|i| i.gradient);
        let orders = gradients
            .filter(|g| g.is_finite() && *g > 0.0)
            .map(f64::log10);
        let (low, high) = orders.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), g| {
            (low.min(g), high.max(g))
        });
        let high = high.ceil();
        let low = low.floor().min(high - 1.0).max(high - DECADES);
        (low < high).then_some(Scale { low, high })
    }

    fn colour(self, gradient: f64) -> String {
        let part = (gradient.log10() - self.low) / (self.high - self.low);
        let part = 0.12 + 0.88 * part.clamp(0.0, 1.0);
        let mix = |from: f64, to: f64| (from + (to - from) * part).round();
        format!("rgb(255,{},{})", mix(255.0, 186.0), mix(250.0, 70.0))
    }
}

/// The darker, the larger the gradient is, by orders of magnitude.
fn tint(item: &Item, scale: Option<Scale>) -> String {
    match (scale.zip(item.gradient), item.kind) {
        (Some((scale, gradient)), _) if gradient > 0.0 => scale.colour(gradient),
        (_, Kind::Data) => "#eef1f4".into(),
        _ => "#ffffff".into(),
    }
}

/// Whether all that comes from another step comes from the column on the left.
fn only_from_before(graph: &Graph) -> bool {
    let mut between = graph.edges.iter().filter(|e| e.flow == Flow::Recurrent);
    let column = |item: usize| graph.items[item].column;
    between.all(|e| column(e.from).map(|from| from + 1) == column(e.to))
}

/// What the colours mean, of those that occur.
fn legend(svg: &mut Svg, graph: &Graph, geometry: &Geometry, scale: Option<Scale>) {
    let words = format!(r#"font-size="{DETAIL}" fill="{FAINT}""#);
    let mut at = geometry.legend;
    let dashed = r#"stroke-width="1.8" stroke-dasharray="5 4""#;
    let from = match only_from_before(graph) {
        true => FROM_BEFORE,
        false => FROM_ANOTHER,
    };
    for (flow, look, text) in [
        (Flow::Recurrent, r#"stroke-width="2.2""#, from),
        (Flow::Cut, dashed, NO_GRADIENT),
    ] {
        if graph.edges.iter().any(|e| e.flow == flow) {
            let end = (at.0 + 24.0, at.1 - 3.5);
            let with = format!(r#"stroke="{}" {look}"#, colour(flow));
            svg.line((at.0, at.1 - 3.5), end, &with);
            svg.text((at.0 + 30.0, at.1), text, &words);
            at.1 += LEGEND_LINE;
        }
    }
    let Some(scale) = scale else { return };
    for k in 0..6 {
        let order = scale.low + (scale.high - scale.low) * f64::from(k) / 5.0;
        let corner = (at.0 + 10.0 * f64::from(k), at.1 - 9.0);
        let fill = format!(r#"fill="{}""#, scale.colour(10_f64.powf(order)));
        svg.rect(corner, (10.0, 10.0), &fill);
    }
    let text = format!(
        "{GRADIENT} 1e{} … 1e{}",
        scale.low as i32, scale.high as i32
    );
    svg.text((at.0 + 66.0, at.1), &text, &words);
}
