//! [`Elements`]: the loop over the elements of one parameter.

use std::fmt;
use std::ops::Range;

use autograd::Scalar;
use layers::ParameterId;

use crate::blocks::zip_elements;
use crate::memory::Memory;

/// A parameter in a step, or a row of a sparse one: its elements θ, those of its gradient, and what is remembered of each.
pub struct Elements<'a, T: Scalar> {
    pub(super) theta: &'a mut [T],
    pub(super) g: &'a [T],
    pub(super) memory: &'a mut Memory<T>,
    pub(super) id: ParameterId,
    /// Which elements of the parameter these are.
    pub(super) range: Range<usize>,
    /// On the gradient: clipping.
    pub(super) factor: T,
    pub(super) decay: Decay<T>,
}

/// What weight decay does before a rule does its own.
#[derive(Clone, Copy, Debug)]
pub(super) enum Decay<T> {
    /// g ← g + λ θ, with this λ.
    InGradient(T),
    /// θ ← (1 − η λ) θ, with this 1 − η λ.
    Decoupled(T),
}

impl<T: Scalar> Elements<'_, T> {
    /// Does `rule(θ, g, memory)` with each element, after clipping and weight decay. The memory is in
    /// the order of [`UpdateRule::memory`](crate::UpdateRule::memory).
    ///
    /// The rule owns its numbers (`move`): what it borrowed might change with θ, for all that a
    /// compiler knows, and there would be no vectors.
    ///
    /// # Panics
    /// If the rule takes more or fewer than it names there.
    #[inline(always)]
    #[track_caller]
    pub fn each<const N: usize>(
        self,
        rule: impl Fn(&mut T, T, [&mut T; N]) + Copy + Send + Sync + 'static,
    ) {
        let memory = self.memory.get_mut(self.id);
        let memory = memory.map(|m| &mut m.data_mut()[self.range.clone()]);
        let factor = self.factor;
        match self.decay {
            Decay::InGradient(lambda) => zip_elements(
                self.theta,
                self.g,
                memory,
                #[inline(always)]
                move |theta, g, memory| rule(theta, factor * g + lambda * *theta, memory),
            ),
            Decay::Decoupled(keep) => zip_elements(
                self.theta,
                self.g,
                memory,
                #[inline(always)]
                move |theta, g, memory| {
                    *theta = keep * *theta;
                    rule(theta, factor * g, memory);
                },
            ),
        }
    }
}

impl<T: Scalar> fmt::Debug for Elements<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Elements")
            .field("count", &self.theta.len())
            .field("factor", &self.factor)
            .field("decay", &self.decay)
            .finish_non_exhaustive()
    }
}
