//! The loss of a long text as a chain of segments.

use std::ops::Range;
use std::sync::Arc;

use autograd::{Scalar, Tape, Var};

use super::plan::{Measured, Plan, Segments, Usage};
use crate::bound::Kind;
use crate::{
    Bound, Carried, CharModel, IntoLengths, Layer, Lengths, ParameterSet, Sequence, State, check,
};

impl<T: Scalar> CharModel<T> {
    /// The mean cross-entropy of the next symbols, and the final states, in segments of so many steps, or
    /// as [`Segments::memory`] allows. All segments are one node, with the loss and the states after them.
    ///
    /// # Panics
    /// As [`CharModel::logits`] and [`Var::cross_entropy`], if a segment has no steps, and if a memory is too
    /// small: the message says what would do.
    #[track_caller]
    pub fn loss_in_segments<'t>(
        &self,
        p: &Bound<'t, T>,
        (symbols, targets): (&[usize], &[usize]),
        lengths: impl IntoLengths,
        states: &[Carried<T>],
        segments: impl Into<Segments>,
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
        let texts = Arc::new(Texts::new(self, p, (symbols, targets), lengths, states));
        let (tape, steps) = (p.tape(), texts.lengths.steps());
        let bytes = texts.state_bytes(states[0].h.col_count());
        let plan = segments
            .into()
            .plan(steps, bytes, |steps| texts.usage(p, states, steps));
        match plan {
            Plan::Whole => {
                let x = Sequence::from_stacked_symbols(symbols, &texts.lengths);
                let (logits, states) = self.logits_of(p, x, states);
                (logits.cross_entropy(targets).named("E"), states)
            }
            Plan::Segments {
                steps: segment,
                checkpoints,
            } => {
                let shared: Vec<_> = p.vars().chain([texts.table(p)]).collect();
                let (before, of) = (texts.before(states, tape), Arc::clone(&texts));
                let y = tape.recompute_chain(&shared, before, checkpoints, move |i, shared, s| {
                    let steps = i * segment..steps.min((i + 1) * segment);
                    of.segment(steps, shared, s)
                });
                texts.after(y.at(steps - 1))
            }
        }
    }

    /// The least bytes that [`Segments::memory`] has to allow for so many texts of so many steps.
    ///
    /// # Panics
    /// If there are no texts or no steps, or the parameters are not the model's.
    #[track_caller]
    pub fn least_memory(&self, set: &ParameterSet<T>, texts: usize, steps: usize) -> usize {
        assert!(texts > 0 && steps > 0, "{texts} texts of {steps} steps");
        let (tape, states) = (Tape::new(), self.zeros(texts));
        let (p, symbols) = (set.bind(&tape), vec![0; texts * steps]);
        let lengths = Lengths::equal(texts, steps);
        self.check(&p, &symbols, texts, &states);
        let texts = Arc::new(Texts::new(self, &p, (&symbols, &symbols), lengths, &states));
        let usage = Usage::new(steps, |steps| texts.usage(&p, &states, steps));
        usage.least(steps, texts.state_bytes(states[0].h.col_count()))
    }
}

/// Stacked texts and what follows each of their symbols, for a model.
///
/// What goes from segment to segment is one matrix: h, and c where there is one, of each layer, for all
/// samples in the order of their rows, and a last row that repeats the loss so far.
struct Texts<T: Scalar> {
    model: CharModel<T>,
    kind: Kind,
    symbols: Vec<usize>,
    targets: Vec<usize>,
    lengths: Lengths,
    /// Of each layer.
    has_c: Vec<bool>,
}

impl<T: Scalar> Texts<T> {
    fn new(
        model: &CharModel<T>,
        p: &Bound<'_, T>,
        (symbols, targets): (&[usize], &[usize]),
        lengths: Lengths,
        states: &[Carried<T>],
    ) -> Self {
        Texts {
            model: model.clone(),
            kind: p.kind(),
            symbols: symbols.to_vec(),
            targets: targets.to_vec(),
            has_c: states.iter().map(|s| s.c.is_some()).collect(),
            lengths,
        }
    }

