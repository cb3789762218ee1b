//! [`State`]: what a layer hands from one step to the next.

use std::fmt;
use std::ops::Range;

use autograd::{Scalar, Var};

/// What a layer hands from one step to the next, a row for each sample of the mini-batch.
#[derive(Clone, Copy)]
pub struct State<'t, T = f32> {
    /// The hidden state h_t: `[B, H]`.
    pub h: Var<'t, T>,
    /// The cell state c_t of an LSTM: `[B, H]`.
    pub c: Option<Var<'t, T>>,
}

impl<'t, T: Scalar> State<'t, T> {
    /// What a function makes of h, and of c where there is one.
    #[must_use]
    pub fn map(self, mut f: impl FnMut(Var<'t, T>) -> Var<'t, T>) -> Self {
        State {
            h: f(self.h),
            c: self.c.map(f),
        }
    }

    /// The same values, cut from the graph: no gradient passes, which truncates backpropagation
    /// through time here.
    #[must_use]
    pub fn detach(self) -> Self {
        self.map(Var::detach)
    }

    /// The number of samples.
    pub fn row_count(self) -> usize {
        self.h.row_count()
    }

    /// The states of some of the samples, without a copy.
    ///
    /// # Panics
    /// If there are no such rows.
    #[must_use]
    #[track_caller]
    pub fn rows(self, rows: Range<usize>) -> Self {
        match rows == (0..self.row_count()) {
            true => self,
            false => self.map(|x| x.rows(rows.clone())),
        }
    }

    /// The states of several groups of samples, one below the other.
    #[track_caller]
    pub(crate) fn concat_rows(groups: &[Self]) -> Self {
        if let &[alone] = groups {
            return alone;
        }
        let join = |part: fn(&Self) -> Option<Var<'t, T>>| {
            let parts: Option<Vec<_>> = groups.iter().map(part).collect();
            parts.map(|parts| Var::concat_rows(&parts))
        };
        State {
            h: join(|group| Some(group.h)).expect("every state has an h"),
            c: join(|group| group.c),
        }
    }

    /// The states of the samples with these numbers.
    #[track_caller]
    pub(crate) fn gather_rows(self, samples: &[usize]) -> Self {
        self.map(|x| x.gather_rows(samples)).named()
    }

    /// Named as a cell names them.
    pub(crate) fn named(self) -> Self {
        State {
            h: self.h.named("h"),
            c: self.c.map(|c| c.named("c")),
        }
    }

    /// h, and c where there is one.
    pub(crate) fn parts(self) -> impl Iterator<Item = Var<'t, T>> {
        [Some(self.h), self.c].into_iter().flatten()
    }
}

impl<T: Scalar> fmt::Debug for State<'_, T> {
    /// The names and shapes: `State { h: lstm1/h.3 [4, 8], c: lstm1/c.3 [4, 8] }`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut state = f.debug_struct("State");
        for (name, part) in ["h", "c"].into_iter().zip(self.parts()) {
            let label = part.info().label();
            state.field(name, &format_args!("{label} {}", part.shape()));
        }
        state.finish()
    }
}
