//! Matrix products. A weight is stored as the lecture writes it, U: [outputs, inputs], so a batch
//! of rows goes through [`Var::matmul_t`]: x Uᵀ.

use super::Operation;
use crate::kernels::gemm::{Factor, gemm};
use crate::{Inputs, MatrixMut, Operand, Pullback, Scalar, Shape, Var};

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
        gemm(inputs.value(0), inputs.value(1), false, y);
    }
    fn backward(&self, p: &mut Pullback<'_, '_, '_, T>) {
        p.send_product(0, p.grad(), Factor::from(p.input(1)).t());
        p.send_t_product(1, Operand::Input(0), Operand::Grad);
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
        gemm(inputs.value(0), Factor::from(inputs.value(1)).t(), false, y);
    }
    fn backward(&self, p: &mut Pullback<'_, '_, '_, T>) {
        p.send_product(0, p.grad(), p.input(1));
        p.send_t_product(1, Operand::Grad, Operand::Input(0));
    }
    fn rule(&self, operand: usize) -> String {
        ["ȳ b", "ȳᵀ a"][operand].into()
    }
}

impl<'t, T: Scalar> Var<'t, T> {
    /// The product [m, k] [k, n] → [m, n].
    #[track_caller]
    pub fn matmul(self, b: Self) -> Self {
        self.tape.record(MatMul, &[self, b], &[])
    }

    /// The product with a transpose, [m, k] [n, k]ᵀ → [m, n]: how a batch of rows goes through a
    /// weight of shape [outputs, inputs].
    #[track_caller]
    pub fn matmul_t(self, b: Self) -> Self {
        self.tape.record(MatMulT, &[self, b], &[])
    }
}
