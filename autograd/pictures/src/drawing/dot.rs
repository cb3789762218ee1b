//! The graph for Graphviz.

use std::fmt::Write;

use autograd::inspect::html::forbidden;

use super::model::{Column, Edge, Flow, Graph, Item, Kind};
use super::paint::colour;

pub(super) fn dot(graph: &Graph) -> String {
    let mut text = String::from(
        "digraph tape {\n    rankdir=LR;\n    node [shape=box, style=rounded, fontname=\"Helvetica\"];\n",
    );
    for (column, Column { heading, .. }) in graph.columns.iter().enumerate() {
        let items = graph.items.iter().filter(|i| i.column == Some(column));
        match heading {
            Some(heading) => cluster(&mut text, column, heading, items),
            None => items.for_each(|item| node(&mut text, "    ", item)),
        }
    }
    let bars = graph.items.iter().filter(|i| i.column.is_none());
    bars.for_each(|item| node(&mut text, "    ", item));
    for edge in &graph.edges {
        line(&mut text, graph, edge);
    }
    text.push_str("}\n");
    text
}

fn cluster<'a>(
    text: &mut String,
    column: usize,
    heading: &str,
    items: impl Iterator<Item = &'a Item>,
) {
    let heading = quote(heading);
    let _ = writeln!(
        text,
        "    subgraph cluster_{column} {{\n        label=\"{heading}\";"
    );
    items.for_each(|item| node(text, "        ", item));
    text.push_str("    }\n");
}

fn node(text: &mut String, indent: &str, item: &Item) {
    let label = match item.detail.is_empty() {
        true => quote(&item.name),
        false => format!("{}\\n{}", quote(&item.name), quote(&item.detail)),
    };
    let look = match item.kind {
        Kind::View => ", style=\"rounded,dashed\"".into(),
        Kind::Cut => format!(
            ", style=\"rounded,dashed\", color=\"{}\"",
            colour(Flow::Cut)
        ),
        Kind::Parameter(k) => format!(", shape=ellipse, color=\"{}\"", colour(Flow::Parameter(k))),
        Kind::Plain | Kind::Data | Kind::Scope => String::new(),
    };
    let tooltip = quote(&item.title);
    let _ = writeln!(
        text,
        "{indent}n{} [label=\"{label}\", tooltip=\"{tooltip}\"{look}];",
        item.node
    );
}

fn line(text: &mut String, graph: &Graph, edge: &Edge) {
    let (from, to) = (graph.items[edge.from].node, graph.items[edge.to].node);
    let look = match edge.flow {
        Flow::Plain | Flow::Parameter(_) => "",
        Flow::Recurrent => ", penwidth=2",
        Flow::Cut => ", style=dashed, penwidth=2",
    };
    let colour = colour(edge.flow);
    let _ = writeln!(text, "    n{from} -> n{to} [color=\"{colour}\"{look}];");
}

/// A text as it stands within quotes. Graphviz reads entities there, and takes backslashes for its
/// own.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '&' => quoted.push_str("&amp;"),
            '\n' => quoted.push_str("\\n"),
            c if forbidden(c) => quoted.push('\u{fffd}'),
            c => quoted.push(c),
        }
    }
    quoted
}
