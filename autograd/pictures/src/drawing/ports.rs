//! Where edges leave and enter their boxes.

use std::collections::HashMap;

use super::model::{Edge, Flow, Graph};
use super::place::Places;
use super::rows::Rows;
use super::wire::{Net, Via};

/// The nearest that two ends at a box come, and an end to its corner.
const APART: f64 = 6.0;
/// The nearest that the end of an edge comes to where another begins in the row below.
const CLEAR: f64 = 4.0;

/// The ends of all edges, from the left of their columns; bars are left and entered anywhere.
pub(super) struct Ports {
    pub exits: HashMap<Net, f64>,
    /// One for each edge.
    pub entries: Vec<Option<f64>>,
}

impl Ports {
    /// The ends, in the order of how the edges climb as far as that is known.
    pub fn new(graph: &Graph, rows: &Rows, places: &Places, climbs: &[Option<Via>]) -> Self {
        let ends = Ends {
            graph,
            rows,
            places,
            climbs,
        };
        let exits = ends.exits();
        let entries = ends.entries(&exits);
        Ports { exits, entries }
    }
}

struct Ends<'a> {
    graph: &'a Graph,
    rows: &'a Rows,
    places: &'a Places,
    climbs: &'a [Option<Via>],
}

impl Ends<'_> {
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
            let within = nets.iter().filter(|net| net.0.is_finite()).count();
            let centre = (within == 1).then(|| self.places.centre_of(item));
            let wish = |net: &(f64, Flow)| centre.filter(|_| net.0.is_finite());
            let wishes: Vec<_> = nets.iter().map(wish).collect();
            for ((_, flow), x) in nets.into_iter().zip(self.spread(item, &wishes)) {
                exits.insert((item, flow), x);
            }
        }
        exits
    }

    /// Along the bottom of each box in the order in which the edges come; those from the row below
    /// enter right above where they left, if they can.
    fn entries(&self, exits: &HashMap<Net, f64>) -> Vec<Option<f64>> {
        let mut into = vec![Vec::new(); self.graph.items.len()];
        for (index, edge) in self.graph.edges.iter().enumerate() {
            into[edge.to].push((self.arrival(index, edge), index));
        }
        let mut entries = vec![None; self.graph.edges.len()];
        for (item, mut edges) in into.into_iter().enumerate() {
            if self.is_bar(item) {
                continue;
            }
            edges.sort_by(|a, b| a.0.total_cmp(&b.0));
            let below = self.exits_below(item, exits);
            let net = |index: usize| (self.graph.edges[index].from, self.graph.edges[index].flow);
            let wish = |&(_, index): &(f64, usize)| {
                let exit = below.iter().find(|(of, _)| *of == net(index));
                exit.map(|&(_, x)| x)
            };
            let wishes: Vec<_> = edges.iter().map(wish).collect();
            let mut ports = self.spread(item, &wishes);
            for (k, &(_, index)) in edges.iter().enumerate() {
                let others = below.iter().filter(|(of, _)| *of != net(index));
                let others: Vec<_> = others.map(|&(_, x)| x).collect();
                ports[k] = self.aside(item, &ports, k, &others);
                entries[index] = Some(ports[k]);
            }
        }
        entries
    }

    /// From where in the column an edge comes to its box.
    fn arrival(&self, index: usize, edge: &Edge) -> f64 {
        let column = |i: usize| self.graph.items[i].column;
        let from_gutter = column(edge.from) != column(edge.to)
            && !(self.is_bar(edge.from) && self.adjacent(edge.from, edge.to));
        match self.climbs[index] {
            Some(Via::Lane(_, x)) => x,
            _ if column(edge.from) > column(edge.to) && column(edge.to).is_some() => f64::INFINITY,
            Some(Via::Gutter(..)) => f64::NEG_INFINITY,
            None if from_gutter => f64::NEG_INFINITY,
            None => self.bearing(edge.to, edge.from),
        }
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

    /// Where edges leave the boxes of the same column in the row below.
    fn exits_below(&self, item: usize, exits: &HashMap<Net, f64>) -> Vec<(Net, f64)> {
        let row = self.rows.of[item].checked_sub(1);
        let below = row.map_or(&[][..], |row| &self.rows.rows[row]);
        let column = self.graph.items[item].column;
        let boxes = below
            .iter()
            .filter(|&&i| self.graph.items[i].column == column);
        let flows = |&of: &usize| {
            let edges = self.graph.edges.iter().filter(move |e| e.from == of);
            edges.filter_map(move |e| Some(((of, e.flow), *exits.get(&(of, e.flow))?)))
        };
        boxes.flat_map(flows).collect()
    }

    /// The places of ports along a side of a box: where they wish to be, as long as others have
    /// room beside them, and those without a wish evenly in between.
    fn spread(&self, item: usize, wishes: &[Option<f64>]) -> Vec<f64> {
        let (left, count) = (self.places.lefts[item], wishes.len());
        let right = left + self.places.widths[item];
        let apart = APART.min((right - left) / (count + 1) as f64);
        let mut ports = Vec::with_capacity(count + 1);
        let mut from = left; // the last one that is fixed
        let end = wishes.iter().copied().chain([Some(right)]).enumerate();
        for (k, wish) in end {
            let Some(x) = wish else { continue };
            let start = ports.len();
            let (before, after) = ((k + 1 - start) as f64, (count - k) as f64);
            if k < count && (x - from < apart * before || right - x < apart * after) {
                continue;
            }
            let step = (x - from) / before;
            ports.extend((1..=k - start).map(|i| from + step * i as f64));
            ports.push(x);
            from = x;
        }
        ports.truncate(count);
        ports
    }

    /// A port, moved a little where the exit of another edge is right below it.
    fn aside(&self, item: usize, ports: &[f64], k: usize, exits: &[f64]) -> f64 {
        let left = self.places.lefts[item];
        let right = left + self.places.widths[item];
        let siblings = ports.iter().enumerate().filter(|&(other, _)| other != k);
        let siblings: Vec<_> = siblings.map(|(_, &x)| x).collect();
        let free = |x: &f64| {
            let clear = |others: &[f64]| others.iter().all(|other| (other - x).abs() > CLEAR);
            (left..right).contains(x) && clear(exits) && clear(&siblings)
        };
        let moves = [0.0, 5.0, -5.0, 8.0, -8.0, 11.0, -11.0];
        let moved = moves.map(|by| ports[k] + by);
        moved.into_iter().find(free).unwrap_or(ports[k])
    }

    fn is_bar(&self, item: usize) -> bool {
        self.graph.items[item].column.is_none()
    }

    fn adjacent(&self, from: usize, to: usize) -> bool {
        self.rows.of[from] + 1 == self.rows.of[to]
    }
}
