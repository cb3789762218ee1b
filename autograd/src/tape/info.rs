//! [`NodeInfo`]: what a tape knows about a node.

use std::fmt;

use super::Tape;
use crate::{Scalar, Shape};

/// What a tape knows about a node.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct NodeInfo {
    /// The position on the tape.
    pub index: usize,
    /// The name given with [`Var::named`](crate::Var::named).
    pub name: Option<&'static str>,
    /// The name of the operation.
    pub operation: &'static str,
    /// The positions of its operands.
    pub parents: Vec<usize>,
    /// Number of rows and columns.
    pub shape: Shape,
    /// The time step.
    pub time: Option<usize>,
    /// The scope whose time that is, of [`Tape::timeline`]; empty for the tape's own.
    pub timeline: String,
    /// The enclosing scopes, joined by "/"; empty outside of any.
    pub scope: String,
    /// Whether a gradient has a way through this node to a variable.
    pub needs_gradient: bool,
}

impl NodeInfo {
    /// The name with scope and time step, "lstm1/h.3"; nodes without a name have their position,
    /// "%17".
    pub fn label(&self) -> String {
        let mut label = self.scope.clone();
        if !label.is_empty() {
            label.push('/');
        }
        match self.name {
            Some(name) => label.push_str(name),
            None => label.push_str(&format!("%{}", self.index)),
        }
        if let Some(t) = self.time {
            label.push_str(&format!(".{t}"));
        }
        label
    }
}

/// A time step: of the tape's own time, or of a [timeline](Tape::timeline). They are in order of the
/// timelines' first use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The number of the timeline's scope.
    order: u32,
    timeline: String,
    t: usize,
}

impl Moment {
    /// The timeline's name; empty for the tape's own time.
    pub fn timeline(&self) -> &str {
        &self.timeline
    }

    /// The step.
    pub fn t(&self) -> usize {
        self.t
    }
}

/// "t = 3", or "decoder: t = 3".
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.timeline.is_empty() {
            write!(f, "{}: ", self.timeline)?;
        }
        write!(f, "t = {}", self.t)
    }
}

impl fmt::Display for NodeInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.label(), self.operation)
    }
}

/// What is known of nodes.
impl<T: Scalar> Tape<T> {
    pub(crate) fn info(&self, index: usize) -> NodeInfo {
        let recording = self.recording();
        let node = &recording.nodes[index];
        let leaf = match (node.needs_gradient, node.is_pooled) {
            (true, _) => "variable",
            (false, false) => "constant",
            (false, true) => "data",
        };
        NodeInfo {
            index,
            name: node.label,
            operation: self.with_operation(index, |op| op.name()).unwrap_or(leaf),
            parents: recording.parents(&node.operands).to_vec(),
            shape: node.place.shape,
            time: node.time.map(|t| t as usize),
            timeline: recording.names.path(recording.names.timeline(node.scope)),
            scope: recording.names.path(node.scope),
            needs_gradient: node.needs_gradient,
        }
    }

    /// The time step of a node, unless it belongs to none.
    pub(crate) fn moment(&self, index: usize) -> Option<Moment> {
        let recording = self.recording();
        let node = &recording.nodes[index];
        let timeline = recording.names.timeline(node.scope);
        node.time.map(|t| Moment {
            order: timeline,
            timeline: recording.names.path(timeline),
            t: t as usize,
        })
    }

    /// What a node sends to one of its operands, in print.
    pub(crate) fn rule(&self, index: usize, operand: usize) -> String {
        self.with_operation(index, |op| op.rule(operand))
            .unwrap_or_default()
    }

    /// What a node was recorded with besides its operands, in print.
    pub(crate) fn arguments(&self, index: usize) -> String {
        let own = self
            .with_operation(index, |op| op.arguments())
            .unwrap_or_default();
        let recording = self.recording();
        let integers = list(recording.integers(&recording.nodes[index].operands));
        let mut words = vec![own, integers];
        words.retain(|word| !word.is_empty());
        words.join(", ")
    }

    /// The letters that a node's rules have for its operands.
    pub(crate) fn letters(&self, index: usize) -> &'static str {
        let own = self
            .with_operation(index, |op| op.letters())
            .unwrap_or_default();
        let recording = self.recording();
        match (
            own,
            recording.parents(&recording.nodes[index].operands).len(),
        ) {
            ("", 1) => "x",
            ("", _) => "abcd",
            (own, _) => own,
        }
    }
}

/// "[3, 1]", and of many only the first: "[3, 1, 4, …]".
fn list(integers: &[usize]) -> String {
    const MOST: usize = 4;
    if integers.is_empty() {
        return String::new();
    }
    let shown = match integers.len() {
        0..=MOST => integers.len(),
        _ => MOST - 1,
    };
    let mut words: Vec<_> = integers[..shown].iter().map(usize::to_string).collect();
    if shown < integers.len() {
        words.push("…".into());
    }
    format!("[{}]", words.join(", "))
}
