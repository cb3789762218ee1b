//! [`Overview`]: how large values or gradients are over time, on tapes that are too long to draw.

mod paint;

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use autograd::{Gradients, NodeInfo, Scalar, Tape};

use crate::Svg;
use crate::svg::shorten;
use crate::times::Times;

/// How many steps the text shows.
const TEXT_COLUMNS: usize = 8;
/// The most characters of a row's name.
const NAME: usize = 28;

/// A row for each kind of node, a column for each step, [timeline](Tape::timeline) after timeline;
/// made by [`TapePictures::overview`](crate::TapePictures::overview).
#[derive(Clone, Debug, PartialEq)]
pub struct Overview {
    rows: Vec<Row>,
    columns: Columns,
    of_gradients: bool,
}

/// What is counted from left to right.
#[derive(Clone, Debug, PartialEq)]
enum Columns {
    Steps(Times),
    /// On tapes without time: so many.
    Nodes(usize),
}

impl Columns {
    fn len(&self) -> usize {
        match self {
            Columns::Steps(times) => times.len(),
            Columns::Nodes(count) => *count,
        }
    }

    /// The number that a column has on the axis.
    fn number(&self, column: usize) -> usize {
        match self {
            Columns::Steps(times) => times.t(column),
            Columns::Nodes(_) => column,
        }
    }

    /// "t = 3", or "node = 3".
    fn heading(&self, column: usize) -> String {
        match self {
            Columns::Steps(times) => times.heading(column..column + 1),
            Columns::Nodes(_) => format!("node = {column}"),
        }
    }

    fn axis(&self) -> &'static str {
        match self {
            Columns::Steps(_) => "t",
            Columns::Nodes(_) => "node",
        }
    }

    /// The columns of each timeline, and its name.
    fn timelines(&self) -> Vec<(Range<usize>, &str)> {
        match self {
            Columns::Steps(times) => times.timelines().collect(),
            Columns::Nodes(count) => vec![(0..*count, "")],
        }
    }
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
        let moments: Vec<_> = (0..tape.len()).map(|i| tape.node(i).moment()).collect();
        let times = Times::new(moments.iter().flatten());
        let columns = match times.len() {
            0 => Columns::Nodes(tape.len()),
            _ => Columns::Steps(times),
        };
        let column = |(index, moment): (usize, &Option<_>)| match (&columns, moment) {
            (Columns::Nodes(_), _) => Some(index),
            (Columns::Steps(times), moment) => Some(times.step(moment.as_ref()?)),
        };
        let places = moments.iter().enumerate().map(column).enumerate();
        let nodes = places.filter_map(|(index, column)| Some((tape.node(index).info(), column?)));
        let rows = rows(&nodes.collect::<Vec<_>>(), columns.len(), norm);
        Overview {
            rows,
            columns,
            of_gradients: gradients.is_some(),
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

/// The rows of nodes with a name, or where none has one, of all.
fn rows(
    nodes: &[(NodeInfo, usize)],
    columns: usize,
    norm: impl Fn(usize) -> Option<f64>,
) -> Vec<Row> {
    let any_name = nodes.iter().any(|(node, _)| node.name.is_some());
    let mut rows: Vec<Row> = Vec::new();
    let mut known: HashMap<(&str, &str), usize> = HashMap::new();
    for (node, column) in nodes {
        let name = node.name.or((!any_name).then_some(node.operation));
        let (Some(name), Some(norm)) = (name, norm(node.index)) else {
            continue;
        };
        let row = *known.entry((&node.scope, name)).or_insert_with(|| {
            rows.push(Row::new(&node.scope, name, columns));
            rows.len() - 1
        });
        let cell = &mut rows[row].norms[*column];
        *cell = larger(*cell, Some(norm));
    }
    rows
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

/// The norms of some steps, as a table.
impl fmt::Display for Overview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.columns.len().min(TEXT_COLUMNS);
        let at = |k: usize| k * (self.columns.len() - 1) / (shown - 1).max(1);
        let heading = |k| (at(k), self.columns.heading(at(k)));
        let columns: Vec<_> = (0..shown).map(heading).collect();
        let names: Vec<_> = self.rows.iter().map(|r| shorten(&r.name, NAME)).collect();
        let longest = names.iter().map(|name| name.chars().count());
        let width = longest.chain([self.what().len()]).max().unwrap_or(0);
        write!(f, "{:width$}", self.what())?;
        for (_, heading) in &columns {
            write!(f, "  {heading:>9}")?;
        }
        for (row, name) in self.rows.iter().zip(names) {
            write!(f, "\n{name:width$}")?;
            for (k, heading) in &columns {
                let width = heading.chars().count().max(9);
                match row.norms[*k] {
                    Some(norm) => write!(f, "  {norm:>width$.1e}")?,
                    None => write!(f, "  {:>width$}", "")?,
                }
            }
        }
        writeln!(f)
    }
}
