//! Where in its row each box is: the order that avoids crossings, then below and above its
//! neighbours.

use super::model::{Column, Flow, Graph};
use super::rows::Rows;
use crate::svg::text_width;

/// Sizes of fonts.
pub(super) const NAME: f64 = 13.0;
pub(super) const DETAIL: f64 = 9.5;
pub(super) const HEADING: f64 = 14.0;
/// Room at the sides of a text.
const PADDING: f64 = 8.0;
/// Between two boxes of a row.
const GAP: f64 = 16.0;
/// At the sides of a column, where edges can pass.
const MARGIN: f64 = 10.0;
const SWEEPS: usize = 6;

/// Boxes within their columns.
pub(super) struct Places {
    pub widths: Vec<f64>,
    /// The left sides, from the left side of the column.
    pub lefts: Vec<f64>,
    /// The widths of the columns.
    pub columns: Vec<f64>,
}

impl Places {
    pub fn new(graph: &Graph, rows: &Rows) -> Self {
        let width = |i: usize| {
            let item = &graph.items[i];
            let text = text_width(&item.name, NAME).max(text_width(&item.detail, DETAIL));
            (text + 2.0 * PADDING).max(36.0).ceil()
        };
        let widths: Vec<_> = (0..graph.items.len()).map(width).collect();
        let neighbours = Neighbours::new(graph);
        let cells = cells(graph, rows, &neighbours);
        let columns = column_widths(graph, &cells, &widths);
        let mut places = Places {
            lefts: vec![0.0; widths.len()],
            widths,
            columns,
        };
        places.centre(graph, &cells);
        for sweep in 0..SWEEPS {
            places.align(graph, &cells, &neighbours, sweep % 2 == 0);
        }
        places
    }

    pub fn centre_of(&self, item: usize) -> f64 {
        self.lefts[item] + self.widths[item] / 2.0
    }

    /// The width of a row with its gaps.
    fn length(&self, cell: &[usize]) -> f64 {
        length(cell, &self.widths)
    }

    /// At first, every row is in the middle of its column.
    fn centre(&mut self, graph: &Graph, cells: &[Vec<usize>]) {
        for cell in cells {
            let Some(column) = graph.items[cell[0]].column else {
                continue;
            };
            let mut x = (self.columns[column] - self.length(cell)) / 2.0;
            for &item in cell {
                self.lefts[item] = x;
                x += self.widths[item] + GAP;
            }
        }
    }

    /// Moves boxes towards the middle of their neighbours in the same column, as far as their
    /// order and the column let them.
    fn align(&mut self, graph: &Graph, cells: &[Vec<usize>], near: &Neighbours, upwards: bool) {
        let order: Vec<_> = match upwards {
            true => cells.iter().collect(),
            false => cells.iter().rev().collect(),
        };
        for cell in order {
            let Some(column) = graph.items[cell[0]].column else {
                continue;
            };
            let wish = |&item: &usize| {
                let of = near.within[item].iter().map(|&n| self.centre_of(n));
                let (sum, n) = of.fold((0.0, 0.0), |(sum, n), x| (sum + x, n + 1.0));
                let centre = if n > 0.0 {
                    sum / n
                } else {
                    self.centre_of(item)
                };
                centre - self.widths[item] / 2.0
            };
            let wishes: Vec<_> = cell.iter().map(wish).collect();
            let lefts = self.apart(cell, &wishes, self.columns[column]);
            for (&item, left) in cell.iter().zip(lefts) {
                self.lefts[item] = left.round();
            }
        }
    }

    /// The left sides nearest to those wished for, such that no boxes overlap: the mean of what
    /// pushing from the left and from the right gives.
    fn apart(&self, cell: &[usize], wishes: &[f64], column: f64) -> Vec<f64> {
        let n = cell.len();
        let (mut left, mut right) = (wishes.to_vec(), wishes.to_vec());
        for i in 1..n {
            left[i] = left[i].max(left[i - 1] + self.widths[cell[i - 1]] + GAP);
        }
        for i in (1..n).rev() {
            right[i - 1] = right[i - 1].min(right[i] - self.widths[cell[i - 1]] - GAP);
        }
        let mut lefts: Vec<_> = (0..n).map(|i| (left[i] + right[i]) / 2.0).collect();
        let mut least = MARGIN;
        for i in 0..n {
            lefts[i] = lefts[i].max(least);
            least = lefts[i] + self.widths[cell[i]] + GAP;
        }
        let mut most = column - MARGIN;
        for i in (0..n).rev() {
            lefts[i] = lefts[i].min(most - self.widths[cell[i]]);
            most = lefts[i] - GAP;
        }
        lefts
    }
}

