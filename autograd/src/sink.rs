//! [`Sink`]: where a rule writes a contribution to a gradient.

use std::fmt;
use std::ops::Range;

use crate::kernels::elementwise::{assign, map, put};
use crate::kernels::operands::Start;
use crate::{MatrixMut, MatrixView, Scalar, Shape};

/// The gradient x̄ of an operand, which a contribution is to be added to.
///
/// What is there may be the sum of other contributions, or nothing yet: a sink knows, adds or
/// stores, and a rule reads like its formula either way. Every element has to be given.
pub struct Sink<'a, T> {
    to: MatrixMut<'a, T>,
    /// Whether there is something to add to; if not, the elements are unspecified.
    accumulate: bool,
}

impl<'a, T: Scalar> Sink<'a, T> {
    pub(crate) fn new(to: MatrixMut<'a, T>, accumulate: bool) -> Self {
        Sink { to, accumulate }
    }

    /// Number of rows and columns of x̄.
    pub fn shape(&self) -> Shape {
        self.to.shape()
    }

    /// x̄ += m.
    ///
    /// # Panics
    /// If the shapes differ.
    #[inline]
    pub fn add(self, m: MatrixView<'_, T>) {
        assign(m, self.to, self.accumulate);
    }

    /// x̄ += f(a, b, …), element by element, for matrices of the shape of x̄: one loop, in which `f`
    /// is compiled for the vector instructions of the processor.
    ///
    /// # Panics
    /// If the shapes differ.
    #[inline]
    pub fn map<const N: usize>(self, inputs: [MatrixView<'_, T>; N], f: impl Fn([T; N]) -> T) {
        map(inputs, self.to, self.accumulate, f);
    }

    /// x̄_rc += f(r, c).
    pub fn each(mut self, f: impl Fn(usize, usize) -> T) {
        let Shape { rows, cols } = self.shape();
        for r in 0..rows {
            self.add_row(r, (0..cols).map(|c| f(r, c)));
        }
    }

    /// x̄_rc += values_c, for row `r`. Every row has to be given, and only once.
    ///
    /// # Panics
    /// If there is no such row.
    #[inline(always)]
    #[track_caller]
    pub fn add_row(&mut self, r: usize, values: impl IntoIterator<Item = T>) {
        for (to, x) in self.to.row(r).iter_mut().zip(values) {
            put(to, x, self.accumulate);
        }
    }

    /// x̄_rc −= x, for an element of a row that has been given.
    #[inline(always)]
    pub(crate) fn subtract(&mut self, r: usize, c: usize, x: T) {
        self.to.row(r)[c] -= x;
    }

    /// x̄ itself, zeros if nothing has been received: for contributions to a few elements, by `+=`.
    pub fn zeroed(mut self) -> MatrixMut<'a, T> {
        if !self.accumulate {
            self.to.fill(T::ZERO);
        }
        self.to
    }

    /// The sink of some of the rows.
    pub(crate) fn rows(&mut self, range: Range<usize>) -> Sink<'_, T> {
        Sink::new(self.to.reborrow().rows(range), self.accumulate)
    }

    /// What a kernel writes to, and whether it adds.
    pub(crate) fn into_parts(self) -> (MatrixMut<'a, T>, bool) {
        (self.to, self.accumulate)
    }

    /// What a product writes to, and what it starts from.
    pub(crate) fn start(self) -> (MatrixMut<'a, T>, Start<'static, T>) {
        (self.to, Start::accumulate(self.accumulate))
    }
}

impl<T: Scalar> fmt::Debug for Sink<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sink {}", self.shape())
    }
}
