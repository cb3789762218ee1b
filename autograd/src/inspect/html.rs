//! What users call things, and their numbers, as HTML for notebooks and pages.

use crate::{MatrixView, Scalar};

/// Rows and columns of a matrix that are shown; of longer ones, the first of them.
const SHOWN: usize = 16;

/// A text as it stands in HTML and SVG, between tags and within quotes. Characters that no document
/// may contain become �.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' => escaped.push(' '),
            c if forbidden(c) => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Several lines, each [escaped](escape).
pub fn escape_lines(text: &str) -> String {
    text.lines().map(|line| escape(line) + "\n").collect()
}

/// Whether no document may contain a character, or it would turn around the text behind it.
pub fn forbidden(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{fffe}' | '\u{ffff}')
}

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
pub fn matrix<T: Scalar>(m: MatrixView<'_, T>) -> String {
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
