//! Singular values of small matrices.

use crate::{Matrix, Scalar};

/// Sweeps over all pairs of columns, at most; ten are enough for any matrix that occurs.
const SWEEPS: usize = 60;

impl<T: Scalar> Matrix<T> {
    /// The singular values, the largest first; computed in f64 by one-sided Jacobi rotations
    /// (Hestenes 1958). The largest of a Jacobian ∂h_t/∂h_k is how much a gradient can at most grow
    /// on its way from step t to step k.
    ///
    /// ```
    /// # use autograd::Matrix;
    /// let rotation_and_stretch = Matrix::from([[0.0, -3.0], [2.0, 0.0]]);
    /// let s = rotation_and_stretch.singular_values();
    /// assert!((s[0] - 3.0).abs() < 1e-12 && (s[1] - 2.0).abs() < 1e-12);
    /// ```
    #[inline(never)]
    pub fn singular_values(&self) -> Vec<f64> {
        // The columns are turned until they are orthogonal: then their lengths are the values.
        let wide = self.col_count() > self.row_count();
        let m = if wide { self.transpose() } else { self.clone() };
        let column = |c| (0..m.row_count()).map(|r| m[(r, c)].to_f64()).collect();
        let mut columns: Vec<Vec<f64>> = (0..m.col_count()).map(column).collect();
        for _ in 0..SWEEPS {
            if !orthogonalise(&mut columns) {
                break;
            }
        }
        let mut values: Vec<_> = columns.iter().map(|c| dot(c, c).sqrt()).collect();
        values.sort_by(|a, b| b.total_cmp(a));
        values
    }
}

/// Turns each pair of columns once; whether any was not orthogonal yet.
fn orthogonalise(columns: &mut [Vec<f64>]) -> bool {
    let mut turned = false;
    for j in 1..columns.len() {
        let (left, right) = columns.split_at_mut(j);
        for a in left {
            turned |= turn(a, &mut right[0]);
        }
    }
    turned
}

/// Turns two columns in their plane until they are orthogonal; false if they were.
fn turn(a: &mut [f64], b: &mut [f64]) -> bool {
    let (aa, bb, ab) = (dot(a, a), dot(b, b), dot(a, b));
    // (A NaN or an infinity is left as it is.)
    if ab.abs() <= 1e-15 * (aa * bb).sqrt() || !ab.is_finite() {
        return false;
    }
    let zeta = (bb - aa) / (2.0 * ab);
    let tan = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
    let cos = 1.0 / (1.0 + tan * tan).sqrt();
    let sin = cos * tan;
    for (a, b) in a.iter_mut().zip(b) {
        (*a, *b) = (cos * *a - sin * *b, sin * *a + cos * *b);
    }
    true
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
