//! Plain text.

use std::fmt;

/// Columns as wide as their widest cell.
pub(super) fn write_aligned(
    f: &mut fmt::Formatter<'_>,
    head: &[String],
    rows: &[Vec<String>],
) -> fmt::Result {
    let length = |text: &str| text.chars().count();
    let widest = |c: usize| {
        let cells = rows.iter().map(|row| length(&row[c]));
        cells.chain([length(&head[c])]).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..head.len()).map(widest).collect();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<_> = cells
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        writeln!(f, "{}", padded.join("  ").trim_end())
    };
    line(&mut head.iter().map(String::as_str))?;
    rows.iter()
        .try_for_each(|row| line(&mut row.iter().map(String::as_str)))
}
