//! The horizontal lines of edges, each on a track of its channel.

use std::collections::BTreeMap;

use super::across::Across;
use super::model::Graph;
use super::route::Routes;
use super::rows::Rows;
use super::tracks::{TRACK, Tracks};
use super::wire::{Net, Wire};

/// Where in a channel a horizontal line is, so that none runs into the vertical ends of others:
/// those that come from a box are below those that pass to one in the next row, and these below
/// those that lead to a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Zone {
    Leaving,
    Passing,
    Entering,
}

/// A horizontal line of a net.
#[derive(Clone)]
struct Turn {
    from: f64,
    to: f64,
    /// Where it comes up, and where it goes up, in the passing zone.
    exit: f64,
    entries: Vec<f64>,
    edges: Vec<usize>,
}

/// The horizontal lines of all channels on their tracks.
pub(super) struct Turns {
    /// For each edge and zone: the channel and the track.
    tracks: BTreeMap<(usize, Zone), (usize, usize)>,
    /// How many tracks each channel has.
    pub counts: Vec<usize>,
}

/// What shares a line: a net, and where it enters also where it has climbed.
type Shared = (Net, i64);

impl Turns {
    pub fn new(graph: &Graph, rows: &Rows, routes: &Routes, across: &Across) -> Self {
        let mut turns = Turns {
            tracks: BTreeMap::new(),
            counts: vec![0; rows.rows.len() + 1],
        };
        for ((channel, zone), shared) in by_zone(graph, routes, across) {
            let below = turns.counts[channel];
            let (lines, count) = assign(zone, shared.into_values().collect());
            for (turn, track) in lines {
                let place = (channel, below + track);
                let edges = turn.edges.into_iter();
                turns.tracks.extend(edges.map(|edge| ((edge, zone), place)));
            }
            turns.counts[channel] += count;
        }
        turns
    }

    pub fn track(&self, edge: usize, zone: Zone) -> Option<(usize, usize)> {
        self.tracks.get(&(edge, zone)).copied()
    }
}

impl Turn {
    fn at(x: f64) -> Self {
        Turn {
            from: x,
            to: x,
            exit: x,
            entries: Vec::new(),
            edges: Vec::new(),
        }
    }

    fn extend(&mut self, edge: usize, to: f64) {
        (self.from, self.to) = (self.from.min(to), self.to.max(to));
        self.entries.push(to);
        self.edges.push(edge);
    }

    /// Whether this line must be below another, as it comes up where that one goes up.
    fn below(&self, other: &Self) -> bool {
        let close = |x: &f64| (x - self.exit).abs() < 4.0;
        other.entries.iter().any(close)
    }
}

/// The lines of each channel and zone.
fn by_zone(
    graph: &Graph,
    routes: &Routes,
    across: &Across,
) -> BTreeMap<(usize, Zone), BTreeMap<Shared, Turn>> {
    let mut zones: BTreeMap<_, BTreeMap<Shared, Turn>> = BTreeMap::new();
    for (edge, wire) in routes.wires.iter().enumerate() {
        for (channel, zone, from, to) in lines(wire, across.ends(graph, edge, wire)) {
            let climbed = match zone {
                Zone::Entering => from as i64,
                _ => 0,
            };
            let shared = zones.entry((channel, zone)).or_default();
            let turn = shared.entry((wire.net, climbed));
            turn.or_insert(Turn::at(from)).extend(edge, to);
        }
    }
    zones
}

/// The horizontal lines of an edge: channel, zone, where it begins and where it ends.
fn lines(wire: &Wire, [exit, via, entry]: [Option<f64>; 3]) -> Vec<(usize, Zone, f64, f64)> {
    let (low, high) = wire.channels;
    let parts = match via {
        None => vec![(low, Zone::Passing, exit, entry)],
        Some(_) => vec![
            (low, Zone::Leaving, exit, via),
            (high, Zone::Entering, via, entry),
        ],
    };
    let line = |(channel, zone, from, to): (_, _, Option<f64>, Option<f64>)| {
        let (from, to) = from.zip(to)?;
        ((from - to).abs() > 0.01).then_some((channel, zone, from, to))
    };
    parts.into_iter().filter_map(line).collect()
}

/// Tracks for the lines of a zone, counted from below: the shorter a line, the nearer to its boxes.
fn assign(zone: Zone, mut turns: Vec<Turn>) -> (Vec<(Turn, usize)>, usize) {
    turns.sort_by(|a, b| (a.to - a.from).total_cmp(&(b.to - b.from)));
    let mut tracks = Tracks::default();
    let mut placed: Vec<(Turn, usize)> = Vec::new();
    while !turns.is_empty() {
        let free = |i: &usize| !(0..turns.len()).any(|j| j != *i && turns[j].below(&turns[*i]));
        let next = match zone {
            Zone::Passing => (0..turns.len()).find(free).unwrap_or(0),
            _ => 0,
        };
        let turn = turns.remove(next);
        let under = placed
            .iter()
            .filter(|(t, _)| zone == Zone::Passing && t.below(&turn));
        let least = under.map(|(_, k)| k + 1).max().unwrap_or(0);
        let track = tracks.take((turn.from, turn.to), TRACK, least);
        placed.push((turn, track));
    }
    let count = tracks.len();
    if zone == Zone::Entering {
        placed.iter_mut().for_each(|(_, k)| *k = count - 1 - *k);
    }
    (placed, count)
}
