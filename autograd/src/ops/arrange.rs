//! Elements brought into another order, chosen, or dropped.

use super::{Operation, same_shapes};
use crate::kernels::elementwise::{Function, assign, map};
use crate::kernels::reduce::add_rows_at;
use crate::kernels::transpose::transpose;
use crate::{Inputs, Matrix, MatrixMut, Pullback, Scalar, Shape, Var};

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
    fn backward(&self, p: &mut Pullback<'_, '_, '_, T>) {
        let grad = p.grad();
        p.send(0, |to, accumulate| transpose(grad, to, accumulate));
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
    fn backward(&self, p: &mut Pullback<'_, '_, '_, T>) {
        let grad = p.grad();
        let mut start = 0;
        for i in 0..p.inputs().len() {
            let end = start + p.inputs().shape(i).rows;
            p.send(i, |to, accumulate| {
                assign(grad.rows(start..end), to, accumulate)
            });
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
    fn backward(&self, p: &mut Pullback<'_, '_, '_, T>) {
        let grad = p.grad();
        let mut start = 0;
        for i in 0..p.inputs().len() {
            let end = start + p.inputs().shape(i).cols;
            p.send(i, |to, accumulate| {
                assign(grad.cols(start..end), to, accumulate)
            });
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
        if let Some((i, &row)) = indices.iter().enumerate().find(|(_, r)| **r >= x.rows) {
            return Err(format!(
                "row {row}, asked for at position {i}, is not below {}",
                x.rows
            ));
        }
        Ok(Shape::new(indices.len(), x.cols))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, mut y: MatrixMut<'_, T>) {
        for (i, &row) in inputs.integers().iter().enumerate() {
            y.row(i).copy_from_slice(inputs.value(0).row(row));
        }
    }
    fn backward(&self, p: &mut Pullback<'_, '_, '_, T>) {
        let (grad, indices) = (p.grad(), p.inputs().integers());
        p.send(0, |mut to, accumulate| {
            if !accumulate {
                to.fill(T::ZERO);
            }
            add_rows_at(grad, indices, to);
        });
    }
    fn rule(&self, _: usize) -> String {
        "each row of ȳ, to the row it was taken from".into()
    }
}

/// y = a where the mask (operand 0) is not 0, b elsewhere.
struct Select;

struct Choose;

impl<T: Scalar> Function<T, 3> for Choose {
    #[inline(always)]
    fn call(&self, [mask, a, b]: [T; 3]) -> T {
        if mask != T::ZERO { a } else { b }
    }
}

/// The gradient where the mask is (or is not) 0.
struct Where {
    zero: bool,
}

impl<T: Scalar> Function<T, 2> for Where {
    #[inline(always)]
    fn call(&self, [mask, grad]: [T; 2]) -> T {
        if (mask == T::ZERO) == self.zero {
            grad
        } else {
            T::ZERO
        }
    }
}

impl<T: Scalar> Operation<T> for Select {
    fn name(&self) -> &'static str {
        "select"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        same_shapes(inputs)
    }
    fn forward(&self, inputs: &Inputs<'_, T>, y: MatrixMut<'_, T>) {
        map(
            [inputs.value(0), inputs.value(1), inputs.value(2)],
            y,
            false,
            Choose,
        );
    }
    fn backward(&self, p: &mut Pullback<'_, '_, '_, T>) {
        let inputs = [p.input(0), p.grad()];
        p.send(1, |to, accumulate| {
            map(inputs, to, accumulate, Where { zero: false })
        });
        p.send(2, |to, accumulate| {
            map(inputs, to, accumulate, Where { zero: true })
        });
    }
    fn rule(&self, operand: usize) -> String {
        ["0", "ȳ where mask ≠ 0", "ȳ where mask = 0"][operand].into()
    }
}

/// y = c x ⊙ mask (operand 1).
struct Dropout<T> {
    scale: T,
}

impl<T: Scalar> Function<T, 2> for Dropout<T> {
    #[inline(always)]
    fn call(&self, [x, mask]: [T; 2]) -> T {
        x * mask * self.scale
    }
}

impl<T: Scalar> Operation<T> for Dropout<T> {
    fn name(&self) -> &'static str {
        "dropout"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        same_shapes(inputs)
    }
    fn forward(&self, inputs: &Inputs<'_, T>, y: MatrixMut<'_, T>) {
        map(
            [inputs.value(0), inputs.value(1)],
            y,
            false,
            Dropout { scale: self.scale },
        );
    }
    fn backward(&self, p: &mut Pullback<'_, '_, '_, T>) {
        let (inputs, scale) = ([p.grad(), p.input(1)], self.scale);
        p.send(0, |to, accumulate| {
            map(inputs, to, accumulate, Dropout { scale })
        });
    }
    fn rule(&self, operand: usize) -> String {
        ["c ȳ ⊙ mask", "0"][operand].into()
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
