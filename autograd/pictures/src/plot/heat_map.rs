//! [`HeatMap`]: a matrix as shades.

use std::fmt;

use autograd::{Matrix, Scalar};

use super::{INK, short};
use crate::svg::{Svg, text_width};

/// The side of a cell in pixels, where there is room.
const CELL: f64 = 56.0;
/// The longest side of a whole map.
const LONGEST: f64 = 900.0;
/// A cell at least this large has its number in it.
const ROOM_FOR_TEXT: f64 = 44.0;

/// A matrix of numbers as a picture: the larger the number, the darker its cell. Negative numbers
/// are red. NaN and infinities are crossed out.
///
/// ```
/// # use autograd::Matrix;
/// # use pictures::HeatMap;
/// let map = HeatMap::of(&Matrix::from([[1.0, 0.5], [-0.2, 0.0]])).titled("‖∂E/∂U‖");
/// assert!(map.svg().to_string().starts_with("<svg"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    numbers: Matrix<f64>,
    title: String,
    rows: Vec<String>,
    cols: Vec<String>,
    in_percent: bool,
    is_turned: bool,
}

impl HeatMap {
    /// A map of these numbers.
    pub fn of<T: Scalar>(numbers: &Matrix<T>) -> Self {
        let number = |r, c| numbers[(r, c)].to_f64();
        HeatMap {
            numbers: Matrix::from_fn(numbers.row_count(), numbers.col_count(), number),
            title: String::new(),
            rows: Vec::new(),
            cols: Vec::new(),
            in_percent: false,
            is_turned: false,
        }
    }

    /// With a title.
    pub fn titled(&self, title: &str) -> Self {
        HeatMap {
            title: title.into(),
            ..self.clone()
        }
    }

    /// With a name for each row and each column; missing ones stay empty.
    pub fn labelled(&self, rows: Vec<String>, cols: Vec<String>) -> Self {
        HeatMap {
            rows,
            cols,
            ..self.clone()
        }
    }

    /// With its numbers, which are parts of a whole, written in whole percents: such as the shares of a class that
    /// are taken for each class. What is below half a percent is not written.
    ///
    /// ```
    /// # use autograd::Matrix;
    /// # use pictures::HeatMap;
    /// let map = HeatMap::of(&Matrix::from([[0.934, 0.066], [0.002, 0.998]])).in_percent();
    /// assert!(map.svg().to_string().contains(">93<"));
    /// ```
    pub fn in_percent(&self) -> Self {
        HeatMap {
            in_percent: true,
            ..self.clone()
        }
    }

    /// With the names of the columns upright, so that each has room: words. Lying, as they are unless told, some
    /// are left out where the columns are narrow, as suits numbers.
    ///
    /// ```
    /// # use autograd::Matrix;
    /// # use pictures::HeatMap;
    /// let words = ["who", "went", "to", "Paris"].map(String::from);
    /// let map = HeatMap::of(&Matrix::<f32>::zeros(1, 4)).labelled(vec!["f".into()], words.to_vec()).turned();
    /// assert!(map.svg().to_string().contains("rotate(-90"));
    /// ```
    pub fn turned(&self) -> Self {
        HeatMap {
            is_turned: true,
            ..self.clone()
        }
    }

