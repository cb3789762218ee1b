//! How the edges get from box to box without running behind one.
//!
//! Between two rows is a channel of horizontal tracks, left of each column a gutter of vertical
//! ones. Edges leave a box at its top, enter one at its bottom, and turn only there; within a
//! column they may also climb where no box is in the way, in a lane.

use std::collections::{BTreeMap, HashMap};

use super::model::{Edge, Graph, Kind};
use super::place::Places;
use super::ports::Ports;
use super::rows::Rows;
use super::tracks::Tracks;
use super::wire::{Net, Via, Wire};

/// The nearest that a vertical line comes to another, and to a box.
const LINES_APART: f64 = 6.0;
const BOX_APART: f64 = 7.0;

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
        self.verticals = self.ends(&wires);
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
        let Ports { exits, entries } = Ports::new(self.graph, self.rows, self.places, &self.climbs);
        let wire = |(index, edge): (usize, &Edge)| {
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

    fn adjacent(&self, from: usize, to: usize) -> bool {
        self.rows.of[from] + 1 == self.rows.of[to]
    }

    /// The short lines at exits and entries.
    fn ends(&self, wires: &[Wire]) -> Vec<Vertical> {
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

    /// Where an edge climbs: within its channel, in a lane of its column, or in the gutter before
    /// its target, which is on the side that it comes from.
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
            (Some(a), Some(b)) if a > b => Some(Via::Gutter(b + 1, 0)),
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
        let mut counts = vec![0; self.graph.columns.len()];
        let mut track_of = HashMap::new();
        for (gutter, nets) in self.climbing(wires).into_iter().enumerate() {
            let mut spans: Vec<_> = nets.into_iter().map(|(net, span)| (span, net)).collect();
            spans.sort_unstable();
            let mut tracks = Tracks::default();
            for (Span { low, high, .. }, net) in spans {
                let track = tracks.take((low as f64, high as f64), 0.5, 0);
                track_of.insert((gutter, net), track);
            }
            counts[gutter] = tracks.len();
        }
        for wire in wires {
            if let Some(Via::Gutter(gutter, track)) = &mut wire.via {
                *track = track_of.get(&(*gutter, wire.net)).copied().unwrap_or(0);
            }
        }
        counts
    }

    /// For each gutter, what climbs in it and how far.
    fn climbing(&self, wires: &[Wire]) -> Vec<BTreeMap<Net, Span>> {
        let mut gutters = vec![BTreeMap::new(); self.graph.columns.len()];
        for wire in wires {
            let Some(Via::Gutter(gutter, _)) = wire.via else {
                continue;
            };
            let (from, to) = wire.channels;
            let leaves = self.graph.items[wire.net.0].column == Some(gutter);
            let span = Span {
                turn: if leaves { from } else { to },
                low: from.min(to),
                high: from.max(to),
            };
            let known = gutters[gutter].entry(wire.net).or_insert(span);
            *known = known.and(span);
        }
        gutters
    }
}

/// What a net takes of a gutter. The order is that of the tracks from the right: what turns to the
/// right in the highest channel is leftmost, to cross the fewest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    turn: usize,
    low: usize,
    high: usize,
}

impl Span {
    fn and(self, other: Self) -> Self {
        Span {
            turn: self.turn.max(other.turn),
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }
}
