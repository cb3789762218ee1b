//! [`Spread`]: broadcasting of row vectors, column vectors and scalars.

use std::ops::Range;
use std::sync::Arc;

use crate::kernels::reduce;
use crate::matrix::unique;
use crate::store::Store;
use crate::{Inputs, Matrix, MatrixView, Scalar, Shape, Sink};

/// Whether an operand of this shape can be spread over one of that shape.
pub(super) fn spreads(small: Shape, large: Shape) -> bool {
    let fits = |small, large| small == 1 || small == large;
    fits(small.rows, large.rows) && fits(small.cols, large.cols)
}

/// Two operands brought to one shape, part by part. A row vector is read once per row (its stride
/// is 0), a scalar becomes such a row first; with a column vector every row is a part of its own,
/// in which its element is a scalar.
pub(super) struct Spread<'a, T> {
    store: &'a Store<T>,
    values: [MatrixView<'a, T>; 2],
    shape: Shape,
}

impl<'a, T: Scalar> Spread<'a, T> {
    pub fn new(inputs: &Inputs<'a, T>, shape: Shape) -> Self {
        Spread {
            store: inputs.on.store,
            values: [inputs.value(0), inputs.value(1)],
            shape,
        }
    }

    /// Calls `f` with the rows of each part and both operands in the shape of these rows.
    #[inline(always)]
    pub fn each_part(&self, mut f: impl FnMut(Range<usize>, [MatrixView<'_, T>; 2])) {
        let rows = self.shape.rows;
        if self.values.iter().all(|x| x.shape() == self.shape) {
            return f(0..rows, self.values);
        }
        let is_column = |x: &MatrixView<'_, T>| x.shape() == Shape::new(rows, 1);
        match rows > 1 && self.shape.cols > 1 && self.values.iter().any(is_column) {
            false => self.part(0..rows, f),
            true => (0..rows).for_each(|r| self.part(r..r + 1, &mut f)),
        }
    }

    fn part(&self, rows: Range<usize>, f: impl FnOnce(Range<usize>, [MatrixView<'_, T>; 2])) {
        let shape = Shape::new(rows.len(), self.shape.cols);
        let values = self.values.map(|x| match x.row_count() {
            1 => x,
            _ => x.rows(rows.clone()),
        });
        // A single element becomes a row.
        let lent = values.map(|x| {
            let is_single = x.shape().len() == 1 && shape.cols > 1;
            is_single.then(|| self.row_of(x.item()))
        });
        let operands = std::array::from_fn(|i| {
            let x = lent[i].as_ref().map_or(values[i], |row| row.view());
            match x.shape() == shape {
                true => x,
                false => x.broadcast_row(shape.rows),
            }
        });
        f(rows, operands);
        let rows = lent.into_iter().flatten();
        rows.for_each(|row| self.store.give_back(row));
    }

    fn row_of(&self, x: T) -> Arc<Matrix<T>> {
        let shape = Shape::new(1, self.shape.cols);
        self.store.write(shape, |row| row.data_mut().fill(x))
    }

    /// The way back: `f` sends what the rows of a part receive, and where the operand was spread,
    /// that is summed.
    #[inline(always)]
    pub fn send(
        &self,
        mut to: Sink<'_, T>,
        f: impl Fn(Range<usize>, [MatrixView<'_, T>; 2], Sink<'_, T>),
    ) {
        if to.shape() == self.shape {
            return self.each_part(|rows, operands| f(rows.clone(), operands, to.rows(rows)));
        }
        let mut sums = self.row_of(T::ZERO);
        let by_rows = to.shape().rows > 1;
        self.each_part(|rows, operands| {
            let sums = unique(&mut sums);
            let r = rows.start;
            let summed = sums.view_mut().broadcast_row(rows.len());
            f(rows, operands, Sink::new(summed, !by_rows));
            if by_rows {
                to.add_row(r, [reduce::sum(sums.data())]); // a column vector
            }
        });
        let summed = sums.view();
        match (by_rows, to.shape() == summed.shape()) {
            (true, _) => {}
            (false, true) => to.add(summed),
            (false, false) => to.add_row(0, [reduce::sum(sums.data())]),
        }
        self.store.give_back(sums);
    }
}
