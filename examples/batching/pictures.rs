//! Mini-batches as on a slide: which cells are computed, and which of them are padding.

use train::pictures::Svg;

use crate::model::Rows;

/// A step of a sample: its side in pixels.
const CELL: f64 = 11.0;
const INK: &str = "#333";
/// Steps of samples, and padding.
const VALID: &str = "#0072b2";
const PADDING: &str = "#c4c4c4";
/// Between mini-batches, and between rows of them.
const GAP: f64 = 30.0;
const LEFT: f64 = 190.0;

/// A row of a slide: a name, and the lengths of the samples of each mini-batch.
pub struct Row {
    pub name: &'static str,
    pub rows: Rows,
    pub batches: Vec<Vec<usize>>,
}

/// Ways to make mini-batches below each other: a row for each sample, a column for each step.
pub fn slide(title: &str, rows: &[Row]) -> Svg {
    let widths = rows
        .iter()
        .map(|row| row.batches.iter().map(|batch| width(batch)).sum::<f64>());
    let right = LEFT + widths.fold(0.0, f64::max);
    let heights = rows.iter().map(height).sum::<f64>();
    let mut svg = Svg::new(right.max(700.0), 90.0 + heights);
    svg.text(
        (20.0, 32.0),
        title,
        &format!(r#"font-size="18" font-weight="bold" fill="{INK}""#),
    );
    legend(&mut svg);
    let mut y = 90.0;
    for row in rows {
        draw_row(&mut svg, y, row);
        y += height(row);
    }
    svg
}

fn legend(svg: &mut Svg) {
    let style = format!(r#"font-size="14" fill="{INK}""#);
    for (x, colour, text) in [
        (20.0, VALID, "a step of a sample"),
        (200.0, PADDING, "padding, computed for nothing"),
    ] {
        svg.rect((x, 48.0), (14.0, 14.0), &format!(r#"fill="{colour}""#));
        svg.text((x + 22.0, 60.0), text, &style);
    }
}

fn draw_row(svg: &mut Svg, y: f64, row: &Row) {
    let (computed, valid) = row.batches.iter().fold((0, 0), |(computed, valid), batch| {
        (
            computed + row.rows.count(batch),
            valid + Rows::Packed.count(batch),
        )
    });
    let padding = 100.0 * (1.0 - valid as f64 / computed as f64);
    let style = format!(r#"font-size="16" font-weight="bold" fill="{INK}""#);
    svg.text((20.0, y + 30.0), row.name, &style);
    let style = format!(r#"font-size="14" fill="{INK}""#);
    svg.text((20.0, y + 52.0), &format!("{computed} rows"), &style);
    svg.text((20.0, y + 72.0), &format!("{padding:.0} % padding"), &style);
    let mut x = LEFT;
    for batch in &row.batches {
        draw_batch(svg, (x, y), batch, row.rows);
        x += width(batch);
    }
}

/// A packed mini-batch has the longest sample first, and at each step only those that still run.
fn draw_batch(svg: &mut Svg, (left, top): (f64, f64), batch: &[usize], rows: Rows) {
    let mut lengths = batch.to_vec();
    if rows == Rows::Packed {
        lengths.sort_unstable_by_key(|&length| std::cmp::Reverse(length));
    }
    let longest = lengths.iter().copied().max().unwrap_or(0);
    for (sample, &length) in lengths.iter().enumerate() {
        let computed = if rows == Rows::Packed {
            length
        } else {
            longest
        };
        for t in 0..computed {
            let fill = if t < length { VALID } else { PADDING };
            let at = (left + t as f64 * CELL, top + sample as f64 * CELL);
            svg.rect(at, (CELL - 1.5, CELL - 1.5), &format!(r#"fill="{fill}""#));
        }
    }
}

fn width(batch: &[usize]) -> f64 {
    batch.iter().copied().max().unwrap_or(0) as f64 * CELL + GAP
}

fn height(row: &Row) -> f64 {
    let samples = row.batches.iter().map(Vec::len).max().unwrap_or(0);
    samples as f64 * CELL + GAP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_drawn_where_it_is_computed() {
        let batches = vec![vec![3, 1], vec![2, 2]];
        let cells = |rows| {
            let row = Row {
                name: "a way",
                rows,
                batches: batches.clone(),
            };
            let text = slide("mini-batches", &[row]).to_string();
            let count = |colour: &str| {
                text.matches(&format!(r#"height="9.5" fill="{colour}""#))
                    .count()
            };
            (count(VALID), count(PADDING))
        };
        assert_eq!(cells(Rows::Padded), (8, 2));
        assert_eq!(cells(Rows::Packed), (8, 0));
    }
}