    /// W_x of the first layer, a row for each symbol.
    fn table<'t>(&self, p: &Bound<'t, T>) -> Var<'t, T> {
        let table = self.model.stack.table(p);
        table.expect("the first layer reads symbols")
    }

    /// What is kept of one state of layers of so many units, with what a matrix is besides its elements.
    fn state_bytes(&self, hidden: usize) -> usize {
        let parts: usize = self.has_c.iter().map(|&c| 1 + usize::from(c)).sum();
        (parts * self.lengths.samples() + 1) * hidden * size_of::<T>() + 64
    }

    /// The states before the first segment, and a loss of 0.
    fn before<'t>(&self, states: &[Carried<T>], tape: &'t Tape<T>) -> Var<'t, T> {
        let order = self.lengths.order();
        let state = |s: &Carried<T>| {
            let s = s.on(tape);
            order.map_or(s, |(samples, _)| s.gather_rows(samples))
        };
        let states: Vec<_> = states.iter().map(state).collect();
        let parts: Vec<_> = flat(&states).collect();
        let loss = tape.zeros(1, parts[0].col_count());
        Var::concat_rows(&[&parts[..], &[loss]].concat())
    }

    /// The loss and the states after the last segment.
    fn after<'t>(&self, y: Var<'t, T>) -> (Var<'t, T>, Vec<State<'t, T>>) {
        let samples = self.lengths.samples();
        let order = self.lengths.order();
        let state = |s: State<'t, T>| {
            let s = s.named();
            order.map_or(s, |(_, places)| s.gather_rows(places))
        };
        let parts = (0..).map(|i| y.rows(i * samples..(i + 1) * samples));
        let states = unflat(&self.has_c, parts).into_iter().map(state).collect();
        let last = y.row_count() - 1;
        (y.rows(last..last + 1).cols(0..1).named("E"), states)
    }

    /// Some steps, as a function of parameters, symbol table, and what the segment before has left.
    fn segment<'t>(&self, steps: Range<usize>, shared: &[Var<'t, T>], s: Var<'t, T>) -> Var<'t, T> {
        let p = Bound::on_vars(shared, self.kind.at(steps.start));
        let rows = self.lengths.rows(steps.start).start..self.lengths.rows(steps.end - 1).end;
        let (all, running) = (self.lengths.samples(), self.lengths.rows(steps.start).len());
        let part = |i: usize| s.rows(i * all..i * all + running);
        let states = unflat(&self.has_c, (0..).map(part));
        let lengths = self.lengths.part(steps);
        let x = Sequence::from_stacked_symbols(&self.symbols[rows.clone()], &lengths);
        let x = x.with_table(shared[self.kind.count]);
        let (h, states) = self.model.stack.run_from(&p, x, &states);
        let logits = self.model.output.apply(&p, h.stacked());
        let share = T::from_f64(rows.len() as f64 / self.symbols.len() as f64);
        let loss = logits.cross_entropy(&self.targets[rows]) * share;
        let mut parts = Vec::new();
        for (i, state) in flat(&states).enumerate() {
            parts.push(state);
            if running < all {
                parts.push(s.rows(i * all + running..(i + 1) * all)); // those that have ended
            }
        }
        let last = s.row_count() - 1;
        parts.push(s.rows(last..last + 1) + loss);
        Var::concat_rows(&parts)
    }

    /// What the first steps take, recorded and swept as a segment.
    fn usage(self: &Arc<Self>, p: &Bound<'_, T>, states: &[Carried<T>], steps: usize) -> Measured {
        let tape = Tape::new();
        let copies = p.vars().chain([self.table(p)]);
        let shared: Vec<_> = copies.map(|x| tape.var(x.value().to_matrix())).collect();
        let (before, of) = (self.before(states, &tape), Arc::clone(self));
        let plan = autograd::Checkpoints::all(1);
        let y = tape.recompute_chain(&shared, before, plan, move |_, shared, s| {
            of.segment(0..steps, shared, s)
        });
        drop(y.sum().backward());
        let inside = tape.recomputation().expect("it has been recomputed").bytes;
        let outside = tape.stats().bytes;
        Measured { inside, outside }
    }
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
