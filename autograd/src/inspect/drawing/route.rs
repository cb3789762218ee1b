//! How the edges get from box to box without running behind one.
//!
//! Between two rows is a channel of horizontal tracks, left of each column a gutter of vertical
//! ones. Edges leave a box at its top, enter one at its bottom, and turn only there; within a
//! column they may also climb where no box is in the way, in a lane.

use std::collections::{BTreeMap, HashMap};

use super::model::{Flow, Graph, Kind};
use super::place::Places;
use super::rows::Rows;
use super::tracks::Tracks;

/// Edges from one box of one kind: they are one line that branches.
pub(super) type Net = (usize, Flow);

/// The nearest that a vertical line comes to another, and to a box.
const LINES_APART: f64 = 6.0;
const BOX_APART: f64 = 7.0;
/// The nearest that two ends at a box come, and an end to its corner.
const PORTS_APART: f64 = 6.0;

/// The way of an edge, as far as it is known before the tracks' positions are.
pub(super) struct Wire {
    pub net: Net,
    /// Where it leaves its box, from the left of the column; bars are left anywhere.
    pub exit: Option<f64>,
    /// Where it enters one.
    pub entry: Option<f64>,
    /// Where it climbs or descends, unless that is within one channel.
    pub via: Option<Via>,
    /// The channels that it turns in: that above its source, that below its target.
    pub channels: (usize, usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Via {
    /// Left of a column, on a track counted from the right.
    Gutter(usize, usize),
    /// In a column, at a distance from its left.
    Lane(usize, f64),
}

pub(super) struct Routes {
    /// One for each edge.
    pub wires: Vec<Wire>,
    /// The number of tracks in each gutter.
    pub gutters: Vec<usize>,
}

impl Routes {
    pub fn new(graph: &Graph, rows: &Rows, places: &Places) -> Self {
        let mut routing = Routing {
            graph,
            rows,
            places,
            verticals: Vec::new(),
            climbs: vec![None; graph.edges.len()],
        };
        // Once to see from which side the edges come, once more with their ends in that order.
        let mut wires = routing.climb();
        routing.climbs = wires.iter().map(|wire| wire.via).collect();
        wires = routing.climb();
        let gutters = routing.gutter_tracks(&mut wires);
        Routes { wires, gutters }
    }
}
/// A vertical line within a column.
struct Vertical {
    net: Net,
    column: usize,
    x: f64,
    channels: (usize, usize),
}

struct Routing<'a> {
    graph: &'a Graph,
    rows: &'a Rows,
    places: &'a Places,
    verticals: Vec<Vertical>,
    /// How the edges climb, as far as is known yet.
    climbs: Vec<Option<Via>>,
}

impl Routing<'_> {
    /// All edges with their ways.
    fn climb(&mut self) -> Vec<Wire> {
        let mut wires = self.wires();
        self.verticals = self.ports(&wires);
        for (edge, wire) in wires.iter_mut().enumerate() {
            wire.via = self.via(edge, wire);
            if let Some(Via::Lane(column, x)) = wire.via {
                let Wire { net, channels, .. } = *wire;
                self.verticals.push(Vertical {
                    net,
                    column,
                    x,
                    channels,
                });
            }
        }
        wires
    }

    /// All edges with their ends.
    fn wires(&self) -> Vec<Wire> {
        let exits = self.exits();
        let entries = self.entries(&exits);
        let wire = |(index, edge): (usize, &super::model::Edge)| {
            let net = (edge.from, edge.flow);
            Wire {
                net,
                exit: exits.get(&net).copied(),
                entry: entries[index],
                via: None,
                channels: (self.rows.of[edge.from] + 1, self.rows.of[edge.to]),
            }
        };
        self.graph.edges.iter().enumerate().map(wire).collect()
    }

    fn is_bar(&self, item: usize) -> bool {
        self.graph.items[item].column.is_none()
    }

    /// Along the top of each box; what goes to the next step leaves at the right.
    fn exits(&self) -> HashMap<Net, f64> {
        let mut nets: Vec<Vec<(f64, Flow)>> = vec![Vec::new(); self.graph.items.len()];
        for edge in self.graph.edges.iter().filter(|e| !self.is_bar(e.from)) {
            let of = &mut nets[edge.from];
            if !of.iter().any(|&(_, flow)| flow == edge.flow) {
                of.push((self.bearing(edge.from, edge.to), edge.flow));
            }
        }
        let mut exits = HashMap::new();
        for (item, mut nets) in nets.into_iter().enumerate() {
            nets.sort_by(|a, b| a.0.total_cmp(&b.0));
            let centre = Some(self.places.centre_of(item));
            let within = nets
                .iter()
                .filter(|(bearing, _)| bearing.is_finite())
                .count();
            let wishes: Vec<_> = nets
                .iter()
                .map(|(bearing, _)| centre.filter(|_| within == 1 && bearing.is_finite()))
                .collect();
            for ((_, flow), x) in nets.into_iter().zip(self.ports_of(item, &wishes)) {
                exits.insert((item, flow), x);
            }
        }
        exits
    }

