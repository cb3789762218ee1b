//! Matrix products. A weight is stored as the lecture writes it, U: [outputs, inputs], so a batch
//! of rows goes through [`Var::matmul_t`]: x Uᵀ.

use crate::kernels::operands::Start;
use crate::kernels::reduce::sum_over_rows;
use crate::store::Right::{Plain, Transposed};
use crate::{Inputs, MatrixMut, Operand, Operation, Pullback, Scalar, Shape, Var};

/// y = a b.
struct MatMul;

impl<T: Scalar> Operation<T> for MatMul {
    fn name(&self) -> &'static str {
        "matmul"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        let (a, b) = (inputs.shape(0), inputs.shape(1));
        if a.cols != b.rows {
            return Err(format!("{} columns against {} rows", a.cols, b.rows));
        }
        Ok(Shape::new(a.rows, b.cols))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, y: MatrixMut<'_, T>) {
        inputs.multiply(inputs.value(0), (1, Plain), Start::Zero, y);
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        back.send_product(0, (1, Transposed));
        back.send_t_product(1, Operand::Input(0), Operand::Grad);
    }
    fn rule(&self, operand: usize) -> String {
        ["ȳ bᵀ", "aᵀ ȳ"][operand].into()
    }
}

/// y = a bᵀ.
struct MatMulT;

impl<T: Scalar> Operation<T> for MatMulT {
    fn name(&self) -> &'static str {
        "matmul_t"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        let (a, b) = (inputs.shape(0), inputs.shape(1));
        if a.cols != b.cols {
            return Err(format!("{} columns against {}", a.cols, b.cols));
        }
        Ok(Shape::new(a.rows, b.rows))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, y: MatrixMut<'_, T>) {
        inputs.multiply(inputs.value(0), (1, Transposed), Start::Zero, y);
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        back.send_product(0, (1, Plain));
        back.send_t_product(1, Operand::Grad, Operand::Input(0));
    }
    fn rule(&self, operand: usize) -> String {
        ["ȳ b", "ȳᵀ a"][operand].into()
    }
}

/// y = d + a bᵀ, where d may be a row vector that is spread over the rows.
struct AddMatMulT;

impl<T: Scalar> Operation<T> for AddMatMulT {
    fn name(&self) -> &'static str {
        "add_matmul_t"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        let (d, a, b) = (inputs.shape(0), inputs.shape(1), inputs.shape(2));
        if a.cols != b.cols {
            return Err(format!("{} columns against {}", a.cols, b.cols));
        }
        let y = Shape::new(a.rows, b.rows);
        if d != y && d != Shape::new(1, b.rows) {
            return Err(format!("the product is {y}, and {d} cannot be added to it"));
        }
        Ok(y)
    }
    fn forward(&self, inputs: &Inputs<'_, T>, y: MatrixMut<'_, T>) {
        let d = inputs.value(0);
        let d = if d.shape() == y.shape() {
            d
        } else {
            d.broadcast_row(y.shape().rows)
        };
        inputs.multiply(inputs.value(1), (2, Transposed), Start::From(d), y);
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let grad = back.grad();
        back.pass_on(0, |to| match to.shape() == grad.shape() {
            true => to.add(grad),
            false => {
                let (to, accumulate) = to.into_parts();
                sum_over_rows(grad, to, accumulate);
            }
        });
        back.send_product(1, (2, Plain));
        back.send_t_product(2, Operand::Grad, Operand::Input(1));
    }
    fn rule(&self, operand: usize) -> String {
        ["ȳ", "ȳ b", "ȳᵀ a"][operand].into()
    }
    fn letters(&self) -> &'static str {
        "dab"
    }
}

impl<'t, T: Scalar> Var<'t, T> {
    /// The product [m, k] [k, n] → [m, n].
    #[track_caller]
    pub fn matmul(self, b: Self) -> Self {
        self.tape.record(MatMul, &[self, b])
    }

    /// The product with a transpose, [m, k] [n, k]ᵀ → [m, n]: how a batch of rows goes through a
    /// weight of shape [outputs, inputs].
    #[track_caller]
    pub fn matmul_t(self, b: Self) -> Self {
        self.tape.record(MatMulT, &[self, b])
    }

    /// self + a bᵀ, [m, n] + [m, k] [n, k]ᵀ → [m, n], as one node: the product is added as it is
    /// computed. That spares a matrix and a pass over it: 3 to 12 percent of a training step of the
    /// README's workloads, and a fifth of the memory. A row vector [1, n], such as a bias, is
    /// spread over the rows.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// let tape = Tape::<f64>::new();
    /// let var = |m: [[f64; 2]; 2]| tape.var(Matrix::from(m));
    /// let (zx, h, w) = (var([[1., 2.], [3., 4.]]), var([[5., 6.], [7., 8.]]), var([[0., 1.], [1., 1.]]));
    /// assert_eq!(zx.add_matmul_t(h, w).value().to_matrix(), (zx + h.matmul_t(w)).value().to_matrix());
    /// ```
    #[track_caller]
    pub fn add_matmul_t(self, a: Self, b: Self) -> Self {
        self.tape.record(AddMatMulT, &[self, a, b])
    }
}
