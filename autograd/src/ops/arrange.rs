//! Elements brought into another order, chosen, or dropped.

use super::same_shapes;
use crate::kernels::elementwise::{assign, map};
use crate::kernels::reduce::add_rows_at;
use crate::kernels::transpose::transpose;
use crate::{Inputs, Matrix, MatrixMut, Operation, Pullback, Scalar, Shape, Var};

/// y = xᵀ.
struct Transpose;

impl<T: Scalar> Operation<T> for Transpose {
    fn name(&self) -> &'static str {
        "transpose"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        let Shape { rows, cols } = inputs.shape(0);
        Ok(Shape::new(cols, rows))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, y: MatrixMut<'_, T>) {
        transpose(inputs.value(0), y, false);
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let grad = back.grad();
        back.send(0, |to| {
            let (to, accumulate) = to.into_parts();
            transpose(grad, to, accumulate);
        });
    }
    fn rule(&self, _: usize) -> String {
        "ȳᵀ".into()
    }
}

/// The operands one below the other.
struct ConcatRows;

impl<T: Scalar> Operation<T> for ConcatRows {
    fn name(&self) -> &'static str {
        "concat_rows"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        let cols = inputs.shape(0).cols;
        if let Some(i) = (1..inputs.len()).find(|&i| inputs.shape(i).cols != cols) {
            return Err(format!(
                "operand {i} has {} columns, not {cols}",
                inputs.shape(i).cols
            ));
        }
        Ok(Shape::new(
            (0..inputs.len()).map(|i| inputs.shape(i).rows).sum(),
            cols,
        ))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, mut y: MatrixMut<'_, T>) {
        let mut start = 0;
        for i in 0..inputs.len() {
            let end = start + inputs.shape(i).rows;
            assign(inputs.value(i), y.reborrow().rows(start..end), false);
            start = end;
        }
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let grad = back.grad();
        let mut start = 0;
        for i in 0..back.inputs().len() {
            let end = start + back.inputs().shape(i).rows;
            back.send(i, |to| to.add(grad.rows(start..end)));
            start = end;
        }
    }
    fn rule(&self, _: usize) -> String {
        "its rows of ȳ".into()
    }
}

/// The operands side by side.
struct ConcatCols;

impl<T: Scalar> Operation<T> for ConcatCols {
    fn name(&self) -> &'static str {
        "concat_cols"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        let rows = inputs.shape(0).rows;
        if let Some(i) = (1..inputs.len()).find(|&i| inputs.shape(i).rows != rows) {
            return Err(format!(
                "operand {i} has {} rows, not {rows}",
                inputs.shape(i).rows
            ));
        }
        Ok(Shape::new(
            rows,
            (0..inputs.len()).map(|i| inputs.shape(i).cols).sum(),
        ))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, mut y: MatrixMut<'_, T>) {
        let mut start = 0;
        for i in 0..inputs.len() {
            let end = start + inputs.shape(i).cols;
            assign(inputs.value(i), y.reborrow().cols(start..end), false);
            start = end;
        }
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let grad = back.grad();
        let mut start = 0;
        for i in 0..back.inputs().len() {
            let end = start + back.inputs().shape(i).cols;
            back.send(i, |to| to.add(grad.cols(start..end)));
            start = end;
        }
    }
    fn rule(&self, _: usize) -> String {
        "its columns of ȳ".into()
    }
}

/// y_r = x_index(r).
struct GatherRows;

impl<T: Scalar> Operation<T> for GatherRows {
    fn name(&self) -> &'static str {
        "gather_rows"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        let (x, indices) = (inputs.shape(0), inputs.integers());
        if indices.is_empty() {
            return Err("no rows are asked for".into());
        }
        check_rows(indices, x.rows, "asked for")?;
        Ok(Shape::new(indices.len(), x.cols))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, mut y: MatrixMut<'_, T>) {
        for (i, &row) in inputs.integers().iter().enumerate() {
            y.row(i).copy_from_slice(inputs.value(0).row(row));
        }
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        back.send_rows(0);
    }
    fn rule(&self, _: usize) -> String {
        "scatter_add_rows(ȳ)".into()
    }
}

/// y_index(r) = the sum of the x_r that go there.
struct ScatterAddRows {
    rows: usize,
}

impl<T: Scalar> Operation<T> for ScatterAddRows {
    fn name(&self) -> &'static str {
        "scatter_add_rows"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        let (x, indices) = (inputs.shape(0), inputs.integers());
        if indices.len() != x.rows {
            return Err(format!("{} indices for {} rows", indices.len(), x.rows));
        }
        check_rows(indices, self.rows, "added to")?;
        Ok(Shape::new(self.rows, x.cols))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, mut y: MatrixMut<'_, T>) {
        y.fill(T::ZERO);
        add_rows_at(inputs.value(0), inputs.integers(), y);
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let (grad, indices) = (back.grad(), back.inputs().integers());
        back.send(0, |mut to| {
            for (r, &row) in indices.iter().enumerate() {
                to.rows(r..r + 1).add(grad.rows(row..row + 1));
            }
        });
    }
    fn arguments(&self) -> String {
        self.rows.to_string()
    }
    fn rule(&self, _: usize) -> String {
        "gather_rows(ȳ)".into()
    }
}

fn check_rows(indices: &[usize], rows: usize, what: &str) -> Result<(), String> {
    match indices.iter().position(|&row| row >= rows) {
        None => Ok(()),
        Some(i) => Err(format!(
            "row {}, {what} at position {i}, is not below {rows}",
            indices[i]
        )),
    }
}

/// y = a where the mask (operand 0) is not 0, b elsewhere.
struct Select;

