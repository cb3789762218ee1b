//! [`Overview`]: how large values or gradients are over time, on tapes that are too long to draw.

mod paint;

use std::collections::HashMap;
use std::fmt;

use autograd::{Gradients, NodeInfo, Scalar, Tape};

use crate::Svg;

/// How many steps the text shows.
const TEXT_COLUMNS: usize = 8;

/// A row for each kind of node, a column for each step; made by
/// [`TapePictures::overview`](crate::TapePictures::overview).
#[derive(Clone, Debug, PartialEq)]
pub struct Overview {
    rows: Vec<Row>,
    /// The steps that occur.
    steps: Vec<usize>,
    of_gradients: bool,
    /// What is counted from left to right: "t", or "node" on tapes without time.
    axis: &'static str,
}

/// The nodes of one name.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    name: String,
    /// The largest norm of each step.
    norms: Vec<Option<f64>>,
}

impl Overview {
    #[inline(never)] // see `compiled`
    pub(crate) fn of<T: Scalar>(tape: &Tape<T>, gradients: Option<&Gradients<'_, T>>) -> Self {
        let norm = |index| match gradients {
            None => Some(tape.node(index).value().norm()),
            Some(gradients) => gradients.get(tape.node(index)).map(|g| g.norm()),
        };
        let infos = (0..tape.len()).map(|index| tape.node(index).info());
        let timed: Vec<_> = infos.clone().filter(|n| n.time.is_some()).collect();
        match timed.is_empty() {
            true => Overview::new(infos, gradients.is_some(), "node", norm),
            false => Overview::new(timed.into_iter(), gradients.is_some(), "t", norm),
        }
    }

    fn new(
        nodes: impl Iterator<Item = NodeInfo> + Clone,
        of_gradients: bool,
        axis: &'static str,
        norm: impl Fn(usize) -> Option<f64>,
    ) -> Self {
        let place = |node: &NodeInfo| node.time.unwrap_or(node.index);
        let mut steps: Vec<_> = nodes.clone().map(|n| place(&n)).collect();
        steps.sort_unstable();
        steps.dedup();
        let any_name = nodes.clone().any(|n| n.name.is_some());
        let mut rows: Vec<Row> = Vec::new();
        let mut known: HashMap<(String, &str), usize> = HashMap::new();
        for node in nodes {
            let name = node.name.or((!any_name).then_some(node.operation));
            let (Some(name), Some(norm)) = (name, norm(node.index)) else {
                continue;
            };
            let at = steps.partition_point(|&t| t < place(&node));
            let row = *known
                .entry((node.scope, name))
                .or_insert_with_key(|(scope, name)| {
                    rows.push(Row::new(scope, name, steps.len()));
                    rows.len() - 1
                });
            let cell = &mut rows[row].norms[at];
            *cell = larger(*cell, Some(norm));
        }
        Overview {
            rows,
            steps,
            of_gradients,
            axis,
        }
    }

    fn what(&self) -> &'static str {
        match self.of_gradients {
            true => "norm of the gradient",
            false => "norm of the value",
        }
    }

    fn title(&self) -> String {
        format!("{} over time", self.what())
    }

    /// As a picture: the darker, the larger.
    pub fn svg(&self) -> Svg {
        paint::paint(self)
    }

    /// Displays the picture in a notebook.
    pub fn evcxr_display(&self) {
        self.svg().show(&self.title(), self);
    }
}

impl Row {
    fn new(scope: &str, name: &str, steps: usize) -> Self {
        let name = match scope {
            "" => name.into(),
            _ => format!("{scope}/{name}"),
        };
        let norms = vec![None; steps];
        Row { name, norms }
    }

    /// The largest of a range of steps.
    fn largest(&self, from: usize, to: usize) -> Option<f64> {
        self.norms[from..to].iter().copied().fold(None, larger)
    }
}

/// The larger of two norms; what is not a number is larger than all.
fn larger(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if a.is_nan() || a > b { a } else { b }),
        (a, b) => a.or(b),
    }
}

fn short(name: &str) -> String {
    const LONGEST: usize = 28;
    if name.chars().count() <= LONGEST {
        return name.into();
    }
    name.chars().take(LONGEST - 1).chain(Some('…')).collect()
}

/// The norms of some steps, as a table.
impl fmt::Display for Overview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = self.steps.len();
        let shown = steps.min(TEXT_COLUMNS);
        let at = |k: usize| k * (steps - 1) / (shown - 1).max(1);
        let columns: Vec<_> = (0..shown).map(at).collect();
        let names = self.rows.iter().map(|row| short(&row.name).chars().count());
        let width = names.chain([self.what().len()]).max().unwrap_or(0);
        write!(f, "{:width$}", self.what())?;
        for k in &columns {
            write!(f, "  {:>9}", format!("{} = {}", self.axis, self.steps[*k]))?;
        }
        for row in &self.rows {
            write!(f, "\n{:width$}", short(&row.name))?;
            for &k in &columns {
                match row.norms[k] {
                    Some(norm) => write!(f, "  {norm:>9.1e}")?,
                    None => write!(f, "  {:>9}", "")?,
                }
            }
        }
        writeln!(f)
    }
}
