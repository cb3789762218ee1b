//! [`Place`]: where the elements of a node are.

use crate::{Matrix, MatrixMut, MatrixView, Scalar, Shape};

/// Where the elements of a node are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    /// The node that owns the matrix: this one, or for views the one they are parts of.
    pub owner: usize,
    /// The index of that matrix.
    pub buffer: usize,
    pub offset: usize,
    pub stride: usize,
    pub shape: Shape,
}

/// A rectangle of a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First row.
    pub row: usize,
    /// First column.
    pub col: usize,
    /// Number of rows and columns.
    pub shape: Shape,
}

impl Place {
    /// All of a matrix.
    pub fn whole(owner: usize, buffer: usize, shape: Shape) -> Self {
        Place {
            owner,
            buffer,
            offset: 0,
            stride: shape.cols,
            shape,
        }
    }

    /// A part of this place.
    pub fn part(self, window: Window) -> Self {
        Place {
            offset: self.offset + window.row * self.stride + window.col,
            shape: window.shape,
            ..self
        }
    }

    /// The part of the owner's matrix, of so many columns, that this is.
    pub fn window(&self, cols: usize) -> Window {
        Window {
            row: self.offset / cols,
            col: self.offset % cols,
            shape: self.shape,
        }
    }

    #[inline]
    pub fn view<'a, T: Scalar>(&self, m: &'a Matrix<T>) -> MatrixView<'a, T> {
        MatrixView::new(&m.data()[self.offset..], self.shape, self.stride)
    }

    #[inline]
    pub fn view_mut<'a, T: Scalar>(&self, m: &'a mut Matrix<T>) -> MatrixMut<'a, T> {
        MatrixMut::new(&mut m.data_mut()[self.offset..], self.shape, self.stride)
    }
}
