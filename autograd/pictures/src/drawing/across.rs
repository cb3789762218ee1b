//! Where the columns are, with gutters as wide as their tracks need.

use super::model::{Column, Graph, Item};
use super::place::{DETAIL, NAME, Places};
use super::route::Routes;
use super::tracks::TRACK;
use super::wire::{Via, Wire};
use crate::svg::text_width;

/// Between a gutter's tracks and the columns.
const GUTTER: f64 = 12.0;
pub(super) const PAGE: f64 = 14.0;
/// Before, between and behind the texts of a bar.
pub(super) const BAR_TEXT: f64 = 10.0;

/// The left sides of the columns, and the tracks between them.
pub(super) struct Across {
    pub columns: Vec<f64>,
    pub width: f64,
    /// Where the texts of bars begin: clear of the gutters.
    pub text: f64,
}

fn first_step(graph: &Graph) -> usize {
    graph.columns.iter().position(Column::is_step).unwrap_or(0)
}

/// A bar's name and what follows it on the same line.
fn bar_text_width(bar: &Item) -> f64 {
    text_width(&bar.name, NAME) + BAR_TEXT + text_width(&bar.detail, DETAIL)
}

impl Across {
    pub fn new(graph: &Graph, places: &Places, routes: &Routes) -> Self {
        let mut x = PAGE;
        let mut columns = Vec::new();
        for (width, &tracks) in places.columns.iter().zip(&routes.gutters) {
            x += 2.0 * GUTTER + TRACK * tracks.saturating_sub(1) as f64;
            columns.push(x);
            x += width;
        }
        let text = columns[first_step(graph)] + BAR_TEXT;
        let bars = graph.items.iter().filter(|i| i.column.is_none());
        let ends = bars.map(|bar| text + bar_text_width(bar) + BAR_TEXT);
        Across {
            width: ends.fold(x + GUTTER, f64::max) + PAGE,
            columns,
            text,
        }
    }

    fn via(&self, via: Via) -> f64 {
        match via {
            Via::Gutter(column, track) => self.columns[column] - GUTTER - TRACK * track as f64,
            Via::Lane(column, x) => self.columns[column] + x,
        }
    }

    /// Where an edge leaves, climbs and enters.
    pub fn ends(&self, graph: &Graph, edge: usize, wire: &Wire) -> [Option<f64>; 3] {
        let left = |item: usize| graph.items[item].column.map(|c| self.columns[c]);
        let of = |item, x: Option<f64>| left(item).zip(x).map(|(left, x)| left + x);
        let edge = &graph.edges[edge];
        [
            of(edge.from, wire.exit),
            wire.via.map(|via| self.via(via)),
            of(edge.to, wire.entry),
        ]
    }
}