fn length(cell: &[usize], widths: &[f64]) -> f64 {
    let boxes: f64 = cell.iter().map(|&i| widths[i]).sum();
    boxes + GAP * (cell.len() - 1) as f64
}

/// The columns of a step are equally wide, others only as wide as they must be.
fn column_widths(graph: &Graph, cells: &[Vec<usize>], widths: &[f64]) -> Vec<f64> {
    let heading = |column: &Column| {
        let text = column.heading.as_deref().map(|h| text_width(h, HEADING));
        text.map_or(60.0, |text| (text + 2.0 * MARGIN).ceil().max(60.0))
    };
    let mut columns: Vec<f64> = graph.columns.iter().map(heading).collect();
    for cell in cells {
        if let Some(column) = graph.items[cell[0]].column {
            columns[column] = columns[column].max(length(cell, widths) + 2.0 * MARGIN);
        }
    }
    let is_one_step = |column: &Column| column.is_step() && !column.folded;
    let with = || columns.iter().zip(&graph.columns);
    let steps = with().filter(|(_, column)| is_one_step(column));
    let widest = steps.map(|(&width, _)| width).fold(0.0, f64::max);
    let width = |(&width, column)| if is_one_step(column) { widest } else { width };
    with().map(width).collect()
}

/// What each item is connected to.
struct Neighbours {
    /// In the same column.
    within: Vec<Vec<usize>>,
    /// Where what comes from another column comes from: less than 0 on the left, more than 1 on
    /// the right.
    carried: Vec<Option<f64>>,
}

impl Neighbours {
    fn new(graph: &Graph) -> Self {
        let mut within = vec![Vec::new(); graph.items.len()];
        let mut carried = vec![None; graph.items.len()];
        for edge in &graph.edges {
            let (from, to) = (&graph.items[edge.from], &graph.items[edge.to]);
            if from.column.is_some() && from.column == to.column {
                within[edge.from].push(edge.to);
                within[edge.to].push(edge.from);
            }
            if edge.flow == Flow::Recurrent {
                carried[edge.to] = Some(if from.column < to.column { -0.6 } else { 1.6 });
            }
        }
        Neighbours { within, carried }
    }
}

/// The boxes of each row and column in their order, from the bottom up.
fn cells(graph: &Graph, rows: &Rows, near: &Neighbours) -> Vec<Vec<usize>> {
    let mut cells = Vec::new();
    for row in &rows.rows {
        let mut row = row.clone();
        row.sort_by_key(|&i| (graph.items[i].column, i));
        let same = |a: &usize, b: &usize| graph.items[*a].column == graph.items[*b].column;
        cells.extend(row.chunk_by(same).map(<[usize]>::to_vec));
    }
    let mut position = vec![0.5; graph.items.len()];
    for sweep in 0..SWEEPS {
        let order: Vec<_> = match sweep % 2 {
            0 => (0..cells.len()).rev().collect(),
            _ => (0..cells.len()).collect(),
        };
        for cell in order {
            sort(&mut cells[cell], &mut position, near);
        }
    }
    cells
}

/// Sorts a row by the mean position of its neighbours; what another step feeds goes to its side.
fn sort(cell: &mut [usize], position: &mut [f64], near: &Neighbours) {
    let key = |item: usize| {
        let of = near.within[item].iter().map(|&n| position[n]);
        let of = of.chain(near.carried[item]);
        let (sum, n) = of.fold((0.0, 0.0), |(sum, n), x| (sum + x, n + 1.0));
        if n > 0.0 { sum / n } else { 0.5 }
    };
    let mut keyed: Vec<_> = cell.iter().map(|&i| (key(i), i)).collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    let count = cell.len() as f64;
    for (place, (slot, (_, item))) in cell.iter_mut().zip(keyed).enumerate() {
        *slot = item;
        position[item] = (place as f64 + 0.5) / count;
    }
}
