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

use crate::inspect::is_in;
use crate::inspect::notebook::show;
use crate::inspect::overview::Overview;
use crate::inspect::svg::Svg;
use crate::{Gradients, NodeInfo, Scalar, Tape};
use model::Graph;

/// Boxes beyond which nobody could read a drawing.
const READABLE: usize = 400;

/// The graph of a tape with time from left to right, made by [`Tape::drawing`].
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

impl<T: Scalar> Tape<T> {
    /// The graph, unrolled over time. With gradients, boxes are the darker the larger the norm of
    /// theirs.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// let tape = Tape::<f64>::new();
    /// let w = tape.var(Matrix::scalar(0.5)).named("W");
    /// let mut h = tape.constant(Matrix::scalar(1.0)).named("h");
    /// for t in 0..3 {
    ///     let _step = tape.step(t);
    ///     h = h.matmul_t(w).tanh().named("h");
    /// }
    /// let e = h.sum().named("E");
    /// let drawing = tape.drawing(Some(&e.backward()));
    /// let svg = drawing.svg().to_string(); // to be written to a file
    /// assert!(svg.contains("t = 2"));
    /// assert!(drawing.dot().starts_with("digraph"));
    /// ```
    #[inline(never)]
    pub fn drawing(&self, gradients: Option<&Gradients<'_, T>>) -> Drawing {
        let node = |index| {
            let gradient = gradients.and_then(|g| g.get(self.node(index)));
            let (norm, gradient) = (self.value(index).norm(), gradient.map(|g| g.norm()));
            Node::new(self, index, norm, gradient)
        };
        Drawing {
            nodes: (0..self.len()).map(node).collect(),
            overview: Arc::new(self.overview(gradients)),
            view: View::default(),
        }
    }
}

impl Node {
    fn new<T: Scalar>(tape: &Tape<T>, index: usize, norm: f64, gradient: Option<f64>) -> Self {
        let info = tape.info(index);
        let passes = tape.with_operation(index, |op| op.passes_gradient());
        Node {
            arguments: tape.arguments(index),
            rules: (0..info.parents.len())
                .map(|k| tape.rule(index, k))
                .collect(),
            norm,
            gradient,
            view: tape.place(index).owner != index,
            cut: passes == Some(false),
            info,
        }
    }
}

impl View {
    /// The collapsed scope that a node's scope is, or is in: the outermost.
    fn collapsed<'a>(&self, scope: &'a str) -> Option<&'a str> {
        if self.every_scope {
            return Some(scope.split('/').next().unwrap_or(scope)).filter(|s| !s.is_empty());
        }
        let outer = self.collapsed.iter().filter(|outer| is_in(scope, outer));
        let shortest = outer.map(String::len).min()?;
        Some(&scope[..shortest])
    }
}

impl Drawing {
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

    /// As a picture. What has more boxes than can be read is shown as [`Tape::overview`] shows it.
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
        show("image/svg+xml", &self.svg(), self);
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
