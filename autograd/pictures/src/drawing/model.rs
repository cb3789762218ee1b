//! What is drawn: boxes and bars for nodes, and the edges between them.

use std::collections::{HashMap, HashSet};

use super::fold::Fold;
use super::formula::Formulas;
use super::home::{Home, homes, is_parameter};
use super::label::Labels;
use super::{Node, View};
use crate::times::Times;

/// All that is drawn, not yet placed.
pub(super) struct Graph {
    /// From left to right.
    pub columns: Vec<Column>,
    /// In the order of their nodes.
    pub items: Vec<Item>,
    pub edges: Vec<Edge>,
}

/// A time step, or what comes before the first.
pub(super) struct Column {
    /// "t = 3"; without a time there is none.
    pub heading: Option<String>,
    /// Whether it is several steps.
    pub folded: bool,
}

impl Column {
    pub fn is_step(&self) -> bool {
        self.heading.is_some()
    }
}

/// A box, or a bar across all columns.
pub(super) struct Item {
    /// Its position on the tape; that of the last, where it is several nodes.
    pub node: usize,
    /// The column; bars have none.
    pub column: Option<usize>,
    pub kind: Kind,
    pub name: String,
    pub detail: String,
    /// What appears under the pointer.
    pub title: String,
    /// The norm of the gradient, where known.
    pub gradient: Option<f64>,
    /// For an initial state: the item of the first step that it is the state for.
    pub state_of: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    /// Without operands and without a gradient.
    Data,
    /// A part of another node.
    View,
    /// No gradient passes.
    Cut,
    /// All nodes of a scope in a step.
    Scope,
    /// The number chooses the colour.
    Parameter(usize),
}

pub(super) struct Edge {
    pub from: usize,
    pub to: usize,
    pub flow: Flow,
}

/// What an edge is, which chooses its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Flow {
    Plain,
    /// From another step.
    Recurrent,
    Parameter(usize),
    /// No gradient passes.
    Cut,
}

/// A graph under construction.
struct Builder<'a> {
    nodes: &'a [Node],
    times: &'a Times,
    view: &'a View,
    homes: Vec<Home>,
    shown: Vec<bool>,
    /// For views that are folded into their users: the node they are a part of.
    source: Vec<usize>,
    columns: HashMap<Home, usize>,
}

impl Graph {
    pub fn new(nodes: &[Node], times: &Times, view: &View) -> Self {
        let homes = homes(nodes, times);
        let shown = shown(nodes, view);
        let of_shown = homes.iter().zip(&shown).filter(|(_, shown)| **shown);
        let mut places: Vec<_> = of_shown
            .map(|(&home, _)| view.place(home))
            .filter(|&home| home != Home::Everywhere)
            .collect();
        if places.is_empty() {
            places.push(Home::Before(0)); // bars need something to span
        }
        places.sort_unstable_by_key(|&home| from_left(home, times));
        places.dedup();
        let columns = places.iter().map(|&home| view.column(home, times));
        let columns = columns.collect();
        let builder = Builder {
            nodes,
            times,
            view,
            source: fold(nodes, &shown),
            shown,
            columns: places.into_iter().zip(0..).collect(),
            homes,
        };
        let (items, edges) = builder.build();
        Graph {
            columns,
            items,
            edges,
        }
    }

    /// Whether an edge leads to a later row: those between steps need not, nor those that close a
    /// circle when a scope becomes one box.
    pub fn rises(&self, edge: &Edge) -> bool {
        let (from, to) = (&self.items[edge.from], &self.items[edge.to]);
        let apart = from.column.is_some() && to.column.is_some() && from.column != to.column;
        !apart && from.node < to.node && !is_bottom(from)
    }
}

impl View {
    /// The fold that a step is in.
    fn fold_of(&self, home: Home) -> Option<&Fold> {
        let Home::Step(step) = home else { return None };
        self.folds.iter().find(|fold| fold.steps.contains(&step))
    }

    /// Where a node is drawn: folded steps are all where the first of them is.
    fn place(&self, home: Home) -> Home {
        let fold = self.fold_of(home);
        fold.map_or(home, |fold| Home::Step(fold.steps.start))
    }

