//! How a matrix prints: short with `{}`, as Rust that makes it again with `{:?}`.

use std::fmt;

use super::{Matrix, MatrixMut, MatrixView};
use crate::Scalar;

/// How many rows and columns are printed before an ellipsis stands for the rest.
const SHOWN: usize = 6;
/// From where on numbers are printed as powers of ten: digits before the point are hard to count.
const LARGE: f64 = 1e7;

/// A number with so many digits behind the point.
pub(crate) fn short<T: Scalar>(x: T, digits: usize) -> String {
    let number = x.to_f64();
    match number.abs() >= LARGE && number.is_finite() && !T::HAS_TANGENT {
        true => format!("{number:.digits$e}"),
        false => format!("{x:.digits$}"),
    }
}

impl<T: Scalar> fmt::Display for MatrixView<'_, T> {
    /// Rows in brackets; the precision is the formatter's, or 4 digits. Large matrices are cut, large
    /// numbers are printed as 1.5000e30.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(4);
        let shape = self.shape();
        f.write_str("[")?;
        for r in 0..shape.rows.min(SHOWN) {
            f.write_str(if r == 0 { "[" } else { ",\n [" })?;
            for (c, x) in self.row(r).iter().take(SHOWN).enumerate() {
                let comma = if c == 0 { "" } else { ", " };
                write!(f, "{comma}{}", short(*x, digits))?;
            }
            f.write_str(if shape.cols > SHOWN { ", …]" } else { "]" })?;
        }
        f.write_str(if shape.rows > SHOWN { ",\n …]" } else { "]" })
    }
}

impl<T: Scalar> fmt::Debug for MatrixView<'_, T> {
    /// `Matrix::from([[0.1, -2.0], [f64::NAN, 1e-300]])`: all elements with all their digits, so
    /// that a matrix that made a test fail can be pasted in the next one. `{:#?}` begins a line for
    /// each row.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (between, end) = match f.alternate() {
            true => ("\n    ", "\n"),
            false => ("", ""),
        };
        f.write_str("Matrix::from([")?;
        for (r, row) in self.row_iter().enumerate() {
            let space = if r > 0 && !f.alternate() {
                " "
            } else {
                between
            };
            write!(f, "{}{space}[", if r == 0 { "" } else { "," })?;
            for (c, &x) in row.iter().enumerate() {
                f.write_str(if c == 0 { "" } else { ", " })?;
                literal(x, f)?;
            }
            f.write_str("]")?;
        }
        write!(f, "{end}])")
    }
}

/// A number as Rust spells it.
fn literal<T: Scalar>(x: T, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (number, name) = (x.to_f64(), T::NAME);
    if T::HAS_TANGENT {
        write!(f, "{x:?}")
    } else if number.is_nan() {
        write!(f, "{name}::NAN")
    } else if number.is_infinite() {
        let sign = if number > 0.0 { "" } else { "NEG_" };
        write!(f, "{name}::{sign}INFINITY")
    } else {
        write!(f, "{x:?}")
    }
}

impl<T: Scalar> fmt::Display for Matrix<T> {
    /// As that of a [`MatrixView`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.view(), f)
    }
}

impl<T: Scalar> fmt::Debug for Matrix<T> {
    /// `Matrix::from([[0.1, -2.0], [f64::NAN, 1e-300]])`: see [`MatrixView`]'s.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.view(), f)
    }
}

impl<T: Scalar> fmt::Debug for MatrixMut<'_, T> {
    /// `Matrix::from([[0.1, -2.0], [f64::NAN, 1e-300]])`: see [`MatrixView`]'s.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.view(), f)
    }
}