    /// The picture.
    pub fn svg(&self) -> Svg {
        let (rows, cols) = (self.numbers.row_count(), self.numbers.col_count());
        let cell = CELL.min(LONGEST / rows.max(cols) as f64);
        let widest = self.rows.iter().map(|label| text_width(label, 12.0));
        let left = 20.0 + widest.fold(0.0, f64::max);
        let tallest = if self.is_turned {
            self.widest_col()
        } else {
            12.0
        };
        let top = if self.title.is_empty() { 24.0 } else { 48.0 } + tallest;
        let last = self.cols.last().filter(|_| !self.is_turned);
        let last = last.map_or(0.0, |label| text_width(label, 12.0));
        let right = left + cols as f64 * cell + (last / 2.0 - cell / 2.0).max(12.0) + 8.0;
        let width = right.max(40.0 + text_width(&self.title, 14.0));
        let mut svg = Svg::new(width, top + rows as f64 * cell + 20.0);
        let bold = format!(r#"font-size="14" font-weight="bold" fill="{INK}""#);
        svg.text((20.0, 26.0), &self.title, &bold);
        self.name_rows(&mut svg, (left, top), cell);
        self.name_cols(&mut svg, (left, top), cell);
        let largest = self.largest();
        for r in 0..rows {
            for c in 0..cols {
                let at = (left + c as f64 * cell, top + r as f64 * cell);
                let number = self.numbers[(r, c)];
                draw_cell(&mut svg, at, cell, (number, &self.written(number)), largest);
            }
        }
        svg
    }

    /// A number as it stands in its cell.
    fn written(&self, number: f64) -> String {
        match self.in_percent {
            _ if number == 0.0 => String::new(),
            true if number.abs() < 0.005 => String::new(),
            true => format!("{:.0}", 100.0 * number),
            false => short(number),
        }
    }

    fn largest(&self) -> f64 {
        let finite = self.numbers.data().iter().filter(|x| x.is_finite());
        finite.fold(0.0, |most, x| x.abs().max(most))
    }

    fn name_rows(&self, svg: &mut Svg, (left, top): (f64, f64), cell: f64) {
        let style = format!(r#"text-anchor="end" fill="{INK}""#);
        let every = (14.0 / cell).ceil() as usize;
        for (r, label) in self.rows.iter().enumerate().step_by(every) {
            let y = top + (r as f64 + 0.5) * cell + 4.0;
            svg.text((left - 8.0, y), label, &style);
        }
    }

    fn name_cols(&self, svg: &mut Svg, (left, top): (f64, f64), cell: f64) {
        let room = if self.is_turned {
            14.0
        } else {
            self.widest_col()
        };
        let every = (room / cell).ceil().max(1.0) as usize;
        for (c, label) in self.cols.iter().enumerate().step_by(every) {
            let (x, y) = (left + (c as f64 + 0.5) * cell, top - 8.0);
            if self.is_turned {
                let x = x + 4.0; // half of what a letter is high
                let style = format!(r#"fill="{INK}" transform="rotate(-90 {x:.1} {y:.1})""#);
                svg.text((x, y), label, &style);
            } else {
                svg.text(
                    (x, y),
                    label,
                    &format!(r#"text-anchor="middle" fill="{INK}""#),
                );
            }
        }
    }

    fn widest_col(&self) -> f64 {
        let widths = self.cols.iter().map(|label| text_width(label, 12.0));
        widths.fold(1.0, f64::max)
    }

    /// Displays the map in a notebook.
    pub fn evcxr_display(&self) {
        self.svg()
            .show(&format!("a heat map: {}", self.title), self);
    }
}

fn draw_cell(
    svg: &mut Svg,
    (x, y): (f64, f64),
    cell: f64,
    (number, written): (f64, &str),
    largest: f64,
) {
    let part = if largest > 0.0 {
        number.abs() / largest
    } else {
        0.0
    };
    let colour = match number < 0.0 {
        true => "#b2182b",
        false => "#084594",
    };
    svg.group("", &number.to_string(), |svg| {
        if !number.is_finite() {
            svg.rect(
                (x, y),
                (cell, cell),
                r##"fill="#fff" stroke="#b2182b" stroke-dasharray="3 2""##,
            );
            svg.line((x, y), (x + cell, y + cell), r##"stroke="#b2182b""##);
            svg.line((x, y + cell), (x + cell, y), r##"stroke="#b2182b""##);
            return;
        }
        let fill = format!(r##"fill="{colour}" fill-opacity="{part:.4}" stroke="#ddd""##);
        svg.rect((x, y), (cell, cell), &fill);
        if cell >= ROOM_FOR_TEXT && !written.is_empty() {
            let ink = if part > 0.5 { "#fff" } else { INK };
            let size = if written.len() > 3 { 11 } else { 14 };
            let style = format!(r#"font-size="{size}" text-anchor="middle" fill="{ink}""#);
            svg.text((x + cell / 2.0, y + cell / 2.0 + 4.0), written, &style);
        }
    });
}

/// The numbers.
impl fmt::Display for HeatMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.numbers)
    }
}