    fn column(&self, place: Home, times: &Times) -> Column {
        let fold = self.fold_of(place);
        let heading = match (fold, place) {
            (Some(fold), _) => Some(times.heading(fold.steps.clone())),
            (None, Home::Step(step)) => Some(times.heading(step..step + 1)),
            _ => None,
        };
        Column {
            heading,
            folded: fold.is_some(),
        }
    }
}

/// The order of the columns: what comes before a timeline that runs to the left is right of it.
fn from_left(home: Home, times: &Times) -> Option<(usize, i8)> {
    match home {
        Home::Before(first) if times.backwards(first) => Some((first, 1)),
        Home::Before(first) => Some((first, -1)),
        Home::Step(step) => Some((step, 0)),
        Home::Everywhere => None,
    }
}

/// Whether an item is a parameter's bar, of which the lowest rows are.
pub(super) fn is_bottom(item: &Item) -> bool {
    item.column.is_none() && matches!(item.kind, Kind::Parameter(_))
}

/// Which nodes are shown: all, or those of a scope and their operands.
fn shown(nodes: &[Node], view: &View) -> Vec<bool> {
    let Some(scope) = &view.only else {
        return vec![true; nodes.len()];
    };
    let mut shown: Vec<_> = nodes.iter().map(|n| n.info.is_in(scope)).collect();
    let operands = nodes.iter().filter(|n| n.info.is_in(scope));
    for &parent in operands.flat_map(|n| &n.info.parents) {
        shown[parent] = true;
    }
    shown
}

/// For each node the one that is drawn for it: views without a name that others use are told in
/// those others' boxes.
fn fold(nodes: &[Node], shown: &[bool]) -> Vec<usize> {
    let mut used = vec![false; nodes.len()];
    for (node, _) in nodes.iter().zip(shown).filter(|(_, shown)| **shown) {
        node.info.parents.iter().for_each(|&p| used[p] = true);
    }
    let mut source: Vec<usize> = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        let part = node.view && !node.cut && node.info.name.is_none() && used[index];
        let whole = node.info.parents.first().filter(|&&p| part && shown[p]);
        source.push(whole.map_or(index, |&p| source[p]));
    }
    source
}

