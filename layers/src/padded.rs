//! [`Padded`]: sequences as others have them.

use autograd::{Matrix, Scalar, Var};

use crate::{Lengths, Sequence};

/// Sequences as they are taught and as other libraries have them: padded to the longest, step by step,
/// with the samples of a step in their own order. Made by [`Sequence::padded`].
#[derive(Clone, Copy, Debug)]
pub struct Padded<'t, T: Scalar = f32> {
    /// T steps of B rows, `[T*B, F]`; zeros where a sample has ended.
    pub x: Var<'t, T>,
    /// 1 where a sample has the step and 0 where it has ended, `[T*B, 1]`.
    pub mask: Var<'t, T>,
}

impl<'t, T: Scalar> Sequence<'t, T> {
    /// The sequences padded with zeros to the longest, and their mask.
    ///
    /// # Panics
    /// If the steps are symbols.
    #[track_caller]
    pub fn padded(&self) -> Padded<'t, T> {
        let (samples, steps) = (self.lengths().samples(), self.lengths().steps());
        let x = self.stacked();
        let x = x.scatter_add_rows(&padded_rows(self.lengths()), samples * steps);
        let is_step = |row: usize| row / samples < self.lengths().of(row % samples);
        let mask = Matrix::from_fn(
            x.row_count(),
            1,
            |r, _| if is_step(r) { T::ONE } else { T::ZERO },
        );
        Padded {
            x,
            mask: x.tape().constant(mask).named("mask"),
        }
    }

    /// The steps of padded sequences: the reverse of [`Sequence::padded`].
    ///
    /// # Panics
    /// If `x` is not of B rows for each step of the longest.
    #[track_caller]
    pub fn from_padded(x: Var<'t, T>, lengths: &Lengths) -> Self {
        let (samples, steps) = (lengths.samples(), lengths.steps());
        let (found, expected) = (x.row_count(), samples * steps);
        assert!(
            found == expected,
            "{found} rows of padded sequences: {samples} samples of {steps} steps at most have {expected}"
        );
        Sequence::from_stacked(x.gather_rows(&padded_rows(lengths)), lengths)
    }
}

/// Which row of the padded steps each row is.
fn padded_rows(lengths: &Lengths) -> Vec<usize> {
    let samples = lengths.samples();
    let positions = lengths.positions();
    positions.map(|(sample, t)| t * samples + sample).collect()
}
