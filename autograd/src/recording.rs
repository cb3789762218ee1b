//! What was recorded: nodes, where their elements are, what they were computed from, and what they
//! are called. Nothing here knows a number or an operation.

mod names;
mod place;

use std::ops::Range;

pub(crate) use names::Names;
pub(crate) use place::Place;
pub use place::Window;

/// All that a tape knows about its nodes but their values and operations.
#[derive(Debug)]
pub(crate) struct Recording {
    pub nodes: Vec<Node>,
    pub names: Names,
    /// The parents of all nodes, one list behind the other.
    edges: Vec<usize>,
    /// The integers that operations such as a look-up need, likewise.
    integers: Vec<usize>,
}

/// One node: a leaf, or the result of an operation.
#[derive(Debug)]
pub(crate) struct Node {
    pub place: Place,
    /// Which of the tape's operations it is the result of; a leaf is of none.
    pub operation: Option<u32>,
    pub operands: Operands,
    /// Whether the buffer of its elements is the tape's, and not lent from outside.
    pub is_pooled: bool,
    /// Whether a gradient has a way through this node to a variable.
    pub needs_gradient: bool,
    /// How many nodes have this one as a parent.
    pub uses: u32,
    pub label: Option<&'static str>,
    pub time: Option<u32>,
    pub scope: u32,
}

/// What an operation is applied to: where the list of its parents is, and that of its integers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operands {
    parents: Range<usize>,
    integers: Range<usize>,
}

impl Node {
    /// A constant that was lent.
    pub fn leaf(place: Place) -> Self {
        Node {
            place,
            operation: None,
            operands: Operands::default(),
            is_pooled: false,
            needs_gradient: false,
            uses: 0,
            label: None,
            time: None,
            scope: 0,
        }
    }
}

impl Recording {
    pub fn new() -> Self {
        Recording {
            nodes: Vec::new(),
            names: Names::new(),
            edges: Vec::new(),
            integers: Vec::new(),
        }
    }

    /// Notes what an operation is to be applied to.
    pub fn note(&mut self, parents: impl Iterator<Item = usize>, integers: &[usize]) -> Operands {
        let (e, i) = (self.edges.len(), self.integers.len());
        self.edges.extend(parents);
        self.integers.extend_from_slice(integers);
        Operands {
            parents: e..self.edges.len(),
            integers: i..self.integers.len(),
        }
    }

    pub fn parents(&self, operands: &Operands) -> &[usize] {
        &self.edges[operands.parents.clone()]
    }

    pub fn integers(&self, operands: &Operands) -> &[usize] {
        &self.integers[operands.integers.clone()]
    }

    /// Adds a node to the present scope and step; gives its position.
    pub fn push(&mut self, mut node: Node) -> usize {
        for &parent in &self.edges[node.operands.parents.clone()] {
            self.nodes[parent].uses += 1;
        }
        (node.scope, node.time) = (self.names.scope, self.names.time);
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// Removes all nodes but the first `len`, and gives them, the last one first.
    pub fn truncate(&mut self, len: usize) -> impl Iterator<Item = Node> {
        let len = len.min(self.nodes.len());
        let (kept, removed) = self.nodes.split_at_mut(len);
        let (mut edges, mut integers) = (self.edges.len(), self.integers.len());
        for Operands {
            parents: p,
            integers: i,
        } in removed.iter().rev().map(|n| &n.operands)
        {
            for &parent in &self.edges[p.clone()] {
                if let Some(parent) = kept.get_mut(parent) {
                    parent.uses -= 1;
                }
            }
            // To where the first begins, so that what a refused operation has left behind goes too.
            edges = if p.is_empty() { edges } else { p.start };
            integers = if i.is_empty() { integers } else { i.start };
        }
        self.edges.truncate(edges);
        self.integers.truncate(integers);
        self.nodes.drain(len..).rev()
    }

    /// The bytes of its lists.
    pub fn list_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
            + (self.edges.capacity() + self.integers.capacity()) * size_of::<usize>()
    }

    /// Whether a node shares the storage of another one.
    pub fn is_view(&self, index: usize) -> bool {
        self.nodes[index].place.owner != index
    }
}
