//! What stands in a box, and what appears under the pointer.

use std::collections::{HashMap, HashSet};

use super::Node;
use super::formula::{Formulas, symbol};
use super::home::{Home, is_parameter};
use crate::svg::shorten;

/// The most characters of a name, and of the line below it.
const NAME: usize = 22;
const DETAIL: usize = 28;
/// The most nodes that appear under the pointer.
const LINES: usize = 40;

pub(super) struct Labels<'a> {
    nodes: &'a [Node],
    formulas: Formulas<'a>,
    /// How many nodes each is an operand of.
    uses: Vec<usize>,
    /// The scope of those, where they have the same.
    users_scope: Vec<Option<&'a str>>,
}

impl<'a> Labels<'a> {
    pub fn new(formulas: Formulas<'a>) -> Self {
        let nodes = formulas.nodes;
        let (uses, users_scope) = users(nodes, formulas.source);
        let mut labels = Labels {
            nodes,
            formulas,
            uses,
            users_scope,
        };
        labels.formulas.twins = labels.twins();
        labels
    }

    /// The parameters that share their name with another, and have no scope that tells them apart.
    fn twins(&self) -> HashSet<usize> {
        let mut known: HashMap<_, Vec<usize>> = HashMap::new();
        for index in (0..self.nodes.len()).filter(|&i| is_parameter(&self.nodes[i])) {
            if let Some(name) = self.nodes[index].info.name {
                let is_bar = self.formulas.homes[index] == Home::Everywhere;
                let scope = is_bar.then(|| self.bar_scope(index)); // boxes have no room for it
                known.entry((name, scope)).or_default().push(index);
            }
        }
        let several = known.into_values().filter(|called| called.len() > 1);
        several.flatten().collect()
    }

    /// The scope of a bar: that of its users, if it has none itself.
    fn bar_scope(&self, index: usize) -> &'a str {
        match self.nodes[index].info.scope.as_str() {
            "" => self.users_scope[index].unwrap_or_default(),
            own => own,
        }
    }

    /// The first line: the name, or a symbol for the operation. The column tells the time.
    pub fn name(&self, index: usize, scope: Option<&str>) -> String {
        let info = &self.nodes[index].info;
        match (scope, self.formulas.name(index)) {
            (Some(scope), _) => shorten(scope, NAME),
            (None, Some(name)) => shorten(&name, NAME),
            (None, None) => shorten(symbol(info.operation), NAME),
        }
    }

    /// The second line: how the node comes from its operands, or the names in a scope.
    pub fn detail(&self, members: &[usize], scope: Option<&str>) -> String {
        let last = members[members.len() - 1];
        let node = &self.nodes[last];
        let detail = match (scope, members.len()) {
            (Some(_), _) => self.names(members),
            (None, 1) if node.info.parents.is_empty() => node.info.shape.to_string(),
            (None, 1) => self.formula(last),
            (None, n) => format!("sum of {}", n + 1),
        };
        shorten(detail.trim(), DETAIL)
    }

    /// Bars have more room: how often a parameter is used, and in which scope.
    pub fn of_bar(&self, members: &[usize]) -> String {
        let last = members[members.len() - 1];
        let mut words = vec![self.detail(members, None)];
        if is_parameter(&self.nodes[last]) {
            words.push(match self.uses[last] {
                1 => "1 use".into(),
                n => format!("{n} uses"),
            });
        }
        words.push(shorten(self.bar_scope(last), NAME));
        words.retain(|word| !word.is_empty());
        words.join("  ·  ")
    }

    fn names(&self, members: &[usize]) -> String {
        let mut names: Vec<_> = Vec::new();
        for name in members.iter().filter_map(|&m| self.nodes[m].info.name) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.join(" ")
    }

    /// How a node is computed, as far as neither its name nor the edges say so: "zx + hₜ₋₁ Wᵀ",
    /// "σ z[0..4]".
    fn formula(&self, index: usize) -> String {
        let Node {
            info, arguments, ..
        } = &self.nodes[index];
        let (formula, symbol) = (self.formulas.of(index, DETAIL), symbol(info.operation));
        let sign = info.name.map_or("", |_| symbol); // else it is the first line
        let says = match formula.strip_prefix(symbol) {
            Some(of) if of.contains('[') || !arguments.is_empty() => return sign.to_string() + of,
            Some(_) => None,
            None => Some(formula).filter(|f| f.contains(char::is_alphanumeric)),
        };
        says.unwrap_or_else(|| sign.into())
    }

    /// All that is known, a line each.
    pub fn title(&self, members: &[usize], scope: Option<&str>) -> String {
        let last = members[members.len() - 1];
        match scope {
            Some(scope) => {
                let labels = members.iter().map(|&m| self.nodes[m].info.to_string());
                let rest = (members.len() > LINES).then(|| "…".to_string());
                let lines: Vec<_> = labels.take(LINES).chain(rest).collect();
                format!("{scope}: {} nodes\n{}", members.len(), lines.join("\n"))
            }
            None => self.lines(last),
        }
    }

    fn lines(&self, index: usize) -> String {
        let node = &self.nodes[index];
        let mut lines = vec![
            node.info.label(),
            format!("{} {}", node.info.operation, node.arguments),
            format!("shape {}", node.info.shape),
            format!("norm {:.4e}", node.norm),
        ];
        lines.extend(
            node.gradient
                .map(|g| format!("norm of the gradient {g:.4e}")),
        );
        for (&parent, rule) in node.info.parents.iter().zip(&node.rules) {
            lines.push(format!("to {}: {rule}", self.nodes[parent].info.label()));
        }
        lines.join("\n")
    }
}

/// How many nodes each is an operand of, and the scope of those, where they have the same.
fn users<'a>(nodes: &'a [Node], source: &[usize]) -> (Vec<usize>, Vec<Option<&'a str>>) {
    let mut uses = vec![0; nodes.len()];
    let mut scopes = vec![None; nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        if source[index] != index {
            continue; // it is told in its user's box
        }
        let mut of: Vec<_> = node.info.parents.iter().map(|&p| source[p]).collect();
        of.sort_unstable();
        of.dedup();
        for parent in of {
            let scope = &mut scopes[parent];
            let same = uses[parent] == 0 || *scope == Some(node.info.scope.as_str());
            *scope = same.then_some(node.info.scope.as_str());
            uses[parent] += 1;
        }
    }
    (uses, scopes)
}
