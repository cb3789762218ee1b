//! What a printed rule means: its value, for the numbers that its letters stand for.

use super::notation::{Axis, Sign, Term, parse};
use crate::{Matrix, Shape};

/// What the letters of a rule stand for.
#[derive(Clone, Debug)]
pub struct Letters<'a> {
    /// ȳ.
    pub gradient: &'a Matrix<f64>,
    /// y.
    pub output: &'a Matrix<f64>,
    /// The operands, each with its letter.
    pub operands: Vec<(char, Matrix<f64>)>,
    /// The integers that the node was recorded with.
    pub integers: &'a [usize],
    /// The shape of the operand that the rule is for.
    pub to: Shape,
}

/// Why a rule has no value.
#[derive(Clone, Debug, PartialEq)]
pub enum NoMeaning {
    /// It is prose, or has letters in it that stand for nothing.
    Prose,
    /// Its shapes do not fit.
    Shapes(String),
}

type Value = Result<Matrix<f64>, NoMeaning>;

/// The contribution that a rule describes. It has the shape of the operand: what is smaller is
/// repeated, what is larger is summed.
pub fn evaluate(rule: &str, letters: &Letters<'_>) -> Value {
    let term = parse(rule).ok_or(NoMeaning::Prose)?;
    fit(&letters.value(&term)?, letters.to)
}

impl Letters<'_> {
    fn value(&self, term: &Term) -> Value {
        Ok(match term {
            Term::Number(x) => Matrix::scalar(*x),
            Term::Gradient => self.gradient.clone(),
            Term::Letter(letter) => self.letter(*letter)?,
            Term::Minus(a) => self.value(a)?.map(|a| -a),
            Term::Infix(a, sign, b) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                match sign {
                    Sign::Plus => zip(&a, &b, |a, b| a + b)?,
                    Sign::Minus => zip(&a, &b, |a, b| a - b)?,
                    Sign::Times => zip(&a, &b, |a, b| a * b)?,
                    Sign::Over => zip(&a, &b, |a, b| a / b)?,
                }
            }
            Term::Product(a, b) => product(&self.value(a)?, &self.value(b)?)?,
            Term::RowSum(a) => {
                let a = self.value(a)?;
                Matrix::from_fn(a.row_count(), 1, |r, _| a.view().row(r).iter().sum())
            }
            Term::Transpose(a) => self.value(a)?.transpose(),
            Term::Power(a, power) => zip(&self.value(a)?, &self.value(power)?, f64::powf)?,
            Term::Exponential(a) => self.value(a)?.map(f64::exp),
            Term::Call(function, a) => self.call(function, &self.value(a)?)?,
            Term::Bracket(terms, relations) => {
                let values = terms.iter().map(|a| self.value(a));
                bracket(&values.collect::<Result<Vec<_>, _>>()?, relations)?
            }
            Term::At(a, axis, range) => {
                let a = self.value(a)?;
                let (rows, cols) = (self.to.rows, self.to.cols);
                let whole = match axis {
                    Axis::Rows => (range.clone(), 0..cols),
                    Axis::Columns => (0..rows, range.clone()),
                };
                let part = Shape::new(whole.0.len(), whole.1.len());
                if a.shape() != part || whole.0.end > rows || whole.1.end > cols {
                    let text = format!("{} at {axis:?} {range:?} of {}", a.shape(), self.to);
                    return Err(NoMeaning::Shapes(text));
                }
                let mut all = Matrix::zeros(rows, cols);
                let mut place = all.view_mut().rows(whole.0).cols(whole.1);
                place.copy_from(a.view());
                all
            }
        })
    }

    /// An operand; or y; or n, the number of elements of the operand that the rule is for; or c, a
    /// one-hot row for each of the node's integers.
    fn letter(&self, letter: char) -> Value {
        let operand = self.operands.iter().find(|(name, _)| *name == letter);
        match (operand, letter) {
            (Some((_, value)), _) => Ok(value.clone()),
            (None, 'y') => Ok(self.output.clone()),
            (None, 'n') => Ok(Matrix::scalar(self.to.len() as f64)),
            (None, 'c')
                if self.integers.iter().all(|&i| i < self.to.cols) && !self.integers.is_empty() =>
            {
                Ok(Matrix::one_hot(self.integers, self.to.cols))
            }
            _ => Err(NoMeaning::Prose),
        }
    }

    fn call(&self, function: &str, a: &Matrix<f64>) -> Value {
        Ok(match function {
            "σ" => a.map(|x| 1.0 / (1.0 + (-x).exp())),
            "tanh" => a.map(f64::tanh),
            "exp" => a.map(f64::exp),
            "ln" => a.map(f64::ln),
            "sqrt" => a.map(f64::sqrt),
            "sin" => a.map(f64::sin),
            "cos" => a.map(f64::cos),
            "abs" => a.map(f64::abs),
            "sign" => a.map(|x| if x == 0.0 { 0.0 } else { x.signum() }),
            "softmax" => softmax(a),
            "gather_rows" => {
                self.rows_below(a.row_count())?;
                Matrix::from_fn(self.integers.len(), a.col_count(), |r, c| {
                    a[(self.integers[r], c)]
                })
            }
            "scatter_add_rows" => {
                self.rows_below(self.to.rows)?;
                if a.row_count() != self.integers.len() {
                    let text = format!("{} rows to {} places", a.row_count(), self.integers.len());
                    return Err(NoMeaning::Shapes(text));
                }
                let mut sums = Matrix::zeros(self.to.rows, a.col_count());
                for (r, &row) in self.integers.iter().enumerate() {
                    (0..a.col_count()).for_each(|c| sums[(row, c)] += a[(r, c)]);
                }
                sums
            }
            _ => return Err(NoMeaning::Prose),
        })
    }

    /// That the node's integers are rows of so many.
    fn rows_below(&self, rows: usize) -> Result<(), NoMeaning> {
        match self.integers.iter().all(|&row| row < rows) && !self.integers.is_empty() {
            true => Ok(()),
            false => Err(NoMeaning::Shapes(format!(
                "rows {:?} of {rows}",
                self.integers
            ))),
        }
    }
}

