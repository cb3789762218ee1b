//! In which row each box is: data flows upwards, so above all that it is computed from.

use super::model::{Graph, Item, Kind, is_bottom};

/// Rows from the bottom to the top.
pub(super) struct Rows {
    /// The items of each row: boxes of all columns, or one bar.
    pub rows: Vec<Vec<usize>>,
    /// The row of each item.
    pub of: Vec<usize>,
}

impl Rows {
    pub fn new(graph: &Graph) -> Self {
        let levels = levels(graph);
        let mut rows = parameters(graph);
        let top = levels.iter().max().map_or(0, |&top| top + 1);
        let mut by_level = vec![Vec::new(); top];
        for (item, &level) in levels.iter().enumerate() {
            if !is_bottom(&graph.items[item]) {
                by_level[level].push(item);
            }
        }
        for level in by_level {
            let is_bar = |&i: &usize| graph.items[i].column.is_none();
            let (bars, boxes): (Vec<_>, Vec<_>) = level.into_iter().partition(is_bar);
            rows.extend(bars.into_iter().map(|bar| vec![bar]));
            rows.extend(Some(boxes).filter(|boxes| !boxes.is_empty()));
        }
        let mut of = vec![0; graph.items.len()];
        for (row, items) in rows.iter().enumerate() {
            items.iter().for_each(|&i| of[i] = row);
        }
        Rows { rows, of }
    }
}

/// A row for each parameter's bar: what is used most is on top, as its taps then cross the fewest.
fn parameters(graph: &Graph) -> Vec<Vec<usize>> {
    let mut uses = vec![0_usize; graph.items.len()];
    graph.edges.iter().for_each(|e| uses[e.from] += 1);
    let mut bars: Vec<_> = (0..graph.items.len())
        .filter(|&i| is_bottom(&graph.items[i]))
        .collect();
    bars.sort_by_key(|&bar| uses[bar]);
    bars.into_iter().map(|bar| vec![bar]).collect()
}

/// The longest path to each item within its step.
fn levels(graph: &Graph) -> Vec<usize> {
    let mut into = vec![Vec::new(); graph.items.len()];
    let mut out = into.clone();
    for edge in graph.edges.iter().filter(|e| graph.rises(e)) {
        into[edge.to].push(edge.from);
        out[edge.from].push(edge.to);
    }
    let mut levels = longest_paths(&into, &vec![0; graph.items.len()]);
    // An initial state is at least as high as what it is the state for.
    let state = |item: &Item| item.state_of.map_or(0, |state| levels[state]);
    let least: Vec<_> = graph.items.iter().map(state).collect();
    levels = longest_paths(&into, &least);
    raise_leaves(graph, &into, &out, &mut levels);
    levels
}

/// Levels above those of all operands, but not below `least`.
fn longest_paths(into: &[Vec<usize>], least: &[usize]) -> Vec<usize> {
    let mut levels: Vec<usize> = Vec::with_capacity(into.len());
    for (operands, &least) in into.iter().zip(least) {
        let above = operands.iter().map(|&from| levels[from] + 1);
        levels.push(above.fold(least, usize::max));
    }
    levels
}

/// What is computed from nothing goes right below where it is used.
fn raise_leaves(graph: &Graph, into: &[Vec<usize>], out: &[Vec<usize>], levels: &mut [usize]) {
    let is_leaf = |i: usize| into[i].is_empty() && graph.items[i].state_of.is_none();
    let apart = |i: usize| {
        let edges = graph.edges.iter().filter(move |e| e.from == i);
        edges.map(|e| e.to)
    };
    for item in (0..levels.len()).filter(|&i| is_leaf(i)) {
        let users: Vec<_> = match (out[item].is_empty(), before(&graph.items[item])) {
            (true, true) => apart(item).collect(),
            _ => out[item].clone(),
        };
        if let Some(lowest) = users.iter().map(|&u| levels[u]).min() {
            levels[item] = lowest.saturating_sub(1);
        }
    }
}

/// Whether nothing but data is an item: it could be anywhere.
fn before(item: &Item) -> bool {
    item.kind == Kind::Data && item.column.is_some()
}
