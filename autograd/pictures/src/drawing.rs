//! [`Drawing`]: the graph, unrolled over time.
//!
//! | where | what |
//! |---|---|
//! | `fold` | which steps there is no room for |
//! | `home` | which step each node belongs to |
//! | `model` | what becomes a box, a bar or an edge |
//! | `label`, `formula` | what stands in a box and under the pointer |
//! | `rows`, `place` | in which row each box is, and where in it |
//! | `wire`, `ports`, `route`, `turns`, `tracks` | how the edges get around the boxes |
//! | `across`, `geometry` | all of it in coordinates |
//! | `paint`, `dot` | the result as a picture, or for Graphviz |

mod across;
mod dot;
mod fold;
mod formula;
mod geometry;
mod home;
mod label;
mod model;
mod paint;
mod place;
mod ports;
mod route;
mod rows;
#[cfg(test)]
mod tests;
mod tracks;
mod turns;
mod wire;

use std::fmt;
use std::sync::Arc;

use autograd::{Gradients, NodeInfo, Scalar, Tape, Var};

use crate::times::Times;
use crate::{Overview, Svg};
use fold::Fold;
use model::Graph;

/// Boxes beyond which nobody could read a drawing.
const READABLE: usize = 400;
/// Pixels beyond which a drawing folds steps.
const WIDEST: f64 = 4000.0;

/// The graph of a tape with time from left to right, made by [`TapePictures::drawing`](crate::TapePictures::drawing).
///
/// Each step is a column, in which data flows upwards; those of a [timeline](Tape::timeline) stand
/// together, and timelines in order of their first use. What serves all steps is a bar across them:
/// parameters are drawn once, at the bottom, in a colour of their own that leads to each use.
/// Views without a name are told in their user's box; an edge that no gradient passes is dashed.
#[derive(Clone, Debug)]
pub struct Drawing {
    nodes: Arc<[Node]>,
    times: Arc<Times>,
    overview: Arc<Overview>,
    view: View,
}

/// What of the graph is shown.
#[derive(Clone, Debug, Default)]
struct View {
    /// Scopes that are one box a step.
    collapsed: Vec<String>,
    every_scope: bool,
    /// The scope that alone is shown.
    only: Option<String>,
    /// Steps that are one box.
    folds: Vec<Fold>,
}

/// What is shown of a node.
#[derive(Clone, Debug)]
struct Node {
    info: NodeInfo,
    /// Its time step, where it has one itself.
    step: Option<usize>,
    arguments: String,
    /// What it sends to each operand.
    rules: Vec<String>,
    norm: f64,
    gradient: Option<f64>,
    /// Whether it is a part of its operand, without storage of its own.
    view: bool,
    /// Whether no gradient passes though the operation could have one.
    cut: bool,
}

impl Node {
    fn new<T: Scalar>(
        node: Var<'_, T>,
        step: Option<usize>,
        gradients: Option<&Gradients<'_, T>>,
    ) -> Self {
        let info = node.info();
        let gradient = gradients.and_then(|g| g.get(node));
        Node {
            arguments: node.arguments(),
            rules: (0..info.parents.len()).map(|k| node.rule(k)).collect(),
            norm: node.value().norm(),
            gradient: gradient.map(|g| g.norm()),
            view: node.owner() != node,
            cut: !node.passes_gradient(),
            step,
            info,
        }
    }
}

impl View {
    /// The collapsed scope that a node's scope is, or is in: the outermost.
    fn collapsed<'a>(&self, node: &'a NodeInfo) -> Option<&'a str> {
        let scope = node.scope.as_str();
        if self.every_scope {
            return Some(scope.split('/').next().unwrap_or(scope)).filter(|s| !s.is_empty());
        }
        let outer = self.collapsed.iter().filter(|outer| node.is_in(outer));
        let shortest = outer.map(String::len).min()?;
        Some(&scope[..shortest])
    }
}

impl Drawing {
    #[inline(never)] // see `compiled`
    pub(crate) fn of<T: Scalar>(tape: &Tape<T>, gradients: Option<&Gradients<'_, T>>) -> Self {
        let moments: Vec<_> = (0..tape.len()).map(|i| tape.node(i).moment()).collect();
        let times = Times::new(moments.iter().flatten());
        let node = |(index, moment): (usize, &Option<_>)| {
            let step = moment.as_ref().map(|moment| times.step(moment));
            Node::new(tape.node(index), step, gradients)
        };
        Drawing {
            nodes: moments.iter().enumerate().map(node).collect(),
            times: Arc::new(times),
            overview: Arc::new(Overview::of(tape, gradients)),
            view: View::default(),
        }
    }

    /// With the nodes of a scope, and of those in it, as one box a step. Scopes that are not there
    /// change nothing.
    pub fn collapse(&self, scope: &str) -> Self {
        let mut drawing = self.clone();
        drawing.view.collapsed.push(scope.into());
        drawing
    }

    /// With every outermost scope as one box a step.
    pub fn collapse_all(&self) -> Self {
        let mut drawing = self.clone();
        drawing.view.every_scope = true;
        drawing
    }

    /// Only the nodes of a scope, of those in it, and their operands.
    pub fn scope(&self, scope: &str) -> Self {
        let mut drawing = self.clone();
        drawing.view.only = Some(scope.into());
        drawing
    }

    /// As a picture, at most 4000 pixels wide: in wider ones, the middle steps of each timeline are
    /// one box. What has more than 400 boxes, or is too wide even so, nobody could read: that is
    /// shown as [`Overview`] shows it.
    ///
    /// Boxes carry `data-node`, the position on the tape, and edges `data-edge`, two positions:
    /// "3-7". A box of several nodes has the position of the last of them.
    pub fn svg(&self) -> Svg {
        self.folded().unwrap_or_else(|| self.overview.svg())
    }

    /// As a picture of any width, with all steps.
    pub(crate) fn whole(&self) -> Svg {
        self.painted().unwrap_or_else(|| self.overview.svg())
    }

    fn painted(&self) -> Option<Svg> {
        let graph = self.graph();
        (graph.items.len() <= READABLE).then(|| paint::paint(&graph))
    }

    /// With as many steps as there is room for.
    fn folded(&self) -> Option<Svg> {
        let mut drawing = self.clone();
        let mut most = fold::longest(&self.times);
        loop {
            let svg = drawing.painted()?;
            if svg.width() <= WIDEST {
                return Some(svg);
            }
            if most <= 3 {
                return None;
            }
            let fit = most as f64 * WIDEST / svg.width();
            most = (fit as usize).clamp(3, most - 1);
            drawing.view.folds = fold::folds(&self.times, most);
        }
    }

    /// As text for [Graphviz]: steps are clusters.
    ///
    /// [Graphviz]: https://graphviz.org
    pub fn dot(&self) -> String {
        dot::dot(&self.graph())
    }

    fn graph(&self) -> Graph {
        Graph::new(&self.nodes, &self.times, &self.view)
    }

    /// Displays the picture in a notebook.
    pub fn evcxr_display(&self) {
        self.svg().show(&self.to_string(), self);
    }
}

/// How much there is to see.
impl fmt::Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let graph = self.graph();
        let steps = graph.columns.iter().filter(|c| c.is_step()).count();
        let (boxes, edges) = (graph.items.len(), graph.edges.len());
        write!(f, "a drawing: {boxes} boxes, {edges} edges, {steps} steps")
    }
}