/// Element by element; what has one row or one column is spread over those of the other.
fn zip(a: &Matrix<f64>, b: &Matrix<f64>, f: impl Fn(f64, f64) -> f64) -> Value {
    let fits = |a, b| a == b || a == 1 || b == 1;
    if !fits(a.row_count(), b.row_count()) || !fits(a.col_count(), b.col_count()) {
        let text = format!("{} and {}, element by element", a.shape(), b.shape());
        return Err(NoMeaning::Shapes(text));
    }
    let rows = a.row_count().max(b.row_count());
    let cols = a.col_count().max(b.col_count());
    Ok(Matrix::from_fn(rows, cols, |r, c| {
        f(spread(a, r, c), spread(b, r, c))
    }))
}

/// An element of a matrix that is spread over a larger one.
fn spread(m: &Matrix<f64>, r: usize, c: usize) -> f64 {
    m[(r.min(m.row_count() - 1), c.min(m.col_count() - 1))]
}

/// A multiple, if one of both is a number; the matrix product otherwise.
fn product(a: &Matrix<f64>, b: &Matrix<f64>) -> Value {
    if a.shape().len() == 1 || b.shape().len() == 1 {
        return zip(a, b, |a, b| a * b);
    }
    match a.col_count() == b.row_count() {
        true => Ok(a.matmul(b)),
        false => {
            let text = format!("the product of {} and {}", a.shape(), b.shape());
            Err(NoMeaning::Shapes(text))
        }
    }
}

fn bracket(values: &[Matrix<f64>], relations: &[char]) -> Value {
    let mut holds = Matrix::scalar(1.0);
    for (pair, relation) in values.windows(2).zip(relations) {
        let compare = |a: f64, b: f64| match relation {
            '<' => a < b,
            '>' => a > b,
            '≤' => a <= b,
            '≥' => a >= b,
            '=' => a == b,
            _ => a != b,
        };
        let this = zip(&pair[0], &pair[1], |a, b| {
            f64::from(u8::from(compare(a, b)))
        })?;
        holds = zip(&holds, &this, |a, b| a * b)?;
    }
    Ok(holds)
}

fn softmax(a: &Matrix<f64>) -> Matrix<f64> {
    let total = |r| -> f64 { a.view().row(r).iter().map(|x| x.exp()).sum() };
    Matrix::from_fn(a.row_count(), a.col_count(), |r, c| {
        a[(r, c)].exp() / total(r)
    })
}

