//! [`Triangle`]: the gradient of a shared parameter, by error and by the step it came through.

use std::fmt;

use super::html;
use super::paths::{BySteps, by_steps};
use super::text::write_aligned;
use crate::{Matrix, Moment, Scalar, Shape, Var};

/// The lecture's decomposition of a gradient, made by [`Var::triangle`]:
///
/// ∂E/∂U = Σ_i ∂E_i/∂U, and each ∂E_i/∂U = Σ_j of what it owes to the use of U at step j.
///
/// In a recurrent network an error sees the steps up to its own, so the parts form a triangle: row
/// i sums to ∂E_i/∂U, column j to all that step j contributes, and everything to ∂E/∂U.
#[derive(Clone, Debug, PartialEq)]
pub struct Triangle<T: Scalar = f32> {
    parameter: String,
    shape: Shape,
    errors: Vec<String>,
    steps: Vec<Option<Moment>>,
    /// By error.
    parts: Vec<BySteps<T>>,
}

impl<'t, T: Scalar> Var<'t, T> {
    /// The gradient of each of the errors by this node, a parameter mostly, split by the time step
    /// at which the parameter was used.
    ///
    /// It takes a sweep for each error, and a matrix for each error and step. A product of
    /// all steps at once, which belongs to no step itself, is split by whose part is whose.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// let tape = Tape::<f64>::new();
    /// let w = tape.var(Matrix::scalar(0.5)).named("W");
    /// let mut h = tape.constant(Matrix::scalar(1.0)).named("h");
    /// let mut errors = vec![];
    /// for t in 0..3 {
    ///     let _step = tape.step(t);
    ///     h = h.matmul_t(w).named("h"); // h_t = W h_{t-1} = W^{t+1}
    ///     errors.push(h.square().named("E"));
    /// }
    /// let triangle = w.triangle(&errors);
    /// // ∂E_2/∂W = 6 W⁵: a third of it through each of its uses.
    /// assert_eq!(triangle.part(2, 0).unwrap().data(), [2.0 / 32.0]);
    /// assert_eq!(triangle.row_sum(2).data(), [6.0 / 32.0]);
    /// assert_eq!(triangle.part(0, 2), None); // E_0 knows nothing of step 2
    /// let total = (errors[0] + errors[1] + errors[2]).backward();
    /// assert_eq!(triangle.total(), total.of(w));
    /// ```
    ///
    /// # Panics
    /// If an error is not of shape [1, 1] or of another tape.
    #[inline(never)]
    #[track_caller]
    pub fn triangle(self, errors: &[Var<'t, T>]) -> Triangle<T> {
        for &error in errors {
            super::check_error("triangle", error, self);
        }
        let parts = |&error| by_steps(error, self);
        let parts: Vec<_> = errors.iter().map(parts).collect();
        let mut steps: Vec<_> = parts.iter().flat_map(BySteps::keys).cloned().collect();
        steps.sort();
        steps.dedup();
        Triangle {
            parameter: self.info().label(),
            shape: self.shape(),
            errors: labels(errors),
            steps,
            parts,
        }
    }
}

/// The errors' names; those that share one have their position on the tape too: "E %7", "E %9".
fn labels<T: Scalar>(errors: &[Var<'_, T>]) -> Vec<String> {
    let labels: Vec<_> = errors.iter().map(|e| e.info().label()).collect();
    let count = |label: &String| labels.iter().filter(|other| *other == label).count();
    let apart = |(error, label): (&Var<'_, T>, &String)| match count(label) {
        1 => label.clone(),
        _ => format!("{label} %{}", error.index()),
    };
    errors.iter().zip(&labels).map(apart).collect()
}

/// Which column of a [`Triangle`]: a step, a step of a timeline, or none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct When<'s>(Option<(&'s str, usize)>);

impl From<usize> for When<'_> {
    fn from(t: usize) -> Self {
        When(Some(("", t)))
    }
}

impl From<Option<usize>> for When<'_> {
    fn from(t: Option<usize>) -> Self {
        When(t.map(|t| ("", t)))
    }
}

impl<'s> From<(&'s str, usize)> for When<'s> {
    fn from(moment: (&'s str, usize)) -> Self {
        When(Some(moment))
    }
}

impl<'s> From<&'s Option<Moment>> for When<'s> {
    fn from(moment: &'s Option<Moment>) -> Self {
        When(moment.as_ref().map(|m| (m.timeline(), m.t())))
    }
}

impl<T: Scalar> Triangle<T> {
    /// The number of errors: rows.
    pub fn error_count(&self) -> usize {
        self.errors.len()
    }

    /// The steps at which the parameter was used, in order: columns. `None` stands first for uses
    /// that belong to no step, if there are any.
    pub fn steps(&self) -> &[Option<Moment>] {
        &self.steps
    }

