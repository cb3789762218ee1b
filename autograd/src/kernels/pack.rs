//! Operands of a product laid out in the order in which its inner loop reads them.
//!
//! The inner loop computes a tile of C of [`Layout::rows`] by [`Layout::cols`] elements, which fits
//! the registers. So the right operand is cut in *panels* of that many columns, and a left operand
//! that comes transposed in *strips* of that many rows; both are stored step by step along k.

use std::sync::Arc;

use pulp::{Arch, Simd, WithSimd};

use super::simd::Lanes;
use super::transpose::transpose;
use crate::matrix::unique;
use crate::{Matrix, MatrixMut, MatrixView, Scalar, Shape};

/// The tile of C that is computed at once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    pub rows: usize,
    pub cols: usize,
}

/// Vectors side by side in a tile.
pub(super) const VECTORS: usize = 2;

/// Rows of a tile: with two vectors each, one for B and a factor they fill 32 registers, or 16.
pub(super) const fn tile_rows<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 12 } else { 6 }
}

impl Layout {
    /// That of these instructions.
    pub fn of<T: Lanes>(arch: Arch) -> Layout {
        struct Ask<T>(std::marker::PhantomData<T>);
        impl<T: Lanes> WithSimd for Ask<T> {
            type Output = Layout;
            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> Layout {
                Layout {
                    rows: tile_rows::<S>(),
                    cols: VECTORS * T::width::<S>(),
                }
            }
        }
        arch.dispatch(Ask::<T>(std::marker::PhantomData))
    }
}

/// An operand cut in slices of equal width, each stored step by step: element (p, j) of slice s is
/// at `(s * capacity + p) * width + j`. What a last slice has too much is zero.
pub struct Packed<T> {
    pub buffer: Arc<Matrix<T>>,
    pub width: usize,
    /// How many steps along k there is room for.
    pub capacity: usize,
    /// How many there are.
    pub k: usize,
    /// How many columns the slices have together.
    pub n: usize,
}

impl<T: Scalar> Packed<T> {
    /// Room for that many elements is needed by [`Packed::empty`].
    pub fn size(width: usize, capacity: usize, n: usize) -> usize {
        n.next_multiple_of(width) * capacity
    }

    /// Nothing yet, in a buffer of [`Packed::size`] elements.
    pub fn empty(buffer: Arc<Matrix<T>>, width: usize, capacity: usize, n: usize) -> Self {
        debug_assert_eq!(buffer.shape().len(), Self::size(width, capacity, n));
        let k = 0;
        Packed {
            buffer,
            width,
            capacity,
            k,
            n,
        }
    }

    /// The steps of one slice.
    pub fn slice(&self, s: usize) -> &[T] {
        let start = s * self.capacity * self.width;
        &self.buffer.data()[start..start + self.k * self.width]
    }

    /// The steps as the rows of a matrix, if they have not been cut.
    pub fn as_matrix(&self) -> MatrixView<'_, T> {
        assert_eq!(self.width, self.n, "an operand that is cut in slices");
        MatrixView::new(self.slice(0), Shape::new(self.k, self.n), self.n)
    }

    /// Appends the rows of a matrix, as steps along k.
    pub fn push_rows(&mut self, x: MatrixView<'_, T>) {
        // Steps of a length that the compiler knows are copied without a call.
        match self.width {
            6 => self.push_steps::<6>(x),
            12 => self.push_steps::<12>(x),
            16 => self.push_steps::<16>(x),
            32 => self.push_steps::<32>(x),
            _ => self.push_steps::<{ usize::MAX }>(x),
        }
    }

    /// [`Packed::push_rows`] with slices of this width, or of any.
    fn push_steps<const WIDTH: usize>(&mut self, x: MatrixView<'_, T>) {
        const ROWS: usize = 8;
        let width = if WIDTH == usize::MAX {
            self.width
        } else {
            WIDTH
        };
        let Packed { capacity, k, n, .. } = *self;
        let rows = x.row_count();
        debug_assert!(k + rows <= capacity && x.col_count() == n);
        let buffer = unique(&mut self.buffer).data_mut();
        // A few rows at a time: they stay in the cache while they are cut.
        for top in (0..rows).step_by(ROWS) {
            let height = ROWS.min(rows - top);
            let slices = buffer.chunks_exact_mut(capacity * width);
            for (slice, first) in slices.zip((0..n).step_by(width)) {
                let steps = slice[(k + top) * width..].chunks_exact_mut(width);
                let end = n.min(first + width);
                let part = x.cols(first..end);
                for (p, step) in steps.enumerate().take(height) {
                    let row = part.row(top + p);
                    if row.len() == width {
                        step.copy_from_slice(&row[..width]);
                    } else {
                        step[..row.len()].copy_from_slice(row);
                        step[row.len()..].fill(T::ZERO);
                    }
                }
            }
        }
        self.k += rows;
    }

    /// Appends the columns of a matrix, as steps along k.
    pub fn push_cols(&mut self, x: MatrixView<'_, T>) {
        let Packed {
            capacity,
            width,
            k,
            n,
            ..
        } = *self;
        let cols = x.col_count();
        debug_assert!(k + cols <= capacity && x.row_count() == n);
        let slices = unique(&mut self.buffer)
            .data_mut()
            .chunks_exact_mut(capacity * width);
        for (slice, first) in slices.zip((0..n).step_by(width)) {
            let used = width.min(n - first);
            let steps = &mut slice[k * width..(k + cols) * width];
            if used < width {
                steps.fill(T::ZERO);
            }
            let steps = MatrixMut::new(steps, Shape::new(cols, used), width);
            transpose(x.rows(first..first + used), steps, false);
        }
        self.k += cols;
    }
}

impl<T: Lanes> Packed<T> {
    /// The same panels with two elements in the place of one, by [`Lanes::pair`]: those that a step has in the same
    /// lane of its two registers. They are in a buffer for so many elements, which `take` gives.
    pub fn halves(&self, take: impl FnOnce(usize) -> Arc<Matrix<T>>) -> Packed<T> {
        let width = self.width / VECTORS;
        let mut buffer = take(self.buffer.data().len() / VECTORS);
        let steps = self.buffer.data().chunks_exact(self.width);
        let pairs = unique(&mut buffer).data_mut();
        for (pairs, step) in pairs.chunks_exact_mut(width).zip(steps) {
            let (low, high) = step.split_at(width);
            for j in 0..width {
                pairs[j] = T::pair(low[j], high[j]);
            }
        }
        Packed {
            buffer,
            width,
            ..*self
        }
    }
}