/// A value in the shape of the operand: repeated where it is smaller, summed where it is larger.
fn fit(value: &Matrix<f64>, to: Shape) -> Value {
    let (from, mut fitted) = (value.shape(), Matrix::zeros(to.rows, to.cols));
    let fits = |a, b| a == b || a == 1 || b == 1;
    if !fits(from.rows, to.rows) || !fits(from.cols, to.cols) {
        return Err(NoMeaning::Shapes(format!("{from} for an operand {to}")));
    }
    for r in 0..from.rows.max(to.rows) {
        for c in 0..from.cols.max(to.cols) {
            let place = (r.min(to.rows - 1), c.min(to.cols - 1));
            fitted[place] += spread(value, r, c);
        }
    }
    Ok(fitted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule's value for x = [[1, 2], [3, 4]], b = [[1, −1]], y = [[5], [6]].
    fn value(rule: &str, gradient: Matrix<f64>, to: Shape) -> Value {
        let operands = vec![
            ('x', Matrix::from([[1.0, 2.0], [3.0, 4.0]])),
            ('b', Matrix::from([[1.0, -1.0]])),
        ];
        let letters = Letters {
            gradient: &gradient,
            output: &Matrix::from([[5.0], [6.0]]),
            operands,
            integers: &[1, 0],
            to,
        };
        evaluate(rule, &letters)
    }

    fn of_square(rule: &str, expected: [[f64; 2]; 2]) {
        let gradient = Matrix::from([[1.0, 0.5], [-1.0, 2.0]]);
        let found = value(rule, gradient, Shape::new(2, 2)).unwrap();
        let apart = found.max_abs_diff(&Matrix::from(expected));
        assert!(apart < 1e-12, "{rule} is {found}");
    }

    #[test]
    fn formulas_have_their_values() {
        of_square("ȳ", [[1.0, 0.5], [-1.0, 2.0]]);
        of_square("−ȳ", [[-1.0, -0.5], [1.0, -2.0]]);
        of_square("ȳ ⊙ (3 x²)", [[3.0, 6.0], [-27.0, 96.0]]);
        of_square("ȳ ⊙ (−2 ⊙ x⁻¹)", [[-2.0, -0.5], [2.0 / 3.0, -1.0]]);
        of_square("ȳᵀ", [[1.0, -1.0], [0.5, 2.0]]);
        of_square("ȳ x", [[2.5, 4.0], [5.0, 6.0]]);
        of_square("xᵀ ȳ", [[-2.0, 6.5], [-2.0, 9.0]]);
        of_square("ȳ ⊙ b", [[1.0, -0.5], [-1.0, -2.0]]);
        of_square("x ⊙ (ȳ − Σ (ȳ ⊙ x))", [[-1.0, -3.0], [-18.0, -12.0]]);
        of_square("ȳ ⊙ [x > 2]", [[0.0, 0.0], [-1.0, 2.0]]);
        of_square("ȳ ⊙ [2 ≤ x ≤ 3]", [[0.0, 0.5], [-1.0, 0.0]]);
        of_square("ȳ ⊙ [x ≠ 2]", [[1.0, 0.0], [-1.0, 2.0]]);
        of_square("ȳ ⊙ sign(b)", [[1.0, -0.5], [-1.0, -2.0]]);
        of_square("ȳ ⊙ e⁰", [[1.0, 0.5], [-1.0, 2.0]]);
        of_square("x / y", [[0.2, 0.4], [0.5, 4.0 / 6.0]]);
        of_square("ȳ / n", [[0.25, 0.125], [-0.25, 0.5]]);
        of_square("x − c", [[1.0, 1.0], [2.0, 4.0]]);
        of_square("gather_rows(ȳ)", [[-1.0, 2.0], [1.0, 0.5]]);
        of_square("scatter_add_rows(ȳ)", [[-1.0, 2.0], [1.0, 0.5]]);
        of_square("1.5 ȳ ⊙ σ(0)", [[0.75, 0.375], [-0.75, 1.5]]);
    }

    #[test]
    fn contributions_have_the_shape_of_their_operand() {
        let square = || Matrix::from([[1.0, 0.5], [-1.0, 2.0]]);
        let row = value("ȳ", square(), Shape::new(1, 2));
        assert_eq!(row, Ok(Matrix::from([[0.0, 2.5]])));
        let column = value("ȳ", square(), Shape::new(2, 1));
        assert_eq!(column, Ok(Matrix::from([[1.5], [1.0]])));
        let number = value("ȳ", square(), Shape::new(1, 1));
        assert_eq!(number, Ok(Matrix::scalar(2.5)));
        let repeated = value("ȳ", Matrix::scalar(2.0), Shape::new(2, 2));
        assert_eq!(repeated, Ok(Matrix::filled(2, 2, 2.0)));
        let at_rows = value("ȳ at rows 1..3", square(), Shape::new(3, 2));
        assert_eq!(
            at_rows,
            Ok(Matrix::from([[0.0, 0.0], [1.0, 0.5], [-1.0, 2.0]]))
        );
        let at_columns = value("ȳ at columns 0..2", square(), Shape::new(2, 3));
        assert_eq!(
            at_columns,
            Ok(Matrix::from([[1.0, 0.5, 0.0], [-1.0, 2.0, 0.0]]))
        );
    }

    #[test]
    fn shapes_that_do_not_fit_are_told_from_prose() {
        let square = || Matrix::from([[1.0, 0.5], [-1.0, 2.0]]);
        for rule in ["b x b", "y x", "ȳ at rows 0..1", "ȳ at rows 2..4"] {
            let found = value(rule, square(), Shape::new(3, 3));
            assert!(
                matches!(found, Err(NoMeaning::Shapes(_))),
                "{rule}: {found:?}"
            );
        }
        for rule in ["its rows of ȳ", "ȳ ⊙ k", "ȳ ⊙ unheard_of(x)"] {
            let found = value(rule, square(), Shape::new(2, 2));
            assert_eq!(found, Err(NoMeaning::Prose), "{rule}");
        }
    }
}
