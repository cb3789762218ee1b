//! What nodes are called: names, scopes and time steps.

use std::fmt;

use super::{Recording, Tape};
use crate::{Scalar, Shape, Var};

/// Names, scopes and time steps.
impl<T: Scalar> Tape<T> {
    /// All nodes recorded until the guard is dropped belong to this time step.
    pub fn step(&self, t: usize) -> Step<'_, T> {
        let before = self.time.replace(Some(t as u32));
        Step { tape: self, before }
    }

    /// All nodes recorded until the guard is dropped have this prefix to their name; scopes nest:
    /// "encoder/lstm1".
    pub fn scope(&self, name: &str) -> Scope<'_, T> {
        let before = self.scope.get();
        let scopes = &mut self.recording.borrow_mut().scopes;
        let known = scopes
            .iter()
            .skip(1)
            .position(|(outer, n)| *outer == before && n == name);
        let scope = known.map_or(scopes.len(), |i| i + 1);
        if scope == scopes.len() {
            scopes.push((before, name.to_string()));
        }
        self.scope.set(scope as u32);
        Scope { tape: self, before }
    }

    pub(crate) fn set_label(&self, index: usize, label: &'static str) {
        self.recording.borrow_mut().nodes[index].label = Some(label);
    }

    pub(crate) fn set_time(&self, index: usize, t: usize) {
        self.recording.borrow_mut().nodes[index].time = Some(t as u32);
    }

    pub(crate) fn info(&self, index: usize) -> NodeInfo {
        self.recording.borrow().info(index)
    }

    /// What a node sends to one of its operands, in print.
    pub(crate) fn rule(&self, index: usize, operand: usize) -> String {
        self.recording.borrow().nodes[index].op.rule(operand)
    }

    /// The letters that a node's rules have for its operands.
    pub(crate) fn letters(&self, index: usize) -> &'static str {
        let recording = self.recording.borrow();
        let node = &recording.nodes[index];
        match (node.op.letters(), recording.parents(node).len()) {
            ("", 1) => "x",
            ("", _) => "abcd",
            (own, _) => own,
        }
    }

    /// The nodes of a name that belong to time steps, in the order of time: `over_time("lstm1/c")`
    /// are c_0, c_1, … of the layer "lstm1".
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// let tape = Tape::<f64>::new();
    /// let mut h = tape.var(Matrix::scalar(1.0)).named("h"); // of no step
    /// for t in 0..3 {
    ///     let _step = tape.step(t);
    ///     h = h.tanh().named("h");
    /// }
    /// assert_eq!(tape.over_time("h")[2], h);
    /// ```
    pub fn over_time(&self, name: &str) -> Vec<Var<'_, T>> {
        let recording = self.recording();
        let timed = |&index: &usize| recording.nodes[index].time.is_some();
        let named = |index: &usize| {
            let info = recording.info(*index);
            let scope_and_name = name.rsplit_once('/').unwrap_or(("", name));
            scope_and_name == (info.scope.as_str(), info.name.unwrap_or_default())
        };
        let nodes = 0..recording.nodes.len();
        let mut found: Vec<usize> = nodes.filter(timed).filter(named).collect();
        found.sort_by_key(|&index| recording.nodes[index].time);
        found.into_iter().map(|index| self.node(index)).collect()
    }

    /// The first node with a NaN or an infinity in its value, to explain a loss that is none.
    pub fn first_non_finite(&self) -> Option<NodeInfo> {
        (0..self.len())
            .find(|&i| !self.value(i).is_finite())
            .map(|i| self.info(i))
    }
}

impl<T: Scalar> Recording<T> {
    pub(crate) fn info(&self, index: usize) -> NodeInfo {
        let node = &self.nodes[index];
        let mut scope = String::new();
        let mut at = node.scope;
        while at != 0 {
            let (outer, name) = &self.scopes[at as usize];
            scope = if scope.is_empty() {
                name.clone()
            } else {
                format!("{name}/{scope}")
            };
            at = *outer;
        }
        NodeInfo {
            index,
            name: node.label,
            operation: node.op.name(),
            parents: self.parents(node).to_vec(),
            shape: node.place.shape,
            time: node.time.map(|t| t as usize),
            scope,
            needs_gradient: node.needs_gradient,
        }
    }
}

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

impl fmt::Display for NodeInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.label(), self.operation)
    }
}

/// Ends a time step when dropped; made by [`Tape::step`].
pub struct Step<'t, T: Scalar = f32> {
    tape: &'t Tape<T>,
    before: Option<u32>,
}

impl<T: Scalar> Drop for Step<'_, T> {
    fn drop(&mut self) {
        self.tape.time.set(self.before);
    }
}

/// Ends a scope when dropped; made by [`Tape::scope`].
pub struct Scope<'t, T: Scalar = f32> {
    tape: &'t Tape<T>,
    before: u32,
}

impl<T: Scalar> Drop for Scope<'_, T> {
    fn drop(&mut self) {
        self.tape.scope.set(self.before);
    }
}