impl Builder<'_> {
    fn build(&self) -> (Vec<Item>, Vec<Edge>) {
        let (groups, group_of) = self.groups();
        let colours = self.colours();
        let states = self.states();
        let labels = Labels::new(Formulas {
            nodes: self.nodes,
            homes: &self.homes,
            times: self.times,
            source: &self.source,
            states: states.iter().map(|&(initial, _)| initial).collect(),
            twins: HashSet::new(),
        });
        let mut items: Vec<_> = groups
            .iter()
            .map(|members| {
                let last = members[members.len() - 1];
                let scope = self.scope_of(last);
                let kind = self.kind(last, scope, colours.get(&last));
                let norms = members.iter().filter_map(|&m| self.nodes[m].gradient);
                let column = self
                    .columns
                    .get(&self.view.place(self.homes[last]))
                    .copied();
                Item {
                    node: last,
                    column,
                    kind,
                    name: labels.name(last, scope),
                    detail: match column {
                        Some(_) => labels.detail(members, scope),
                        None => labels.of_bar(members),
                    },
                    title: labels.title(members, scope),
                    gradient: norms.reduce(f64::max),
                    state_of: None,
                }
            })
            .collect();
        for (initial, state) in states {
            let (item, of) = (group_of[initial], group_of[state]);
            if let (Some(item), Some(_)) = (item, of) {
                items[item].state_of = of;
            }
        }
        let edges = self.edges(&items, &group_of);
        (items, edges)
    }

    /// The nodes of each item, items in the order of their last nodes, and each node's item.
    fn groups(&self) -> (Vec<Vec<usize>>, Vec<Option<usize>>) {
        let joined = self.sums();
        let mut found: HashMap<(Home, &str), usize> = HashMap::new();
        let mut leader: Vec<usize> = (0..self.nodes.len()).collect();
        for index in (0..self.nodes.len()).rev() {
            let home = self.view.place(self.homes[index]);
            leader[index] = match (self.scope_of(index), joined[index]) {
                (Some(scope), _) => *found.entry((home, scope)).or_insert(index),
                (None, Some(user)) => leader[user],
                _ => index,
            };
        }
        let drawn = |&i: &usize| self.shown[i] && self.source[i] == i;
        let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
        for index in (0..self.nodes.len()).filter(drawn) {
            members.entry(leader[index]).or_default().push(index);
        }
        let mut groups: Vec<_> = members.into_values().collect();
        groups.sort_unstable_by_key(|members| members[members.len() - 1]);
        let mut group_of = vec![None; self.nodes.len()];
        for (group, members) in groups.iter().enumerate() {
            members.iter().for_each(|&m| group_of[m] = Some(group));
        }
        (groups, group_of)
    }

    /// The collapsed scope, or the folded steps, that a node disappears in.
    fn scope_of(&self, index: usize) -> Option<&str> {
        let home = self.homes[index];
        if let Some(fold) = self.view.fold_of(home) {
            return Some(&fold.name);
        }
        let in_step = matches!(home, Home::Step(_));
        let collapsed = self.view.collapsed(&self.nodes[index].info);
        collapsed.filter(|_| in_step)
    }

    /// E₀ + E₁ + E₂ is two nodes but one sum: the user of each unnamed addition that is a part of
    /// a longer one.
    fn sums(&self) -> Vec<Option<usize>> {
        let mut users = vec![None; self.nodes.len()];
        let mut uses = vec![0_usize; self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            for &parent in &node.info.parents {
                users[parent] = Some(index);
                uses[parent] += 1;
            }
        }
        let adds = |i: usize| {
            let is_sum = self.nodes[i].info.operation == "add";
            is_sum && self.homes[i] == Home::Everywhere && self.shown[i]
        };
        let part = |i: usize| adds(i) && uses[i] == 1 && self.nodes[i].info.name.is_none();
        let user = |i: usize| users[i].filter(|&u: &usize| part(i) && adds(u));
        (0..self.nodes.len()).map(user).collect()
    }

    /// The colours of the parameters.
    fn colours(&self) -> HashMap<usize, usize> {
        let parameters = (0..self.nodes.len()).filter(|&i| is_parameter(&self.nodes[i]));
        parameters.enumerate().map(|(k, i)| (i, k)).collect()
    }

    fn kind(&self, index: usize, scope: Option<&str>, colour: Option<&usize>) -> Kind {
        let node = &self.nodes[index];
        match colour {
            Some(&colour) => Kind::Parameter(colour),
            None if scope.is_some() => Kind::Scope,
            None if node.cut => Kind::Cut,
            None if node.view => Kind::View,
            None if node.info.parents.is_empty() => Kind::Data,
            None => Kind::Plain,
        }
    }

    /// Initial states, each with the node of the first step of the same name: h before h.0.
    fn states(&self) -> Vec<(usize, usize)> {
        let name = |i: usize| {
            let info = &self.nodes[i].info;
            info.name.map(|name| (info.scope.as_str(), name))
        };
        let mut first = HashMap::new();
        for index in (0..self.nodes.len()).rev() {
            if let (Home::Step(_), Some(name)) = (self.homes[index], name(index)) {
                first.insert(name, index);
            }
        }
        let before = (0..self.nodes.len()).filter(|&i| matches!(self.homes[i], Home::Before(_)));
        let state = |i| Some((i, *first.get(&name(i)?)?));
        before.filter_map(state).collect()
    }

    /// One edge for each two items and flow.
    fn edges(&self, items: &[Item], group_of: &[Option<usize>]) -> Vec<Edge> {
        let mut known = HashSet::new();
        let mut edges = Vec::new();
        for (index, node) in self.nodes.iter().enumerate() {
            for &parent in &node.info.parents {
                let parent = self.source[parent];
                let (Some(from), Some(to)) = (group_of[parent], group_of[index]) else {
                    continue;
                };
                let cut = node.cut || self.nodes[parent].cut;
                let flow = flow(&items[from], &items[to], cut);
                if from != to && known.insert((from, to, flow)) {
                    edges.push(Edge { from, to, flow });
                }
            }
        }
        edges
    }
}

fn flow(from: &Item, to: &Item, cut: bool) -> Flow {
    let steps = from.column.zip(to.column);
    match from.kind {
        _ if cut => Flow::Cut,
        Kind::Parameter(colour) => Flow::Parameter(colour),
        _ if steps.is_some_and(|(a, b)| a != b) => Flow::Recurrent,
        _ => Flow::Plain,
    }
}
