//! Long sequences in segments: memory for T/k + k steps, not for T.
//!
//! Each segment of k steps is one node of the tape, computed again on the way back (see
//! [`Tape::recompute`](autograd::Tape::recompute)). The states are the same to the bit as without
//! segments, and so are losses and gradients but for the order in which they are summed.

use std::ops::Range;
use std::sync::Arc;

use autograd::{Scalar, Var};

use crate::{
    Bound, Carried, Cell, CharModel, IntoLengths, Layer, Lengths, Projection, Sequence, State,
    Unrolled, check, unroll,
};

/// [`unroll`], in segments of that many steps. Of a segment, the tape keeps what it gives: the
/// hidden states of its steps and the last cell state of every sample that it reads.
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
    let state = each_segment(&lengths, segment, vec![state], |part, states| {
        let read = part.unroll(cell, p, zx, states[0]);
        outputs.extend(read.outputs);
        vec![read.state]
    });
    let state = state[0];
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

/// Goes through sequences in segments, with states of all samples in their order, before and after.
/// `read` takes those of the samples that a segment has, and gives those after it.
fn each_segment<'t, T: Scalar>(
    lengths: &Lengths,
    segment: usize,
    mut states: Vec<State<'t, T>>,
    mut read: impl FnMut(Segment<'_>, &[State<'t, T>]) -> Vec<State<'t, T>>,
) -> Vec<State<'t, T>> {
    let order = lengths.order();
    if let Some((samples, _)) = order {
        states.iter_mut().for_each(|s| *s = s.gather_rows(samples));
    }
    let mut ended: Vec<Vec<_>> = states.iter().map(|_| Vec::new()).collect();
    for start in (0..lengths.steps()).step_by(segment) {
        let size = lengths.rows(start).len();
        for (state, ended) in states.iter_mut().zip(&mut ended) {
            let before = state.row_count();
            if size < before {
                ended.push(state.rows(size..before));
                *state = state.rows(0..size);
            }
        }
        let steps = start..lengths.steps().min(start + segment);
        states = read(
            Segment {
                steps,
                all: lengths,
            },
            &states,
        );
    }
    let last = |(state, mut ended): (State<'t, T>, Vec<State<'t, T>>)| {
        ended.push(state);
        ended.reverse();
        let last = State::concat_rows(&ended);
        order.map_or(last, |(_, places)| last.gather_rows(places))
    };
    states.into_iter().zip(ended).map(last).collect()
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
        lengths: impl IntoLengths,
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
        let lengths = lengths.into_lengths(rows, "symbols");
        self.check(p, symbols, lengths.samples(), states);
        check::indices("", "target", targets, self.vocabulary);
        check::segment(lengths.steps(), segment);
        let table = self.stack.table(p).expect("the first layer reads symbols");
        let states = states.iter().map(|s| s.on(p.tape())).collect();
        let mut losses = Vec::new();
        let states = each_segment(&lengths, segment, states, |part, states| {
            let rows = part.rows();
            let texts = Texts {
                symbols: symbols[rows.clone()].to_vec(),
                targets: targets[rows.clone()].to_vec(),
                lengths: part.lengths(),
            };
            let share = rows.len() as f64 / symbols.len() as f64;
            let (loss, states) = self.segment(p, table, texts, share, &part.steps, states);
            losses.push(loss);
            states
        });
        let first = losses[0];
        (losses[1..].iter().fold(first, |sum, &e| sum + e), states)
    }

    /// A segment as one node, a function of parameters, symbol table and states: the states after it
    /// one below the other, and below them a row that repeats its share of the loss.
    fn segment<'t>(
        &self,
        p: &Bound<'t, T>,
        table: Var<'t, T>,
        texts: Texts,
        share: f64,
        steps: &Range<usize>,
        states: &[State<'t, T>],
    ) -> (Var<'t, T>, Vec<State<'t, T>>) {
        let (model, kind) = (self.clone(), p.kind().at(steps.start));
        let has_c: Vec<_> = states.iter().map(|s| s.c.is_some()).collect();
        let samples = texts.lengths.samples();
        let inputs: Vec<_> = p.vars().chain([table]).chain(flat(states)).collect();
        let has_c_there = has_c.clone();
        let y = p.tape().recompute(&inputs, move |v| {
            let (p, table) = (Bound::on_vars(v, kind), v[kind.count]);
            let states = unflat(&has_c_there, v[kind.count + 1..].iter().copied());
            let Texts {
                symbols,
                targets,
                lengths,
            } = &texts;
            let x = Sequence::from_stacked_symbols(symbols, lengths).with_table(table);
            let (h, states) = model.stack.run_from(&p, x, &states);
            let logits = model.output.apply(&p, h.stacked());
            let loss = logits.cross_entropy(targets) * T::from_f64(share);
            let row = p.tape().zeros(1, h.stacked().col_count()) + loss;
            Var::concat_rows(&flat(&states).chain([row]).collect::<Vec<_>>())
        });
        let last = steps.end - 1;
        let y = y.at(last);
        let parts = (0..).map(|i| y.rows(i * samples..(i + 1) * samples));
        let states: Vec<_> = unflat(&has_c, parts)
            .into_iter()
            .map(State::named)
            .collect();
        let row = flat(&states).count() * samples;
        (y.rows(row..row + 1).cols(0..1).named("E"), states)
    }
}

/// Stacked texts and what follows each of their symbols.
struct Texts {
    symbols: Vec<usize>,
    targets: Vec<usize>,
    lengths: Lengths,
}

/// h and c of each layer.
fn flat<'a, 't, T: Scalar>(states: &'a [State<'t, T>]) -> impl Iterator<Item = Var<'t, T>> + 'a {
    states.iter().flat_map(|s| s.parts())
}

/// The reverse, for layers that have a c or none.
fn unflat<'t, T: Scalar>(
    has_c: &[bool],
    mut parts: impl Iterator<Item = Var<'t, T>>,
) -> Vec<State<'t, T>> {
    let mut next = || parts.next().expect("a state for each layer");
    let state = |&has_c: &bool| State {
        h: next(),
        c: has_c.then(&mut next),
    };
    has_c.iter().map(state).collect()
}
