//! Recomputation of a long chain: memory for as many states as there is room for.
//!
//! The chain is one node. Blocks are computed on the tape that functions are recomputed on, one after
//! the other; what is kept between them are the states that [`Checkpoints`] plans.

use std::cell::RefCell;
use std::mem;
use std::sync::{Arc, Mutex};

use super::recompute::{bring, locked, send_owed};
use crate::{Checkpoints, Inputs, Keep, Matrix, MatrixMut, Operation, Pullback};
use crate::{Scalar, Shape, Tape, Var};

/// s_n, where s_{i+1} = f(i, shared, s_i); the last operand is s_0, the others are shared.
struct Chain<F, T> {
    f: F,
    plan: Checkpoints,
    inner: Arc<Mutex<Tape<T>>>,
    /// What the way forward has kept for the first sweep.
    kept: RefCell<Kept<T>>,
    /// s_n, between `shape` and `forward`.
    result: RefCell<Option<Matrix<T>>>,
}

/// States with how many blocks lie before them.
type Kept<T> = Vec<(usize, Matrix<T>)>;

impl<F, T> Chain<F, T>
where
    T: Scalar,
    F: for<'t> Fn(usize, &[Var<'t, T>], Var<'t, T>) -> Var<'t, T> + Send + 'static,
{
    /// Calls `work` with the inner tape, on which are the shared operands, and how many these are.
    fn with_shared<R>(
        &self,
        inputs: &Inputs<'_, T>,
        work: impl FnOnce(&mut Tape<T>, usize) -> R,
    ) -> R {
        let mut inner = locked(&self.inner);
        inner.clear();
        let shared = bring(inputs, 0..inputs.len() - 1, &inner).len();
        let result = work(&mut inner, shared);
        inner.clear();
        result
    }

    /// Records a block behind the shared operands.
    fn record<'t>(
        &self,
        block: usize,
        state: &Matrix<T>,
        tape: &'t Tape<T>,
    ) -> (Vec<Var<'t, T>>, Var<'t, T>) {
        let mut operands: Vec<_> = (0..tape.len()).map(|i| tape.node(i)).collect();
        let s = tape.var_with(state.shape(), |m| {
            m.view_mut().copy_from(state.view());
        });
        let y = (self.f)(block, &operands, s);
        operands.push(s);
        (operands, y)
    }

    /// Replaces s_i by s_{i+1}; an error if that has another shape.
    fn advance(
        &self,
        block: usize,
        state: &mut Matrix<T>,
        (inner, shared): (&mut Tape<T>, usize),
    ) -> Result<(), String> {
        let (_, y) = self.record(block, state, inner);
        let (before, after) = (state.shape(), y.shape());
        if before != after {
            return Err(format!(
                "block {block} makes a state {after} of one {before}"
            ));
        }
        state.view_mut().copy_from(y.value());
        inner.rewind(shared);
        Ok(())
    }

    /// s_{end−1}, from the last state that is kept, keeping others on the way.
    fn state_before(
        &self,
        end: usize,
        kept: &mut Kept<T>,
        (inner, shared): (&mut Tape<T>, usize),
    ) -> Result<Matrix<T>, String> {
        let (mut at, mut state) = kept.last().expect("s_0 at least").clone();
        while end - at > 1 {
            let free = self.plan.slots.saturating_sub(kept.len());
            let behind = Checkpoints {
                blocks: end - at,
                slots: free + 1,
            };
            let further = match free {
                0 => end - 1 - at,
                _ => behind.split(),
            };
            for block in at..at + further {
                self.advance(block, &mut state, (&mut *inner, shared))?;
            }
            at += further;
            if free > 0 {
                kept.push((at, state.clone()));
            }
        }
        Ok(state)
    }
}

/// s_0, before all blocks.
fn start<T: Scalar>(inputs: &Inputs<'_, T>) -> Kept<T> {
    vec![(0, inputs.value(inputs.len() - 1).to_matrix())]
}