    /// The part of ∂E_i/∂U that came through step j, which is a step of the tape's time, one of a
    /// timeline's, `("decoder", 3)`, or `None` for uses of no step; `None` if no path leads there.
    ///
    /// # Panics
    /// If there are not so many errors.
    #[track_caller]
    pub fn part<'s>(&self, i: usize, j: impl Into<When<'s>>) -> Option<&Matrix<T>> {
        let row = self.row(i);
        row.get(self.steps.get(self.column(j)?)?)
    }

    fn column<'s>(&self, j: impl Into<When<'s>>) -> Option<usize> {
        let When(j) = j.into();
        let is_j = |step: &Option<Moment>| step.as_ref().map(|m| (m.timeline(), m.t())) == j;
        self.steps.iter().position(is_j)
    }

    #[track_caller]
    fn row(&self, i: usize) -> &BySteps<T> {
        let count = self.parts.len();
        assert!(i < count, "error {i} of a triangle of {count}");
        &self.parts[i]
    }

    /// ∂E_i/∂U.
    ///
    /// # Panics
    /// If there are not so many errors.
    #[track_caller]
    pub fn row_sum(&self, i: usize) -> Matrix<T> {
        self.sum(self.row(i).values())
    }

    /// What all errors owe to step j.
    pub fn column_sum<'s>(&self, j: impl Into<When<'s>>) -> Matrix<T> {
        let step = self.column(j).map(|column| &self.steps[column]);
        let part = |row: &'_ BySteps<T>| row.get(step?).cloned();
        let parts: Vec<_> = self.parts.iter().filter_map(part).collect();
        self.sum(parts.iter())
    }

    /// ∂E/∂U of the sum E of all errors.
    pub fn total(&self) -> Matrix<T> {
        self.sum(self.parts.iter().flat_map(BySteps::values))
    }

    fn sum<'a>(&self, parts: impl Iterator<Item = &'a Matrix<T>>) -> Matrix<T> {
        let mut total = Matrix::zeros(self.shape.rows, self.shape.cols);
        parts.for_each(|part| total += part);
        total
    }

    /// The Frobenius norms of the parts: a row for each error, a column for each step.
    ///
    /// # Panics
    /// If there are no errors, or none of them depends on the parameter.
    pub fn norms(&self) -> Matrix<f64> {
        let norm = |i: usize, j: usize| self.part(i, &self.steps[j]).map_or(0.0, Matrix::norm);
        Matrix::from_fn(self.errors.len(), self.steps.len(), norm)
    }

    /// The parameter's name.
    pub fn parameter(&self) -> &str {
        &self.parameter
    }

    /// The errors' names, of the rows.
    pub fn error_names(&self) -> &[String] {
        &self.errors
    }

    /// "t = 0", "t = 1": the names of the columns.
    pub fn step_names(&self) -> Vec<String> {
        let name = |step: &Option<Moment>| {
            let step = step.as_ref();
            step.map_or("no step".into(), Moment::to_string)
        };
        self.steps.iter().map(name).collect()
    }

    /// A number as itself, a matrix as its norm.
    fn cell(&self, part: &Matrix<T>) -> String {
        match self.shape.len() {
            1 => format!("{:.6}", part.data()[0]),
            _ => format!("{:.6}", part.norm()),
        }
    }

    /// The head, and the lines with the sums at the end of each and in the last.
    fn grid(&self) -> (Vec<String>, Vec<Vec<String>>) {
        let what = match self.shape.len() {
            1 => format!("∂E/∂{}", self.parameter),
            _ => format!("‖∂E/∂{}‖", self.parameter),
        };
        let mut head = vec![what];
        head.extend(self.step_names().iter().map(|s| format!("through {s}")));
        head.push("in all".into());
        let line = |i: usize| {
            let part = |step| self.part(i, step).map_or(String::new(), |m| self.cell(m));
            let mut line = vec![self.errors[i].clone()];
            line.extend(self.steps.iter().map(part));
            line.push(self.cell(&self.row_sum(i)));
            line
        };
        let mut lines: Vec<_> = (0..self.errors.len()).map(line).collect();
        let mut last = vec!["in all".into()];
        let columns = self.steps.iter().map(|j| self.cell(&self.column_sum(j)));
        last.extend(columns);
        last.push(self.cell(&self.total()));
        lines.push(last);
        (head, lines)
    }

    /// Displays the triangle in a notebook.
    pub fn evcxr_display(&self) {
        let (head, lines) = self.grid();
        super::show("text/html", &html::table(&head, &lines), self);
    }
}

/// The numbers, or for matrices their norms, with all sums.
impl<T: Scalar> fmt::Display for Triangle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, lines) = self.grid();
        write_aligned(f, &head, &lines)
    }
}
