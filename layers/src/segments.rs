//! Long sequences in segments: memory for T/k + k steps, not for T; or, where the text's loss is all that
//! is asked for, for as many bytes as there are.
//!
//! A segment of k steps is computed again on the way back: as one node of the tape (see
//! [`Tape::recompute`](autograd::Tape::recompute)), or with all others in one (see
//! [`Tape::recompute_chain`](autograd::Tape::recompute_chain)). The states are the same to the bit as
//! without segments, and so are losses and gradients but for the order in which they are summed; that
//! order depends on the length of the segments, and not on which states between them are kept.

mod plan;
mod text;

use std::ops::Range;
use std::sync::Arc;

use autograd::{Scalar, Var};

pub use plan::Segments;

use crate::{Bound, Cell, IntoLengths, Lengths, Projection, State, Unrolled, check, unroll};

/// [`unroll`], in segments of that many steps. Of a segment, the tape keeps what it gives: the
/// hidden states of its steps and the last cell state of every sample that it reads. These are of all
/// steps, so memory grows with T whatever the segments are; a loss that needs no more than
/// [`CharModel::loss_in_segments`] or [`Tape::recompute_chain`](autograd::Tape::recompute_chain) gives
/// takes as much as it is allowed.
///
/// [`CharModel::loss_in_segments`]: crate::CharModel::loss_in_segments
///
/// # Panics
/// As [`unroll`], and if a segment has no steps.
#[track_caller]
pub fn unroll_in_segments<'t, 's, T: Scalar>(
    cell: &Arc<dyn Cell<T> + Send + Sync>,
    p: &Bound<'t, T>,
    zx: impl Into<Projection<'t, 's, T>>,
    lengths: impl IntoLengths,
    state: State<'t, T>,
    segment: usize,
) -> Unrolled<'t, T> {
    let zx = zx.into();
    let lengths = zx.lengths(lengths);
    check::unrolled(cell.as_ref(), p, zx, lengths.samples(), state);
    check::segment(lengths.steps(), segment);
    let _scope = cell.weights().scope(p.tape());
    let mut outputs = Vec::new();
    let state = each_segment(&lengths, segment, state, |part, state| {
        let read = part.unroll(cell, p, zx, state);
        outputs.extend(read.outputs);
        read.state
    });
    Unrolled {
        outputs,
        state,
        lengths,
    }
}

/// Some of the steps of the sequences of a mini-batch.
struct Segment<'l> {
    steps: Range<usize>,
    /// Of all steps.
    all: &'l Lengths,
}

/// Goes through sequences in segments, with the state of all samples in their order, before and after.
/// `read` takes that of the samples that a segment has, and gives that after it.
fn each_segment<'t, T: Scalar>(
    lengths: &Lengths,
    segment: usize,
    mut state: State<'t, T>,
    mut read: impl FnMut(Segment<'_>, State<'t, T>) -> State<'t, T>,
) -> State<'t, T> {
    let order = lengths.order();
    if let Some((samples, _)) = order {
        state = state.gather_rows(samples);
    }
    let mut ended = Vec::new();
    for start in (0..lengths.steps()).step_by(segment) {
        let (size, before) = (lengths.rows(start).len(), state.row_count());
        if size < before {
            ended.push(state.rows(size..before));
            state = state.rows(0..size);
        }
        let segment = Segment {
            steps: start..lengths.steps().min(start + segment),
            all: lengths,
        };
        state = read(segment, state);
    }
    ended.push(state);
    ended.reverse();
    let last = State::concat_rows(&ended);
    order.map_or(last, |(_, places)| last.gather_rows(places))
}

impl Segment<'_> {
    /// The rows of its steps.
    fn rows(&self) -> Range<usize> {
        self.all.rows(self.steps.start).start..self.all.rows(self.steps.end - 1).end
    }

    /// How many of its steps each sample has that has the first of them.
    fn lengths(&self) -> Lengths {
        self.all.part(self.steps.clone())
    }

    /// Unrolls these steps as one node.
    fn unroll<'t, T: Scalar>(
        &self,
        cell: &Arc<dyn Cell<T> + Send + Sync>,
        p: &Bound<'t, T>,
        zx: Projection<'t, '_, T>,
        state: State<'t, T>,
    ) -> Unrolled<'t, T> {
        let (source, symbols) = match zx {
            Projection::Stacked(zx) => (zx.rows(self.rows()), None),
            Projection::LookedUp { table, symbols } => (table, Some(symbols[self.rows()].to_vec())),
        };
        let inputs: Vec<_> = p.vars().chain([source]).chain(state.parts()).collect();
        let (kind, lengths) = (p.kind(), self.lengths());
        let (cell, of_segment) = (Arc::clone(cell), lengths.clone());
        let y = p.tape().recompute(&inputs, move |v| {
            let (p, source) = (Bound::on_vars(v, kind), v[kind.count]);
            let zx = match &symbols {
                Some(symbols) => Projection::LookedUp {
                    table: source,
                    symbols,
                },
                None => Projection::Stacked(source),
            };
            let (h, c) = (v[kind.count + 1], v.get(kind.count + 2).copied());
            let unrolled = unroll(cell.as_ref(), &p, zx, &of_segment, State { h, c });
            let parts = unrolled.outputs.into_iter().chain(unrolled.state.c);
            Var::concat_rows(&parts.collect::<Vec<_>>())
        });
        let Range { start, end } = self.steps;
        let output = |t: usize| y.rows(lengths.rows(t)).named("h").at(start + t);
        let outputs: Vec<_> = (0..lengths.steps()).map(output).collect();
        let h = match lengths.are_equal() {
            true => outputs[outputs.len() - 1],
            false => y.gather_rows(&lengths.last_rows()).named("h").at(end - 1),
        };
        let (steps, samples) = (lengths.row_count(), lengths.samples());
        let c = |_| y.rows(steps..steps + samples).named("c").at(end - 1);
        let state = State {
            h,
            c: state.c.map(c),
        };
        Unrolled {
            outputs,
            state,
            lengths,
        }
    }
}
