//! Tables for notebooks and pages.

use super::svg::escape;
use crate::{MatrixView, Scalar};

/// Rows and columns of a matrix that are shown; of longer ones, the first of them.
const SHOWN: usize = 16;

/// A table with a head; its cells are text.
pub(super) fn table(head: &[String], rows: &[Vec<String>]) -> String {
    let cells = |tag: &str, cells: &[String]| {
        let cell = |text: &String| format!("<{tag}>{}</{tag}>", escape(text));
        format!("<tr>{}</tr>", cells.iter().map(cell).collect::<String>())
    };
    let body: String = rows.iter().map(|row| cells("td", row) + "\n").collect();
    format!(
        "<table><thead>{}</thead>\n<tbody>{body}</tbody></table>",
        cells("th", head)
    )
}

/// A matrix as a table of numbers, each in full under the pointer.
pub(super) fn matrix<T: Scalar>(m: MatrixView<'_, T>) -> String {
    let more = |len: usize, cell: &str| {
        if len > SHOWN {
            cell.into()
        } else {
            String::new()
        }
    };
    let row = |r: usize| {
        let cell = |x: &T| format!("<td title=\"{x:?}\">{x:.4}</td>");
        let shown: String = m.row(r).iter().take(SHOWN).map(cell).collect();
        format!("<tr>{shown}{}</tr>", more(m.col_count(), "<td>…</td>"))
    };
    let rows: String = (0..m.row_count().min(SHOWN)).map(row).collect();
    let rest = more(m.row_count(), "<tr><td>…</td></tr>");
    format!("<table class=\"matrix\">{rows}{rest}</table>")
}
