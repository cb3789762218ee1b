//! Jacobians: how one node changes with another.

use std::cmp::Reverse;
use std::time::Instant;

use super::check_operand;
use crate::sweep::Sweep;
use crate::{Keep, Matrix, Scalar, Shape, Var};

impl<'t, T: Scalar> Var<'t, T> {
    /// The Jacobian ∂self/∂of, exact, from the tape: a row for each element of this node, a column
    /// for each element of the other, both in row-major order.
    ///
    /// It takes a sweep for each element of this node, down to the other.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// let tape = Tape::<f64>::new();
    /// let h = tape.var(Matrix::from([[0.3, -0.5]]));
    /// let w = tape.constant(Matrix::from([[1.0, 2.0], [3.0, 4.0]]));
    /// let next = h.matmul_t(w); // h Wᵀ, as a row
    /// assert_eq!(next.jacobian(h), w.value().to_matrix());
    /// ```
    ///
    /// # Panics
    /// If the other node is of another tape, or a constant, which no gradient is taken by.
    #[track_caller]
    pub fn jacobian(self, of: Var<'t, T>) -> Matrix<T> {
        self.jacobians(&[of]).swap_remove(0)
    }

    /// The Jacobians of this node by several others, in as many sweeps as for one.
    ///
    /// # Panics
    /// As [`Var::jacobian`].
    #[track_caller]
    pub fn jacobians(self, of: &[Var<'t, T>]) -> Vec<Matrix<T>> {
        for &x in of {
            check_operand("jacobian", self, x);
        }
        jacobians(&[self], of, false)
    }

    /// The Jacobian of each sample of this node by the same sample of the other: `[B, m]` by `[B, n]`
    /// gives B matrices `[m, n]`. Samples of a mini-batch do not mix, so these blocks are all of the
    /// Jacobian that is not zero, and take m sweeps instead of B m. `None` if the samples mix, or
    /// are not as many.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// let tape = Tape::<f64>::new();
    /// let h = tape.var(Matrix::from([[0.3], [-0.5]])); // two samples
    /// let blocks = h.square().jacobian_by_sample(h).unwrap();
    /// assert_eq!(blocks, [Matrix::scalar(0.6), Matrix::scalar(-1.0)]);
    /// assert_eq!((h - h.mean()).jacobian_by_sample(h), None); // the mean is of both
    /// ```
    ///
    /// # Panics
    /// As [`Var::jacobian`].
    #[track_caller]
    pub fn jacobian_by_sample(self, of: Var<'t, T>) -> Option<Vec<Matrix<T>>> {
        check_operand("jacobian_by_sample", self, of);
        Some(blocks(self, &[of])?.swap_remove(0))
    }
}

/// The Jacobians by each of `of` of the nodes `from`, the elements of one below those of the other.
/// With `cut`, none of `of` passes anything on: they are taken as independent of each other.
#[inline(never)]
pub(super) fn jacobians<'t, T: Scalar>(
    from: &[Var<'t, T>],
    of: &[Var<'t, T>],
    cut: bool,
) -> Vec<Matrix<T>> {
    let rows = from.iter().map(|y| y.shape().len()).sum();
    let zeros = |x: &Var<'t, T>| Matrix::zeros(rows, x.shape().len());
    let mut jacobians: Vec<_> = of.iter().map(zeros).collect();
    let mut row = 0;
    let estimate = Estimate::new(rows);
    for &y in from {
        let mut seed = Matrix::zeros(y.row_count(), y.col_count());
        for element in 0..y.shape().len() {
            seed.data_mut().fill(T::ZERO);
            seed.data_mut()[element] = T::ONE;
            gradients_of(y, &seed, of, cut, |i, gradient| {
                let mut jacobian = jacobians[i].view_mut();
                jacobian.row(row).copy_from_slice(gradient.data());
            });
            row += 1;
            estimate.after(row);
        }
    }
    jacobians
}

/// The Jacobians of each sample of `y` by the same sample of each of `of`: for each of these, a
/// matrix for each sample. `None` if they are not as many, or if samples mix.
///
/// A seed that asks for one feature of all samples at once gets a row of every block, so it takes a
/// sweep for each feature, and two for each bit of the samples' numbers to see that they do not mix.
#[inline(never)]
pub(super) fn blocks<'t, T: Scalar>(
    y: Var<'t, T>,
    of: &[Var<'t, T>],
) -> Option<Vec<Vec<Matrix<T>>>> {
    let Shape {
        rows: samples,
        cols,
    } = y.shape();
    if of.iter().any(|x| x.row_count() != samples) || samples_mix(y, of) {
        return None;
    }
    let zeros = |x: &Var<'t, T>| vec![Matrix::zeros(cols, x.col_count()); samples];
    let mut blocks: Vec<Vec<Matrix<T>>> = of.iter().map(zeros).collect();
    let estimate = Estimate::new(cols);
    for c in 0..cols {
        let seed = Matrix::from_fn(samples, cols, |_, k| if k == c { T::ONE } else { T::ZERO });
        gradients_of(y, &seed, of, false, |i, gradient| {
            for (b, block) in blocks[i].iter_mut().enumerate() {
                block
                    .view_mut()
                    .row(c)
                    .copy_from_slice(gradient.view().row(b));
            }
        });
        estimate.after(c + 1);
    }
    Some(blocks)
}

/// Whether a sample of `y` depends on another sample of any of `of`.
///
/// Two different samples differ in a bit of their numbers. So for each bit, gradients are taken of
/// the samples that have it, and of those that have it not: the others must receive nothing.
fn samples_mix<'t, T: Scalar>(y: Var<'t, T>, of: &[Var<'t, T>]) -> bool {
    let Shape {
        rows: samples,
        cols,
    } = y.shape();
    let bits = usize::BITS - (samples - 1).leading_zeros();
    let is_asked = |r: usize, bit: u32, set: bool| ((r >> bit) & 1 == 1) == set;
    // Weights that no dependence is likely to cancel with.
    let weight = |r: usize, c: usize| T::from_f64(1.0 + 0.5 * ((r * cols + c) as f64).sin());
    (0..bits)
        .flat_map(|bit| [(bit, false), (bit, true)])
        .any(|(bit, set)| {
            let seed = Matrix::from_fn(samples, cols, |r, c| match is_asked(r, bit, set) {
                true => weight(r, c),
                false => T::ZERO,
            });
            let mut mixed = false;
            gradients_of(y, &seed, of, false, |_, gradient| {
                let others = (0..samples).filter(|&r| !is_asked(r, bit, set));
                let mut received = others.flat_map(|r| gradient.view().row(r));
                mixed |= received.any(|&x| x != T::ZERO);
            });
            mixed
        })
}

/// One sweep; `take` is handed the gradient of each of `of` that receives one, with its number.
fn gradients_of<'t, T: Scalar>(
    y: Var<'t, T>,
    seed: &Matrix<T>,
    of: &[Var<'t, T>],
    cut: bool,
    mut take: impl FnMut(usize, Matrix<T>),
) {
    let mut last_to_first: Vec<usize> = (0..of.len()).collect();
    last_to_first.sort_by_key(|&i| Reverse(of[i].tape.place(of[i].index).owner));
    let mut sweep = Sweep::start(y, seed, Keep::All);
    for i in last_to_first {
        if let Some(gradient) = sweep.gradient_at(of[i].index, cut) {
            take(i, gradient);
        }
    }
}

/// Says how long it will take, once, if that is long.
struct Estimate {
    begin: Instant,
    sweeps: usize,
}

impl Estimate {
    fn new(sweeps: usize) -> Self {
        let begin = Instant::now();
        Estimate { begin, sweeps }
    }

    /// After so many sweeps.
    fn after(&self, done: usize) {
        const LONG: f64 = 20.0;
        let seconds = self.begin.elapsed().as_secs_f64() * self.sweeps as f64 / done as f64;
        if done == 1 && seconds > LONG {
            eprintln!(
                "a Jacobian in {} sweeps, which takes about {seconds:.0} s",
                self.sweeps
            );
        }
    }
}