    /// The places of ports along a side of a box: where they wish to be, as long as others have
    /// room beside them, and those evenly in between.
    fn ports_of(&self, item: usize, wishes: &[Option<f64>]) -> Vec<f64> {
        let (left, count) = (self.places.lefts[item], wishes.len());
        let right = left + self.places.widths[item];
        let apart = PORTS_APART.min((right - left) / (count + 1) as f64);
        let mut ports = Vec::with_capacity(count);
        let (mut from, mut start) = (left, 0); // the last one that is fixed, and the one after it
        let end = wishes.iter().copied().chain([Some(right)]).enumerate();
        for (k, wish) in end {
            let Some(x) = wish else { continue };
            let before = (k + 1 - start) as f64;
            let after = (count - k) as f64;
            if k < count && (x - from < apart * before || right - x < apart * after) {
                continue;
            }
            let step = (x - from) / before;
            ports.extend((1..=k - start).map(|i| from + step * i as f64));
            ports.push(x);
            (from, start) = (x, k + 1);
        }
        ports.truncate(count);
        ports
    }

    /// From where in a column another item is seen: other columns are at its left and right.
    fn bearing(&self, from: usize, to: usize) -> f64 {
        let column = |i: usize| self.graph.items[i].column;
        match (column(from), column(to)) {
            (Some(a), Some(b)) if a < b => f64::INFINITY,
            (Some(a), Some(b)) if a > b => f64::NEG_INFINITY,
            (Some(_), Some(_)) => self.places.centre_of(to),
            _ => self.places.centre_of(from),
        }
    }

    /// Along the bottom of each box in the order in which the edges come; those from the row below
    /// enter right above where they left, if they can.
    fn entries(&self, exits: &HashMap<Net, f64>) -> Vec<Option<f64>> {
        let mut into = vec![Vec::new(); self.graph.items.len()];
        for (index, edge) in self.graph.edges.iter().enumerate() {
            let from_gutter = self.graph.items[edge.from].column
                != self.graph.items[edge.to].column
                && !self.bar_below(edge.from, edge.to);
            let bearing = match self.climbs[index] {
                Some(Via::Lane(_, x)) => x,
                Some(Via::Gutter(..)) => f64::NEG_INFINITY,
                None if from_gutter => f64::NEG_INFINITY,
                None => self.bearing(edge.to, edge.from),
            };
            into[edge.to].push((bearing, index));
        }
        let below = |item: usize, index: usize| {
            let edge = &self.graph.edges[index];
            let near = |of: usize| {
                let column = self.graph.items[item].column;
                self.adjacent(of, item) && self.graph.items[of].column == column
            };
            let others = exits
                .iter()
                .filter(|(net, _)| **net != (edge.from, edge.flow));
            let others = others.filter(|((of, _), _)| near(*of));
            others.map(|(_, &x)| x).collect::<Vec<_>>()
        };
        let mut entries = vec![None; self.graph.edges.len()];
        for (item, mut edges) in into.into_iter().enumerate() {
            if self.is_bar(item) {
                continue;
            }
            edges.sort_by(|a, b| a.0.total_cmp(&b.0));
            let wish = |&(_, index): &(f64, usize)| {
                let from = self.graph.edges[index].from;
                let same = self.graph.items[from].column == self.graph.items[item].column;
                let exit = exits.get(&(from, self.graph.edges[index].flow));
                exit.copied().filter(|_| same && self.adjacent(from, item))
            };
            let wishes: Vec<_> = edges.iter().map(wish).collect();
            let mut ports = self.ports_of(item, &wishes);
            for (k, &(_, index)) in edges.iter().enumerate() {
                ports[k] = self.aside(item, &ports, k, &below(item, index));
                entries[index] = Some(ports[k]);
            }
        }
        entries
    }

    /// A port that is moved a little where the exit of another edge is right below it.
    fn aside(&self, item: usize, ports: &[f64], k: usize, exits: &[f64]) -> f64 {
        let left = self.places.lefts[item];
        let right = left + self.places.widths[item];
        let siblings = ports.iter().enumerate().filter(|&(other, _)| other != k);
        let siblings: Vec<_> = siblings.map(|(_, &x)| x).collect();
        let free = |x: &f64| {
            let apart = |others: &[f64]| others.iter().all(|other| (other - x).abs() > 4.0);
            (left..right).contains(x) && apart(exits) && apart(&siblings)
        };
        let moves = [0.0, 5.0, -5.0, 8.0, -8.0, 11.0, -11.0];
        let moved = moves.map(|by| ports[k] + by);
        moved.into_iter().find(free).unwrap_or(ports[k])
    }

    fn bar_below(&self, from: usize, to: usize) -> bool {
        self.is_bar(from) && self.adjacent(from, to)
    }

