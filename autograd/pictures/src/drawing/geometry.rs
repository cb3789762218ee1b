//! Where everything is at last: channels and gutters are as wide as their tracks need.

use super::across::{Across, PAGE};
use super::model::{Column, Flow, Graph, is_bottom};
use super::place::Places;
use super::route::Routes;
use super::rows::Rows;
use super::tracks::TRACK;
use super::turns::{Turns, Zone};
use super::wire::Wire;

/// Between a row and the nearest track; above, arrow heads need more.
const ABOVE_ROW: f64 = 9.0;
const BELOW_ROW: f64 = 14.0;
/// A channel without tracks.
const CHANNEL: f64 = 22.0;
const BETWEEN_PARAMETERS: f64 = 8.0;
pub(super) const HEADER: f64 = 30.0;

const BOX: f64 = 34.0;
const LINE: f64 = 22.0;
const BAR: f64 = 22.0;

pub(super) const LEGEND_LINE: f64 = 16.0;
/// The width of the longest line of the legend.
const LEGEND: f64 = 300.0;

pub(super) type Point = (f64, f64);

/// A rectangle from its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub at: Point,
    pub size: Point,
}

impl Rect {
    pub fn bottom(&self) -> f64 {
        self.at.1 + self.size.1
    }
}

/// A graph with all its coordinates.
pub(super) struct Geometry {
    pub size: Point,
    pub columns: Vec<Rect>,
    /// Where the texts of bars begin.
    pub text: f64,
    /// Where the legend begins.
    pub legend: Point,
    /// One for each item.
    pub boxes: Vec<Rect>,
    /// One for each edge, from where it leaves to where it enters.
    pub paths: Vec<Vec<Point>>,
}

impl Geometry {
    pub fn new(graph: &Graph) -> Self {
        let rows = Rows::new(graph);
        let places = Places::new(graph, &rows);
        let routes = Routes::new(graph, &rows, &places);
        let across = Across::new(graph, &places, &routes);
        let turns = Turns::new(graph, &rows, &routes, &across);
        let down = Down::new(graph, &rows, &turns);
        let boxes = boxes(graph, &rows, &places, &across, &down);
        let wires = routes.wires.iter().enumerate();
        let paths = wires
            .map(|(i, wire)| {
                let (from, to) = (boxes[graph.edges[i].from], boxes[graph.edges[i].to]);
                path(wire, graph, i, &across, (from.at.1, to.bottom()), &|zone| {
                    turns.track(i, zone).map(|(c, k)| down.track(c, k))
                })
            })
            .collect();
        let column = |(&x, &w)| Rect {
            at: (x, PAGE),
            size: (w, down.height - 2.0 * PAGE),
        };
        let legend = legend_height(graph);
        let least = if legend > 0.0 { LEGEND } else { 0.0 };
        Geometry {
            size: (across.width.max(least), down.height + legend),
            legend: (PAGE, down.height + 6.0),
            text: across.text,
            columns: across
                .columns
                .iter()
                .zip(&places.columns)
                .map(column)
                .collect(),
            boxes,
            paths,
        }
    }
}

fn legend_height(graph: &Graph) -> f64 {
    let has = |flow| graph.edges.iter().any(|e| e.flow == flow);
    let gradient = graph.items.iter().any(|i| i.gradient.is_some());
    let lines = [has(Flow::Recurrent), has(Flow::Cut), gradient];
    let lines = lines.into_iter().filter(|&line| line).count();
    LEGEND_LINE * lines as f64
}

/// The rows and channels from the top to the bottom.
struct Down {
    /// The top and the height of each row.
    rows: Vec<(f64, f64)>,
    height: f64,
}

impl Down {
    fn new(graph: &Graph, rows: &Rows, turns: &Turns) -> Self {
        let header = graph.columns.iter().any(Column::is_step);
        let mut y = PAGE + if header { HEADER } else { 8.0 };
        let count = rows.rows.len();
        let mut placed = vec![(0.0, 0.0); count];
        for row in (0..count).rev() {
            y += channel(graph, rows, turns, row + 1);
            let heights = rows.rows[row].iter().map(|&i| height(graph, i));
            let height = heights.fold(0.0, f64::max);
            placed[row] = (y, height);
            y += height;
        }
        y += channel(graph, rows, turns, 0);
        Down {
            rows: placed,
            height: y + PAGE,
        }
    }

    /// A track of a channel.
    fn track(&self, channel: usize, track: usize) -> f64 {
        let bottom = match channel {
            0 => self.height - PAGE,
            above => self.rows[above - 1].0,
        };
        bottom - ABOVE_ROW - TRACK * track as f64
    }
}

fn height(graph: &Graph, item: usize) -> f64 {
    let item = &graph.items[item];
    match item.column {
        None => BAR,
        Some(_) if item.detail.is_empty() => LINE,
        Some(_) => BOX,
    }
}

fn channel(graph: &Graph, rows: &Rows, turns: &Turns, channel: usize) -> f64 {
    let is_parameter = |row: usize| {
        let items = rows.rows.get(row);
        items.is_some_and(|items| is_bottom(&graph.items[items[0]]))
    };
    let tight = channel > 0 && is_parameter(channel - 1) && is_parameter(channel);
    match turns.counts[channel] {
        0 if tight => BETWEEN_PARAMETERS,
        0 if channel == 0 || channel == rows.rows.len() => 6.0,
        0 => CHANNEL,
        n => ABOVE_ROW + BELOW_ROW + TRACK * (n - 1) as f64,
    }
}

fn boxes(graph: &Graph, rows: &Rows, places: &Places, across: &Across, down: &Down) -> Vec<Rect> {
    let rect = |item: usize| {
        let (y, tallest) = down.rows[rows.of[item]];
        match graph.items[item].column {
            Some(column) => Rect {
                at: (across.columns[column] + places.lefts[item], y),
                size: (places.widths[item], tallest),
            },
            None => Rect {
                at: (PAGE, y),
                size: (across.width - 2.0 * PAGE, tallest),
            },
        }
    };
    (0..graph.items.len()).map(rect).collect()
}

/// The corners of an edge.
fn path(
    wire: &Wire,
    graph: &Graph,
    edge: usize,
    across: &Across,
    (start, end): (f64, f64),
    y: &dyn Fn(Zone) -> Option<f64>,
) -> Vec<Point> {
    let [exit, via, entry] = across.ends(graph, edge, wire);
    let first = exit.or(via).or(entry).unwrap_or(0.0);
    let middle = via.or(entry).unwrap_or(first);
    let last = entry.unwrap_or(middle);
    let mut points = vec![(first, start)];
    let turns = [
        (first, y(Zone::Leaving), middle),
        (first, y(Zone::Passing), last),
        (middle, y(Zone::Entering), last),
    ];
    for (from, y, to) in turns {
        if let Some(y) = y {
            points.extend([(from, y), (to, y)]);
        }
    }
    points.push((last, end));
    points
}
