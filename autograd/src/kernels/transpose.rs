//! Rows and columns exchanged.

use pulp::{Simd, WithSimd};

use super::elementwise::put;
use super::simd::run;
use crate::{MatrixMut, MatrixView, Scalar};

/// Rows that are read side by side.
const TILE: usize = 16;

/// y = xᵀ, or y += xᵀ.
pub(crate) fn transpose<T: Scalar>(x: MatrixView<'_, T>, y: MatrixMut<'_, T>, accumulate: bool) {
    run(Transpose { x, y, accumulate });
}

struct Transpose<'a, T> {
    x: MatrixView<'a, T>,
    y: MatrixMut<'a, T>,
    accumulate: bool,
}

impl<T: Scalar> WithSimd for Transpose<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        let (rows, cols) = (self.x.row_count(), self.x.col_count());
        for first in (0..rows).step_by(TILE) {
            let height = TILE.min(rows - first);
            // Beyond the last row the last one is read again, and not used.
            let tile: [&[T]; TILE] =
                std::array::from_fn(|i| &self.x.row(first + i.min(height - 1))[..cols]);
            for c in 0..cols {
                let to = &mut self.y.row(c)[first..first + height];
                if let Ok(to) = <&mut [T; TILE]>::try_from(&mut *to) {
                    for i in 0..TILE {
                        put(&mut to[i], tile[i][c], self.accumulate);
                    }
                } else {
                    for (i, to) in to.iter_mut().enumerate() {
                        put(to, tile[i][c], self.accumulate);
                    }
                }
            }
        }
    }
}