    fn adjacent(&self, from: usize, to: usize) -> bool {
        self.rows.of[from] + 1 == self.rows.of[to]
    }

    /// The short lines at exits and entries.
    fn ports(&self, wires: &[Wire]) -> Vec<Vertical> {
        let mut ports = Vec::new();
        for (wire, edge) in wires.iter().zip(&self.graph.edges) {
            let ends = [
                (wire.exit, edge.from, wire.channels.0),
                (wire.entry, edge.to, wire.channels.1),
            ];
            for (x, item, channel) in ends {
                if let Some((x, column)) = x.zip(self.graph.items[item].column) {
                    ports.push(Vertical {
                        net: wire.net,
                        column,
                        x,
                        channels: (channel, channel),
                    });
                }
            }
        }
        ports
    }

    /// Where an edge climbs: within its channel, in a lane of its column, or in the gutter left of
    /// its target.
    fn via(&self, index: usize, wire: &Wire) -> Option<Via> {
        let edge = &self.graph.edges[index];
        let column = |i: usize| self.graph.items[i].column;
        let is_parameter = matches!(self.graph.items[edge.from].kind, Kind::Parameter(_));
        let (from, to) = (column(edge.from), column(edge.to));
        let gutter = Some(Via::Gutter(to.or(from).unwrap_or(0), 0));
        match (from, to) {
            (None, _) if is_parameter => gutter,
            (None, None) => gutter,
            _ if self.adjacent(edge.from, edge.to) => None,
            (Some(a), Some(b)) if a != b => gutter,
            _ => self.lane(wire, to.or(from)?).or(gutter),
        }
    }

    /// The free lane between the channels that is nearest to both ends.
    fn lane(&self, wire: &Wire, column: usize) -> Option<Via> {
        let (low, high) = wire.channels;
        if low >= high {
            return None;
        }
        let blocked = self.blocked(wire, column);
        let ends = [wire.exit, wire.entry].into_iter().flatten();
        let beside = blocked.iter().flat_map(|&(a, b)| [a, b]);
        let cost = |x: f64| {
            let ends = [wire.exit, wire.entry].into_iter().flatten();
            ends.map(|end| (end - x).abs()).sum::<f64>()
        };
        ends.chain(beside)
            .filter(|&x| (0.0..=self.places.columns[column]).contains(&x))
            .filter(|&x| blocked.iter().all(|&(a, b)| x <= a || b <= x))
            .min_by(|&a, &b| cost(a).total_cmp(&cost(b)))
            .map(|x| Via::Lane(column, x))
    }

    /// Where in a column no lane may be.
    fn blocked(&self, wire: &Wire, column: usize) -> Vec<(f64, f64)> {
        let (low, high) = wire.channels;
        let between = self.rows.rows[low..high].iter().flatten();
        let in_column = between.filter(|&&i| self.graph.items[i].column == Some(column));
        let boxes = in_column.map(|&i| {
            let left = self.places.lefts[i];
            (left - BOX_APART, left + self.places.widths[i] + BOX_APART)
        });
        let others = self.verticals.iter().filter(|v| {
            v.net != wire.net && v.column == column && v.channels.0 <= high && low <= v.channels.1
        });
        let lines = others.map(|v| (v.x - LINES_APART, v.x + LINES_APART));
        boxes.chain(lines).collect()
    }

    /// Puts the edges of each gutter on tracks; gives how many these are.
    fn gutter_tracks(&self, wires: &mut [Wire]) -> Vec<usize> {
        let mut gutters = vec![BTreeMap::new(); self.graph.columns.len()];
        for (wire, edge) in wires.iter().zip(&self.graph.edges) {
            let Some(Via::Gutter(gutter, _)) = wire.via else {
                continue;
            };
            let (from, to) = wire.channels;
            // Where it turns right: what does so highest is leftmost, to cross the fewest.
            let turn = match self.graph.items[edge.from].column == Some(gutter) {
                true => from,
                false => to,
            };
            let span = gutters[gutter]
                .entry(wire.net)
                .or_insert((turn, wire.net.0, from, from));
            span.0 = span.0.max(turn);
            (span.2, span.3) = (span.2.min(from.min(to)), span.3.max(from.max(to)));
        }
        let mut counts = Vec::new();
        let mut track_of = HashMap::new();
        for (gutter, nets) in gutters.into_iter().enumerate() {
            let mut spans: Vec<_> = nets.into_iter().map(|(net, span)| (span, net)).collect();
            spans.sort_by_key(|&(span, _)| span);
            let mut tracks = Tracks::default();
            for ((_, _, low, high), net) in spans {
                let track = tracks.take((low as f64, high as f64), 0.5, 0);
                track_of.insert((gutter, net), track);
            }
            counts.push(tracks.len());
        }
        for wire in wires {
            if let Some(Via::Gutter(gutter, track)) = &mut wire.via {
                *track = track_of.get(&(*gutter, wire.net)).copied().unwrap_or(0);
            }
        }
        counts
    }
}
