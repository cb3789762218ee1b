//! [`Average`]: what half of the optimizers remember gradients by.

use autograd::Scalar;

/// A moving average a ← β a + (1 − β) x.
#[derive(Clone, Copy)]
pub(super) struct Average<T> {
    /// β
    old: T,
    /// 1 − β
    new: T,
}

impl<T: Scalar> Average<T> {
    pub fn new(beta: f64) -> Self {
        Average {
            old: T::from_f64(beta),
            new: T::from_f64(1.0 - beta),
        }
    }

    /// a ← β a + (1 − β) x
    #[inline(always)]
    pub fn add(self, average: &mut T, x: T) {
        *average = self.old * *average + self.new * x;
    }

    /// a ← β a + (1 − β) x²
    #[inline(always)]
    pub fn add_square(self, average: &mut T, x: T) {
        *average = self.old * *average + self.new * x * x;
    }
}