impl<T: Scalar> Operation<T> for Select {
    fn name(&self) -> &'static str {
        "select"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        same_shapes(inputs)
    }
    fn forward(&self, inputs: &Inputs<'_, T>, y: MatrixMut<'_, T>) {
        let operands = [0, 1, 2].map(|i| inputs.value(i));
        map(
            operands,
            y,
            false,
            |[m, a, b]| if m != T::ZERO { a } else { b },
        );
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let inputs = [back.input(0), back.grad()];
        back.send(1, |to| {
            to.map(
                inputs,
                |[m, grad]| if m != T::ZERO { grad } else { T::ZERO },
            )
        });
        back.send(2, |to| {
            to.map(
                inputs,
                |[m, grad]| if m == T::ZERO { grad } else { T::ZERO },
            )
        });
    }
    fn rule(&self, operand: usize) -> String {
        ["0", "ȳ ⊙ [m ≠ 0]", "ȳ ⊙ [m = 0]"][operand].into()
    }
    fn letters(&self) -> &'static str {
        "mab"
    }
}

/// y = c x ⊙ m, for a mask m (operand 1).
struct Dropout<T> {
    scale: T,
}

impl<T: Scalar> Operation<T> for Dropout<T> {
    fn name(&self) -> &'static str {
        "dropout"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        same_shapes(inputs)
    }
    fn forward(&self, inputs: &Inputs<'_, T>, y: MatrixMut<'_, T>) {
        map([inputs.value(0), inputs.value(1)], y, false, |[x, m]| {
            x * m.detached() * self.scale
        });
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let inputs = [back.grad(), back.input(1)];
        back.send(0, |to| {
            to.map(inputs, |[grad, m]| grad * m.detached() * self.scale)
        });
    }
    fn arguments(&self) -> String {
        self.scale.to_string()
    }
    fn rule(&self, operand: usize) -> String {
        match operand {
            0 => format!("{} ȳ ⊙ m", self.scale),
            _ => "0".into(),
        }
    }
    fn letters(&self) -> &'static str {
        "xm"
    }
}

impl<'t, T: Scalar> Var<'t, T> {
    /// Rows and columns exchanged.
    #[track_caller]
    pub fn transpose(self) -> Self {
        self.tape.record(Transpose, &[self])
    }

    /// The parts one below the other: Σ rows by the columns they have in common.
    ///
    /// # Panics
    /// If there are none, or their columns differ.
    #[track_caller]
    pub fn concat_rows(parts: &[Self]) -> Self {
        assert!(!parts.is_empty(), "concat_rows of no parts");
        parts[0].tape.record(ConcatRows, parts)
    }

    /// The parts side by side.
    ///
    /// # Panics
    /// If there are none, or their rows differ.
    #[track_caller]
    pub fn concat_cols(parts: &[Self]) -> Self {
        assert!(!parts.is_empty(), "concat_cols of no parts");
        parts[0].tape.record(ConcatCols, parts)
    }

    /// Row `indices[i]` as row i: an embedding look-up. A row may be asked for several times.
    ///
    /// # Panics
    /// If an index is not below the number of rows.
    #[track_caller]
    pub fn gather_rows(self, indices: &[usize]) -> Self {
        self.tape.record_with(GatherRows, &[self], indices)
    }

    /// A matrix of so many rows, in which row `indices[r]` is the sum of all rows r that go there:
    /// the reverse of [`Var::gather_rows`], and each is the other's rule. Rows that nothing goes to
    /// are zeros.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// let tape = Tape::<f64>::new();
    /// let x = tape.var(Matrix::from([[1.0], [2.0], [3.0]]));
    /// let y = x.scatter_add_rows(&[0, 2, 0], 4);
    /// assert_eq!(y.value().to_matrix(), Matrix::from([[4.0], [0.0], [2.0], [0.0]]));
    /// ```
    ///
    /// # Panics
    /// If there are not as many indices as rows, or an index is not below `rows`.
    #[track_caller]
    pub fn scatter_add_rows(self, indices: &[usize], rows: usize) -> Self {
        self.tape
            .record_with(ScatterAddRows { rows }, &[self], indices)
    }

    /// The product of one-hot rows with a weight: row i is column `indices[i]` of the weight,
    /// which is `one_hot(indices).matmul_t(weight)` without the multiplications by 0.
    ///
    /// # Panics
    /// If an index is not below the number of columns of the weight.
    #[track_caller]
    pub fn one_hot_matmul_t(self, indices: &[usize]) -> Self {
        self.transpose().gather_rows(indices)
    }

    /// This where `mask` is not 0, `other` where it is. No gradient goes to the mask.
    #[track_caller]
    pub fn select(self, mask: Self, other: Self) -> Self {
        self.tape.record(Select, &[mask, self, other])
    }

    /// self ⊙ mask / (1 − p), for a mask of zeros and ones in which a share p is zero: the
    /// expected value is that of `self`.
    ///
    /// # Panics
    /// If p is not in 0..1.
    #[track_caller]
    pub fn dropout(self, mask: Self, p: f64) -> Self {
        assert!(
            (0.0..1.0).contains(&p),
            "dropout with p = {p}, which is not in 0..1"
        );
        self.tape.record(
            Dropout {
                scale: T::from_f64(1.0 / (1.0 - p)),
            },
            &[self, mask],
        )
    }
}

impl<T: Scalar> crate::Tape<T> {
    /// The constant with a 1 in column `indices[i]` of row i and 0 elsewhere.
    ///
    /// # Panics
    /// If an index is not below `classes`.
    #[track_caller]
    pub fn one_hot(&self, indices: &[usize], classes: usize) -> Var<'_, T> {
        self.constant(Matrix::one_hot(indices, classes))
    }
}
