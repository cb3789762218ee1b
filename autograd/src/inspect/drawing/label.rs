//! What stands in a box, and what appears under the pointer.

use super::Node;
use super::home::is_parameter;

/// The most characters of a name, and of the line below it.
const NAME: usize = 22;
const DETAIL: usize = 26;

pub(super) struct Labels<'a> {
    nodes: &'a [Node],
    /// For views that are folded: the node that they are a part of.
    source: &'a [usize],
    /// How many nodes each is an operand of.
    uses: Vec<usize>,
}

impl<'a> Labels<'a> {
    pub fn new(nodes: &'a [Node], source: &'a [usize]) -> Self {
        let mut uses = vec![0; nodes.len()];
        let drawn = nodes.iter().enumerate().filter(|&(i, _)| source[i] == i);
        for (_, node) in drawn {
            let mut of: Vec<_> = node.info.parents.iter().map(|&p| source[p]).collect();
            of.sort_unstable();
            of.dedup();
            of.into_iter().for_each(|p| uses[p] += 1);
        }
        Labels {
            nodes,
            source,
            uses,
        }
    }

    /// The first line: the name, or a symbol for the operation. The column tells the time.
    pub fn name(&self, index: usize, scope: Option<&str>) -> String {
        let info = &self.nodes[index].info;
        let name = info.name.unwrap_or(symbol(info.operation));
        shorten(scope.unwrap_or(name), NAME)
    }

    /// The second line: how the node comes from its operands, or the names in a scope.
    pub fn detail(&self, members: &[usize], scope: Option<&str>) -> String {
        let last = members[members.len() - 1];
        let node = &self.nodes[last];
        let detail = match (scope, members.len()) {
            (Some(_), _) => self.names(members),
            (None, 1) if node.info.parents.is_empty() => {
                return node.info.shape.to_string() + &self.uses(last);
            }
            (None, 1) => self.formula(last),
            (None, n) => format!("sum of {}", n + 1),
        };
        shorten(&detail, DETAIL)
    }

    /// "   3 uses", for parameters.
    fn uses(&self, index: usize) -> String {
        match (is_parameter(&self.nodes[index]), self.uses[index]) {
            (false, _) => String::new(),
            (true, 1) => "  ·  1 use".into(),
            (true, n) => format!("  ·  {n} uses"),
        }
    }

    fn names(&self, members: &[usize]) -> String {
        let names = members.iter().filter_map(|&m| self.nodes[m].info.name);
        names.collect::<Vec<_>>().join(" ")
    }

    /// "zx + h Wᵀ", "sigmoid z[0..4]": short, with what is folded into it.
    fn formula(&self, index: usize) -> String {
        let Node {
            info, arguments, ..
        } = &self.nodes[index];
        let operands: Vec<_> = info.parents.iter().map(|&p| self.operand(p)).collect();
        let known = operands.iter().all(|o| !o.is_empty());
        match (info.operation, &operands[..]) {
            ("add_matmul_t", [a, x, w]) if known => format!("{a} + {x} {w}ᵀ"),
            ("matmul_t", [x, w]) if known => format!("{x} {w}ᵀ"),
            ("matmul", [a, b]) if known => format!("{a} {b}"),
            ("rows" | "cols", [whole]) => self.part(index, whole),
            ("add" | "sub" | "mul" | "div", [a, b]) if known => {
                format!("{a} {} {b}", symbol(info.operation))
            }
            (operation, _) => {
                let shown = info.name.map(|_| symbol(operation)); // else it is the first line
                let slices = info.parents.iter().filter(|&&p| self.source[p] != p);
                let slices = slices.map(|&p| self.operand(p));
                let words = shown.map(String::from).into_iter().chain(slices);
                let words = words.chain(Some(arguments.clone()));
                let words: Vec<_> = words.filter(|w| !w.is_empty()).collect();
                words.join(" ")
            }
        }
    }

    /// What an operand is called, "z[0..4]"; empty without a name.
    fn operand(&self, mut index: usize) -> String {
        let mut slices = String::new();
        loop {
            let node = &self.nodes[index];
            let cut = node.cut && node.info.name.is_none() && !node.info.parents.is_empty();
            if self.source[index] != index {
                slices = self.slice(index) + &slices;
            } else if !cut {
                break;
            }
            index = node.info.parents[0];
        }
        match (self.nodes[index].info.name, slices.is_empty()) {
            (Some(name), _) => name.to_string() + &slices,
            (None, true) => String::new(),
            (None, false) => format!("·{slices}"),
        }
    }

    fn part(&self, index: usize, whole: &str) -> String {
        let whole = if whole.is_empty() { "·" } else { whole };
        whole.to_string() + &self.slice(index)
    }

    /// "[0..4]" for columns, "[0..2, :]" for rows.
    fn slice(&self, index: usize) -> String {
        let node = &self.nodes[index];
        match node.info.operation {
            "rows" => format!("[{}, :]", node.arguments),
            "cols" => format!("[{}]", node.arguments),
            other => format!(" {other} {}", node.arguments),
        }
    }

    /// All that is known, a line each.
    pub fn title(&self, members: &[usize], scope: Option<&str>) -> String {
        let last = members[members.len() - 1];
        match scope {
            Some(scope) => {
                let labels = members.iter().map(|&m| self.nodes[m].info.to_string());
                let lines: Vec<_> = labels.collect();
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

/// How an operation is written.
fn symbol(operation: &'static str) -> &'static str {
    match operation {
        "add" => "+",
        "sub" => "−",
        "mul" => "⊙",
        "div" => "÷",
        "sigmoid" => "σ",
        "transpose" => "ᵀ",
        other => other,
    }
}

/// At most that many characters.
pub(super) fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.into();
    }
    let kept = text.chars().take(most - 1);
    kept.chain(Some('…')).collect()
}
