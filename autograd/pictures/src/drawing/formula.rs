//! How a node comes from its operands, as it would be written: "zx + hₜ₋₁ Wᵀ".

use std::collections::HashSet;

use super::Node;
use super::home::Home;
use crate::times::Times;

/// How far nodes without a name are written out.
const DEPTH: usize = 2;

pub(super) struct Formulas<'a> {
    pub nodes: &'a [Node],
    pub homes: &'a [Home],
    pub times: &'a Times,
    /// For views that are folded: the node that they are a part of.
    pub source: &'a [usize],
    /// The nodes that are the state before the first step.
    pub states: HashSet<usize>,
    /// Parameters whose name does not tell them apart.
    pub twins: HashSet<usize>,
}

/// What binds weaker needs parentheses within what binds stronger.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Binding {
    Sum,
    Product,
    Function,
    Atom,
}

type Written = (String, Binding);

impl Formulas<'_> {
    /// The formula of a node, written out as far as there is room for.
    pub fn of(&self, index: usize, most: usize) -> String {
        let fits = |text: &String| text.chars().count() <= most;
        let written = |depth| self.write(index, depth).0;
        let short = (1..=DEPTH).rev().map(written).find(fits);
        short.unwrap_or_else(|| written(0))
    }

    fn write(&self, index: usize, depth: usize) -> Written {
        let Node {
            info, arguments, ..
        } = &self.nodes[index];
        let of = info.parents.iter();
        let operands: Vec<_> = of.map(|&p| self.operand(p, index, depth)).collect();
        let symbol = symbol(info.operation);
        match (info.operation, &operands[..]) {
            ("add_matmul_t", [a, x, w]) => {
                let product = format!("{} {}ᵀ", atom(x), atom(w));
                (format!("{} + {product}", a.0), Binding::Sum)
            }
            ("matmul_t", [x, w]) => (format!("{} {}ᵀ", atom(x), atom(w)), Binding::Product),
            ("matmul", [a, b]) => (format!("{} {}", atom(a), atom(b)), Binding::Product),
            ("transpose", [x]) => (format!("{}ᵀ", atom(x)), Binding::Atom),
            ("rows" | "cols", [whole]) => (atom(whole) + &self.slice(index), Binding::Atom),
            ("add", [a, b]) => (format!("{} + {}", a.0, b.0), Binding::Sum),
            ("sub", [a, b]) => (format!("{} − {}", a.0, term(b)), Binding::Sum),
            ("mul" | "div", [a, b]) => (
                format!("{} {symbol} {}", term(a), factor(b)),
                Binding::Product,
            ),
            (_, [x]) if arguments.is_empty() => {
                (format!("{symbol} {}", atom(x)), Binding::Function)
            }
            _ => {
                let slices = operands.iter().map(|o| o.0.as_str());
                let slices = slices.filter(|o| o.contains('['));
                let words: Vec<_> = [symbol].into_iter().chain(slices).collect();
                let text = format!("{} {arguments}", words.join(" "));
                (text.trim().into(), Binding::Function)
            }
        }
    }

    /// An operand: its name, or how it is computed.
    fn operand(&self, mut index: usize, user: usize, depth: usize) -> Written {
        let mut slices = String::new();
        loop {
            let node = &self.nodes[index];
            let unnamed_cut = node.cut && node.info.name.is_none();
            match node.info.parents.first() {
                Some(&whole) if self.source[index] != index => {
                    slices = self.slice(index) + &slices;
                    index = whole;
                }
                Some(&whole) if unnamed_cut => index = whole,
                _ => break,
            }
        }
        let info = &self.nodes[index].info;
        match self.name(index) {
            Some(name) => (
                format!("{name}{}{slices}", self.before(index, user)),
                Binding::Atom,
            ),
            None if depth > 0 && slices.is_empty() && !info.parents.is_empty() => {
                self.write(index, depth - 1)
            }
            None => (format!("·{slices}"), Binding::Atom),
        }
    }

    /// The name of a node; of several parameters called E, each with its position on the tape:
    /// "E %3".
    pub fn name(&self, index: usize) -> Option<String> {
        let name = self.nodes[index].info.name?;
        Some(match self.twins.contains(&index) {
            true => format!("{name} %{index}"),
            false => name.into(),
        })
    }

    /// "ₜ₋₁" for what the step before has computed.
    fn before(&self, index: usize, user: usize) -> &'static str {
        match (self.homes[index], self.homes[user]) {
            (Home::Step(a), Home::Step(b)) => self.times.subscript(a, b),
            (Home::Before(first), Home::Step(_)) if self.states.contains(&index) => {
                match self.times.backwards(first) {
                    true => "ₜ₊₁",
                    false => "ₜ₋₁",
                }
            }
            _ => "",
        }
    }

    /// "[0..4]" for columns, "[0..2, :]" for rows.
    fn slice(&self, index: usize) -> String {
        let node = &self.nodes[index];
        match node.info.operation {
            "rows" => format!("[{}, :]", node.arguments),
            _ => format!("[{}]", node.arguments),
        }
    }
}

/// A part of a difference or of a product: in parentheses if it is a sum.
fn term(part: &Written) -> String {
    enclosed(part, Binding::Product)
}

/// The right part of a product.
fn factor(part: &Written) -> String {
    enclosed(part, Binding::Function)
}

/// What an operation without a sign is applied to.
fn atom(part: &Written) -> String {
    enclosed(part, Binding::Atom)
}

fn enclosed((text, binding): &Written, needed: Binding) -> String {
    match *binding < needed {
        true => format!("({text})"),
        false => text.clone(),
    }
}

/// How an operation is written.
pub(super) fn symbol(operation: &'static str) -> &'static str {
    match operation {
        "add" => "+",
        "sub" => "−",
        "mul" => "⊙",
        "div" => "÷",
        "sigmoid" => "σ",
        other => other,
    }
}