impl<T, F> Operation<T> for Chain<F, T>
where
    T: Scalar,
    F: for<'t> Fn(usize, &[Var<'t, T>], Var<'t, T>) -> Var<'t, T> + Send + 'static,
{
    fn name(&self) -> &'static str {
        "recompute_chain"
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        self.with_shared(inputs, |inner, shared| {
            let (mut kept, last) = (start(inputs), self.plan.blocks);
            let mut state = self.state_before(last, &mut kept, (&mut *inner, shared))?;
            if kept.last().is_some_and(|(at, _)| at + 1 < last) {
                kept.push((last - 1, state.clone())); // what the sweep begins with, besides the slots
            }
            self.advance(last - 1, &mut state, (inner, shared))?;
            let shape = state.shape();
            self.kept.replace(kept);
            self.result.replace(Some(state));
            Ok(shape)
        })
    }
    fn forward(&self, _: &Inputs<'_, T>, mut y: MatrixMut<'_, T>) {
        let result = self.result.take().expect("shape() comes before forward()");
        y.copy_from(result.view());
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let (inputs, mut gradient) = (*back.inputs(), back.grad().to_matrix());
        let mut kept = mem::take(&mut *self.kept.borrow_mut());
        if kept.is_empty() {
            kept = start(&inputs); // a further sweep
        }
        self.with_shared(&inputs, |inner, shared| {
            for end in (1..=self.plan.blocks).rev() {
                let state = self.state_before(end, &mut kept, (&mut *inner, shared));
                let state = state.expect("shape() has seen all blocks");
                self.sweep(end - 1, &state, &mut gradient, (&mut *inner, back));
                inner.rewind(shared);
                kept.pop_if(|(at, _)| *at == end - 1);
            }
        });
        back.send(inputs.len() - 1, |to| to.add(gradient.view()));
    }
    fn kept_bytes(&self) -> usize {
        let kept = self.kept.borrow();
        kept.iter().map(|(_, s)| size_of_val(s.data())).sum()
    }
    fn rule(&self, _: usize) -> String {
        "as the blocks' own sweeps, from ȳ".into()
    }
}

impl<F, T> Chain<F, T>
where
    T: Scalar,
    F: for<'t> Fn(usize, &[Var<'t, T>], Var<'t, T>) -> Var<'t, T> + Send + 'static,
{
    /// Sends what a block owes the shared operands, and makes the gradient of its result that of its state.
    fn sweep(
        &self,
        block: usize,
        state: &Matrix<T>,
        gradient: &mut Matrix<T>,
        (inner, back): (&Tape<T>, &mut Pullback<'_, T>),
    ) {
        let (operands, y) = self.record(block, state, inner);
        let gradients = y.backward_from_keeping(gradient, Keep::Leaves);
        let (s, shared) = operands.split_last().expect("the state");
        send_owed(shared, &gradients, back);
        match gradients.get(*s) {
            Some(owed) => gradient.view_mut().copy_from(owed),
            None => gradient.data_mut().fill(T::ZERO),
        }
    }
}

impl<T: Scalar> Tape<T> {
    /// Records a long chain s_{i+1} = f(i, shared, s_i) as one node, its last state s_n: of the states
    /// between, as many are kept as the plan has slots for, and of the blocks' insides nothing. On the way
    /// back, block by block is recorded again from the nearest state before it.
    ///
    /// What is more than a state in memory, such as the sum of what each block adds to a loss, is a part
    /// of the state. The function must give the same result each time, and use no nodes but those it is
    /// given.
    ///
    /// # Panics
    /// If a block's result has not the shape of its state, or the plan has no blocks or no slots.
    ///
    /// ```
    /// # use autograd::{Checkpoints, Matrix, Tape};
    /// let tape = Tape::<f64>::new();
    /// let (w, s) = (tape.var(Matrix::scalar(0.9)), tape.var(Matrix::scalar(0.5)));
    /// let plan = Checkpoints { blocks: 1000, slots: 5 };
    /// let y = tape.recompute_chain(&[w], s, plan, |_, shared, s| (shared[0] * s).tanh());
    /// assert_eq!(tape.len(), 3);
    /// assert!(y.backward().get(w).is_some());
    /// ```
    #[track_caller]
    pub fn recompute_chain<'t, F>(
        &'t self,
        shared: &[Var<'t, T>],
        state: Var<'t, T>,
        plan: Checkpoints,
        f: F,
    ) -> Var<'t, T>
    where
        F: for<'i> Fn(usize, &[Var<'i, T>], Var<'i, T>) -> Var<'i, T> + Send + 'static,
    {
        plan.check();
        let chain = Chain {
            f,
            plan,
            inner: Arc::clone(self.inner()),
            kept: RefCell::default(),
            result: RefCell::default(),
        };
        self.record(chain, &[shared, &[state]].concat())
    }
}
