//! The tape as a table: one row a node, or on long tapes one row for each scope and step.

use std::fmt;

use super::text::write_aligned;
use super::{html, show};
use crate::matrix::short;
use crate::{Gradients, Matrix, NodeInfo, Scalar, Tape};

/// Rows that are shown before steps are summed up.
const READABLE: usize = 80;

const HEAD: [&str; 9] = [
    "#",
    "t",
    "name",
    "operation",
    "shape",
    "operands",
    "value",
    "norm",
    "gradient",
];
const SUMMARY_HEAD: [&str; 5] = ["scope", "t", "nodes", "norm of values", "norm of gradients"];

/// Nodes with their values, made by [`Tape::table`]; prints itself as plain text.
#[derive(Clone, Debug)]
pub struct Table {
    rows: Vec<Row>,
}

/// One node.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// What is known about the node.
    pub node: NodeInfo,
    /// Its operands, by name.
    pub parents: Vec<String>,
    /// The first elements of its value.
    pub preview: String,
    /// The Frobenius norm of its value.
    pub norm: f64,
    /// That of its gradient, where there is one.
    pub gradient: Option<f64>,
}

impl<T: Scalar> Tape<T> {
    /// All nodes with their values, as a table.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// let tape = Tape::<f64>::new();
    /// let x = tape.var(Matrix::scalar(0.5)).named("x");
    /// let e = x.square().named("E");
    /// let table = tape.table(Some(&e.backward()));
    /// println!("{table}");
    /// assert_eq!(table.rows()[0].gradient, Some(1.0));
    /// ```
    #[inline(never)]
    pub fn table(&self, gradients: Option<&Gradients<'_, T>>) -> Table {
        let row = |index| {
            let (node, value) = (self.info(index), self.value(index));
            let gradient = gradients.and_then(|g| g.get(self.node(index)));
            Row {
                parents: node.parents.iter().map(|&p| self.info(p).label()).collect(),
                preview: preview(&value.rows(0..1).to_matrix()),
                norm: value.norm(),
                gradient: gradient.map(|g| g.norm()),
                node,
            }
        };
        let rows = (0..self.len()).map(row).collect();
        Table { rows }
    }
}

/// The first elements of the first row.
fn preview<T: Scalar>(row: &Matrix<T>) -> String {
    const SHOWN: usize = 3;
    let shown = row.data().iter().take(SHOWN).map(|&x| short(x, 3));
    let mut text = shown.collect::<Vec<_>>().join(" ");
    if row.col_count() > SHOWN {
        text.push_str(" …");
    }
    text
}

impl Table {
    /// The rows.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Only the nodes that `keep` says.
    pub fn filter(mut self, keep: impl Fn(&NodeInfo) -> bool) -> Self {
        self.rows.retain(|row| keep(&row.node));
        self
    }

    /// Only the nodes of a scope, and of those in it.
    pub fn scope(self, scope: &str) -> Self {
        self.filter(|node| node.scope == scope || node.is_in(scope))
    }

    /// Only the nodes of a time step.
    pub fn step(self, t: usize) -> Self {
        self.filter(|node| node.time == Some(t))
    }

    /// Only the nodes of an operation: "tanh".
    pub fn operation(self, name: &str) -> Self {
        self.filter(|node| node.operation == name)
    }

    /// One line for each scope and step: how many nodes, the norm of all their values together, and
    /// of their gradients. Views count beside the nodes that they are parts of.
    fn summary(&self) -> Vec<Vec<String>> {
        let mut groups: Vec<(&NodeInfo, usize, f64, Option<f64>)> = Vec::new();
        for row in &self.rows {
            let same = |g: &&mut (&NodeInfo, usize, f64, Option<f64>)| {
                (&g.0.scope, g.0.time) == (&row.node.scope, row.node.time)
            };
            let square = |x: f64| x * x;
            let gradient = row.gradient.map(square);
            match groups.last_mut().filter(same) {
                Some(group) => {
                    group.1 += 1;
                    group.2 += square(row.norm);
                    group.3 = group
                        .3
                        .map_or(gradient, |g| Some(g + gradient.unwrap_or(0.0)));
                }
                None => groups.push((&row.node, 1, square(row.norm), gradient)),
            }
        }
        let line = |(node, count, value, gradient): (&NodeInfo, usize, f64, Option<f64>)| {
            vec![
                node.scope.clone(),
                node.time.map_or_else(String::new, |t| t.to_string()),
                count.to_string(),
                short(value.sqrt(), 4),
                gradient.map_or_else(String::new, |g| format!("{:.4e}", g.sqrt())),
            ]
        };
        groups.into_iter().map(line).collect()
    }

    /// The whole table where that can be read, and a line for each scope and step where not; with
    /// its head.
    fn grid(&self) -> (Vec<String>, Vec<Vec<String>>) {
        let own = |head: &[&str]| head.iter().map(|h| h.to_string()).collect();
        match self.rows.len() > READABLE {
            true => (own(&SUMMARY_HEAD), self.summary()),
            false => (own(&HEAD), self.rows.iter().map(Row::cells).collect()),
        }
    }

    /// The table as HTML, summed up where it is long, as in print.
    pub fn html(&self) -> String {
        let (head, rows) = self.grid();
        html::table(&head, &rows)
    }

    /// Displays the table in a notebook.
    pub fn evcxr_display(&self) {
        show("text/html", &self.html(), self);
    }
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let Row {
            node,
            parents,
            preview,
            norm,
            gradient,
        } = self;
        vec![
            node.index.to_string(),
            node.time.map_or_else(String::new, |t| t.to_string()),
            node.label(),
            node.operation.to_string(),
            node.shape.to_string(),
            parents.join(" "),
            preview.clone(),
            short(*norm, 4),
            gradient.map_or_else(String::new, |g| format!("{g:.4e}")),
        ]
    }
}

/// The whole table where that can be read, and a line for each scope and step where not.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, rows) = self.grid();
        write_aligned(f, &head, &rows)
    }
}
