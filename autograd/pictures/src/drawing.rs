//! [`Drawing`]: the graph, unrolled over time.
//!
//! | where | what |
//! |---|---|
//! | `home` | which step each node belongs to |
//! | `model` | what becomes a box, a bar or an edge |
//! | `label`, `formula` | what stands in a box and under the pointer |
//! | `rows`, `place` | in which row each box is, and where in it |
//! | `wire`, `ports`, `route`, `turns`, `tracks` | how the edges get around the boxes |
//! | `across`, `geometry` | all of it in coordinates |
//! | `paint`, `dot` | the result as a picture, or for Graphviz |

mod across;
mod dot;
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

use crate::{Overview, Svg};
use model::Graph;

/// Boxes beyond which nobody could read a drawing.
const READABLE: usize = 400;

/// The graph of a tape with time from left to right, made by [`TapePictures::drawing`](crate::TapePictures::drawing).
///
/// Each step is a column, in which data flows upwards. What serves all steps is a bar across them:
/// parameters are drawn once, at the bottom, in a colour of their own that leads to each use.
/// Views without a name are told in their user's box; an edge that no gradient passes is dashed.
#[derive(Clone, Debug)]
pub struct Drawing {
    nodes: Arc<[Node]>,
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
}

/// What is shown of a node.
#[derive(Clone, Debug)]
struct Node {
    info: NodeInfo,
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
    fn new<T: Scalar>(node: Var<'_, T>, gradients: Option<&Gradients<'_, T>>) -> Self {
        let info = node.info();
        let gradient = gradients.and_then(|g| g.get(node));
        Node {
            arguments: node.arguments(),
            rules: (0..info.parents.len()).map(|k| node.rule(k)).collect(),
            norm: node.value().norm(),
            gradient: gradient.map(|g| g.norm()),
            view: node.owner() != node,
            cut: !node.passes_gradient(),
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
        let node = |index| Node::new(tape.node(index), gradients);
        Drawing {
            nodes: (0..tape.len()).map(node).collect(),
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

    /// As a picture. What has more boxes than can be read is shown as [`Overview`] shows it.
    ///
    /// Boxes carry `data-node`, the position on the tape, and edges `data-edge`, two positions:
    /// "3-7". A box of several nodes has the position of the last of them.
    pub fn svg(&self) -> Svg {
        let graph = self.graph();
        if graph.items.len() > READABLE {
            return self.overview.svg();
        }
        paint::paint(&graph)
    }

    /// As text for [Graphviz]: steps are clusters.
    ///
    /// [Graphviz]: https://graphviz.org
    pub fn dot(&self) -> String {
        dot::dot(&self.graph())
    }

    fn graph(&self) -> Graph {
        Graph::new(&self.nodes, &self.view)
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
        let steps = graph.columns.iter().flatten().count();
        let (boxes, edges) = (graph.items.len(), graph.edges.len());
        write!(f, "a drawing: {boxes} boxes, {edges} edges, {steps} steps")
    }
}
