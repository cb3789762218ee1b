//! Long sequences in segments: memory for T/k + k steps, not for T.
//!
//! Each segment of k steps is one node of the tape, computed again on the way back (see
//! [`Tape::recompute`](autograd::Tape::recompute)). The states are the same to the bit as without
//! segments, and so are losses and gradients but for the order in which they are summed.

use std::ops::Range;
use std::sync::Arc;

use autograd::{Scalar, Var};

use crate::parameters::Identity;
use crate::{Bound, Carried, Cell, CharModel, Projection, State, Unrolled, check, unroll};

/// [`unroll`], in segments of that many steps. Of a segment, the tape keeps what it gives: the
/// hidden states of its steps and the last cell state.
///
/// # Panics
/// As [`unroll`], and if a segment has no steps.
#[track_caller]
pub fn unroll_in_segments<'t, 's, T: Scalar>(
    cell: &Arc<dyn Cell<T> + Send + Sync>,
    p: &Bound<'t, T>,
    zx: impl Into<Projection<'t, 's, T>>,
    batch: usize,
    mut state: State<'t, T>,
    segment: usize,
) -> Unrolled<'t, T> {
    let zx = zx.into();
    let steps = zx.steps(batch);
    check::unrolled(cell.as_ref(), p, zx, batch, state);
    let _scope = cell.weights().scope(p.tape());
    let (count, set, has_c) = (p.len(), p.set(), state.c.is_some());
    let mut outputs = Vec::new();
    for steps in segments(steps, segment) {
        let rows = steps.start * batch..steps.end * batch;
        let (source, symbols) = match zx {
            Projection::Stacked(zx) => (zx.rows(rows), None),
            Projection::LookedUp { table, symbols } => (table, Some(symbols[rows].to_vec())),
        };
        let mut inputs: Vec<_> = p.vars().chain([source, state.h]).collect();
        inputs.extend(state.c);
        let cell = Arc::clone(cell);
        let y = p.tape().recompute(&inputs, move |v| {
            let (p, source) = (Bound::from_vars_of(&v[..count], set), v[count]);
            let zx = match &symbols {
                Some(symbols) => Projection::LookedUp {
                    table: source,
                    symbols,
                },
                None => Projection::Stacked(source),
            };
            let (h, c) = (v[count + 1], v.get(count + 2).copied());
            let unrolled = unroll(cell.as_ref(), &p, zx, batch, State { h, c });
            let parts = unrolled.outputs.into_iter().chain(unrolled.state.c);
            Var::concat_rows(&parts.collect::<Vec<_>>())
        });
        let step = |t: usize| y.rows(t * batch..(t + 1) * batch);
        outputs.extend((0..steps.len()).map(|t| step(t).named("h").at(steps.start + t)));
        state = State {
            h: outputs[outputs.len() - 1],
            c: has_c.then(|| step(steps.len()).named("c").at(steps.end - 1)),
        };
    }
    Unrolled { outputs, state }
}

/// The steps of each segment.
#[track_caller]
fn segments(steps: usize, segment: usize) -> impl Iterator<Item = Range<usize>> {
    assert!(
        segment > 0,
        "segments of no steps: give the steps of each, such as {}",
        (steps as f64).sqrt().ceil().max(1.0)
    );
    let starts = (0..steps).step_by(segment);
    starts.map(move |start| start..steps.min(start + segment))
}

impl<T: Scalar> CharModel<T> {
    /// The mean cross-entropy of the next symbols, and the final states, in segments of that many
    /// steps: of a segment the tape keeps the states after it and its share of the loss.
    ///
    /// # Panics
    /// As [`CharModel::logits`] and [`Var::cross_entropy`], and if a segment has no steps.
    #[track_caller]
    pub fn loss_in_segments<'t>(
        &self,
        p: &Bound<'t, T>,
        (symbols, targets): (&[usize], &[usize]),
        batch: usize,
        states: &[Carried<T>],
        segment: usize,
    ) -> (Var<'t, T>, Vec<State<'t, T>>) {
        let rows = symbols.len();
        assert!(rows > 0, "a text of no symbols");
        assert!(
            rows == targets.len(),
            "{rows} symbols and {} targets: each symbol has one",
            targets.len()
        );
        let all_steps = check::steps(rows, "symbols", batch);
        let (tape, first) = (p.tape(), self.stack.first());
        check::lookup(first, p, symbols);
        check::indices("", "target", targets, p.var(self.output.v).row_count());
        check::states(&self.stack.cells, states, batch);
        let table = first.symbol_table(p);
        let mut states: Vec<_> = states.iter().map(|s| s.on(tape)).collect();
        let mut losses = Vec::new();
        for steps in segments(all_steps, segment) {
            let part = steps.start * batch..steps.end * batch;
            let inputs = p
                .vars()
                .chain([table])
                .chain(flat(&states))
                .collect::<Vec<_>>();
            let f = self.segment(
                (&symbols[part.clone()], &targets[part]),
                batch,
                rows,
                (p.len(), p.set()),
            );
            let y = tape.recompute(&inputs, f).at(steps.end - 1);
            let mut at = 0;
            let mut next = || {
                at += batch;
                y.rows(at - batch..at)
            };
            for state in &mut states {
                *state = State {
                    h: next().named("h"),
                    c: state.c.map(|_| next().named("c")),
                };
            }
            losses.push(y.rows(at..at + 1).cols(0..1).named("E"));
        }
        let first = losses[0];
        (losses[1..].iter().fold(first, |sum, &e| sum + e), states)
    }

    /// A segment as a function of parameters, symbol table and states: the states after it one
    /// below the other, and below them a row that repeats its share of the mean loss over `rows`.
    fn segment(
        &self,
        (symbols, targets): (&[usize], &[usize]),
        batch: usize,
        rows: usize,
        (parameters, set): (usize, Option<Identity>),
    ) -> impl for<'i> Fn(&[Var<'i, T>]) -> Var<'i, T> + Send + 'static {
        let (model, symbols, targets) = (self.clone(), symbols.to_vec(), targets.to_vec());
        let share = T::from_f64(symbols.len() as f64 / rows as f64);
        move |v| {
            let p = Bound::from_vars_of(&v[..parameters], set);
            let (table, mut rest) = (v[parameters], v[parameters + 1..].iter().copied());
            let mut next = || rest.next().expect("a state for each layer");
            let states = model.stack.cells.iter().map(|cell| State {
                h: next(),
                c: cell.has_cell_state().then(&mut next),
            });
            let states: Vec<_> = states.collect();
            let symbols = &symbols;
            let zx = Projection::LookedUp { table, symbols };
            let (h, states) = model.stack.run(&p, zx, batch, &states, |h| h);
            let loss = model.output.apply(&p, h).cross_entropy(&targets) * share;
            let row = p.tape().zeros(1, h.col_count()) + loss;
            Var::concat_rows(&flat(&states).chain([row]).collect::<Vec<_>>())
        }
    }
}

/// h and c of each layer.
fn flat<'a, 't, T: Scalar>(states: &'a [State<'t, T>]) -> impl Iterator<Item = Var<'t, T>> + 'a {
    states.iter().flat_map(|s| [Some(s.h), s.c]).flatten()
}
