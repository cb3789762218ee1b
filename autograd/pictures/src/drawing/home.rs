//! Which step each node belongs to: most say so, the others follow from their neighbours.

use std::collections::HashMap;

use super::Node;
use crate::times::Times;

/// Where a node is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Home {
    /// In the column before the first step of a timeline, which is this one: initial states.
    Before(usize),
    /// In the column of a time step.
    Step(usize),
    /// Across all columns.
    Everywhere,
}

/// The steps that a node's neighbours belong to.
#[derive(Clone, Copy, PartialEq)]
enum Steps {
    None,
    One(usize),
    Many,
}

impl Steps {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Steps::None, x) | (x, Steps::None) => x,
            (Steps::One(a), Steps::One(b)) if a == b => self,
            _ => Steps::Many,
        }
    }
}

/// The homes of all nodes. Without any time, everything is in one column, the one before.
pub(super) fn homes(nodes: &[Node], times: &Times) -> Vec<Home> {
    if nodes.iter().all(|n| n.step.is_none()) {
        return vec![Home::Before(0); nodes.len()];
    }
    let mut steps = from_operands(nodes);
    // What is computed from a step cannot come before the first.
    let mut not_before: Vec<_> = steps.iter().map(|&s| s != Steps::None).collect();
    to_users(nodes, &mut steps);
    let of_name = steps_of_names(nodes, &steps);
    let mut homes = vec![Home::Everywhere; nodes.len()];
    for (index, node) in nodes.iter().enumerate().rev() {
        let alone = node.info.name.is_none() || of_name.get(&name(node)) != Some(&Steps::Many);
        homes[index] = match (node.step, steps[index]) {
            (Some(t), _) => Home::Step(t),
            _ if is_parameter(node) => Home::Everywhere,
            (None, Steps::One(t)) if times.starts(t) && alone && !not_before[index] => {
                Home::Before(t)
            }
            (None, Steps::One(t)) => Home::Step(t),
            _ => Home::Everywhere,
        };
        // What is used by its parts is the input of all steps, even if there is only one.
        let input = node.view && !node.cut;
        let before = matches!(homes[index], Home::Before(_));
        if input || (node.step.is_none() && !before) {
            node.info.parents.iter().for_each(|&p| not_before[p] = true);
        }
    }
    homes
}

pub(super) fn is_parameter(node: &Node) -> bool {
    node.info.operation == "variable" && node.info.time.is_none()
}

/// Nodes belong to the step that all their operands belong to: a loss to that of its output.
fn from_operands(nodes: &[Node]) -> Vec<Steps> {
    let mut steps: Vec<Steps> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let of_parents = node.info.parents.iter().map(|&p| steps[p]);
        let from_parents = of_parents.fold(Steps::None, Steps::and);
        steps.push(node.step.map_or(from_parents, Steps::One));
    }
    steps
}

/// What depends on no step belongs to the one where it is used: an initial state, a target.
fn to_users(nodes: &[Node], steps: &mut [Steps]) {
    let mut users = vec![Steps::None; nodes.len()];
    for index in (0..nodes.len()).rev() {
        if steps[index] == Steps::None {
            steps[index] = match users[index] {
                Steps::None => Steps::Many,
                known => known,
            };
        }
        for &parent in &nodes[index].info.parents {
            users[parent] = users[parent].and(steps[index]);
        }
    }
}

type Name<'a> = (&'a str, Option<&'static str>);

fn name(node: &Node) -> Name<'_> {
    (&node.info.scope, node.info.name)
}

/// For the names of nodes without a time: the steps they belong to; to several, as inputs do that
/// were recorded before the loop over time.
fn steps_of_names<'a>(nodes: &'a [Node], steps: &[Steps]) -> HashMap<Name<'a>, Steps> {
    let mut found = HashMap::new();
    for (node, &steps) in nodes.iter().zip(steps) {
        if node.info.time.is_none() && steps != Steps::Many {
            let of_name = found.entry(name(node)).or_insert(Steps::None);
            *of_name = of_name.and(steps);
        }
    }
    found
}
