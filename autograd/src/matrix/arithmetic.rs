//! `+ - *` of matrices and numbers, element by element, and the one product that is not.

use std::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use super::Matrix;
use crate::Scalar;

impl<T: Scalar> Matrix<T> {
    /// The matrix product, `[m, k]` times `[k, n]`, in plain loops: for a check or a few numbers. A
    /// tape's [`matmul`](crate::Var::matmul) has the fast ones.
    ///
    /// ```
    /// # use autograd::Matrix;
    /// let a = Matrix::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(a.matmul(&Matrix::from([[1.0], [10.0]])), Matrix::from([[21.0], [43.0]]));
    /// assert_eq!(a.matmul(&Matrix::identity(2)), a);
    /// ```
    ///
    /// # Panics
    /// If `b` has not as many rows as this has columns.
    #[track_caller]
    pub fn matmul(&self, b: &Self) -> Self {
        let (k, rows) = (self.col_count(), b.row_count());
        assert!(
            k == rows,
            "matmul: {} against {}: {k} columns against {rows} rows",
            self.shape(),
            b.shape()
        );
        Matrix::from_fn(self.row_count(), b.col_count(), |r, c| {
            let products = self.row(r).iter().enumerate();
            products.map(|(k, &x)| x * b[(k, c)]).sum()
        })
    }

    /// f of each pair of elements.
    #[track_caller]
    fn zip_with(mut self, name: &str, other: &Self, f: impl Fn(T, T) -> T) -> Self {
        self.zip_assign(name, other, f);
        self
    }

    #[track_caller]
    fn zip_assign(&mut self, name: &str, other: &Self, f: impl Fn(T, T) -> T) {
        let (shape, theirs) = (self.shape(), other.shape());
        assert!(
            shape == theirs,
            "{name}: {shape} against {theirs}: the shapes must be equal"
        );
        for (x, &y) in self.data_mut().iter_mut().zip(other.data()) {
            *x = f(*x, y);
        }
    }
}

/// An operator between two matrices of one shape, owned or borrowed, and between a matrix and a
/// number on its right, or on its left.
macro_rules! operator {
    ($Op:ident, $op:ident, $symbol:tt, $OpAssign:ident, $op_assign:ident) => {
        impl<T: Scalar> $Op<&Matrix<T>> for Matrix<T> {
            type Output = Matrix<T>;
            #[track_caller]
            fn $op(self, other: &Matrix<T>) -> Matrix<T> {
                self.zip_with(stringify!($op), other, |x, y| x $symbol y)
            }
        }
        impl<T: Scalar> $Op for Matrix<T> {
            type Output = Matrix<T>;
            #[track_caller]
            fn $op(self, other: Matrix<T>) -> Matrix<T> {
                self.$op(&other)
            }
        }
        impl<T: Scalar> $Op<&Matrix<T>> for &Matrix<T> {
            type Output = Matrix<T>;
            #[track_caller]
            fn $op(self, other: &Matrix<T>) -> Matrix<T> {
                self.clone().$op(other)
            }
        }
        impl<T: Scalar> $Op<Matrix<T>> for &Matrix<T> {
            type Output = Matrix<T>;
            #[track_caller]
            fn $op(self, other: Matrix<T>) -> Matrix<T> {
                self.clone().$op(&other)
            }
        }
        impl<T: Scalar> $Op<T> for Matrix<T> {
            type Output = Matrix<T>;
            fn $op(self, c: T) -> Matrix<T> {
                self.map(|x| x $symbol c)
            }
        }
        impl<T: Scalar> $Op<T> for &Matrix<T> {
            type Output = Matrix<T>;
            fn $op(self, c: T) -> Matrix<T> {
                self.map(|x| x $symbol c)
            }
        }
        impl<T: Scalar> $OpAssign<&Matrix<T>> for Matrix<T> {
            #[track_caller]
            fn $op_assign(&mut self, other: &Matrix<T>) {
                self.zip_assign(stringify!($op_assign), other, |x, y| x $symbol y);
            }
        }
        impl<T: Scalar> $OpAssign for Matrix<T> {
            #[track_caller]
            fn $op_assign(&mut self, other: Matrix<T>) {
                self.$op_assign(&other);
            }
        }
        impl<T: Scalar> $OpAssign<T> for Matrix<T> {
            fn $op_assign(&mut self, c: T) {
                self.data_mut().iter_mut().for_each(|x| *x = *x $symbol c);
            }
        }
        operator!(on the left, f32, $Op, $op, $symbol);
        operator!(on the left, f64, $Op, $op, $symbol);
    };
    (on the left, $t:ident, $Op:ident, $op:ident, $symbol:tt) => {
        impl $Op<Matrix<$t>> for $t {
            type Output = Matrix<$t>;
            fn $op(self, m: Matrix<$t>) -> Matrix<$t> {
                m.map(|x| self $symbol x)
            }
        }
        impl $Op<&Matrix<$t>> for $t {
            type Output = Matrix<$t>;
            fn $op(self, m: &Matrix<$t>) -> Matrix<$t> {
                m.map(|x| self $symbol x)
            }
        }
    };
}

operator!(Add, add, +, AddAssign, add_assign);
operator!(Sub, sub, -, SubAssign, sub_assign);
operator!(Mul, mul, *, MulAssign, mul_assign);

impl<T: Scalar> Neg for Matrix<T> {
    type Output = Matrix<T>;
    fn neg(self) -> Matrix<T> {
        self.map(|x| -x)
    }
}

impl<T: Scalar> Neg for &Matrix<T> {
    type Output = Matrix<T>;
    fn neg(self) -> Matrix<T> {
        self.map(|x| -x)
    }
}
