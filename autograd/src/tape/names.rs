//! What nodes are called: names, scopes and time steps.

use super::{NodeInfo, Tape};
use crate::{Scalar, Var};

/// Names, scopes and time steps.
impl<T: Scalar> Tape<T> {
    /// All nodes recorded until the guard is dropped belong to this time step. Steps may be in any
    /// order, as of a layer that reads backwards.
    ///
    /// # Panics
    /// If the step is 2³² or more.
    #[track_caller]
    pub fn step(&self, t: usize) -> Step<'_, T> {
        let time = Some(checked_time(t));
        let before = std::mem::replace(&mut self.recording.borrow_mut().names.time, time);
        Step { tape: self, before }
    }

    /// All nodes recorded until the guard is dropped have this prefix to their name; scopes nest:
    /// "encoder/lstm1".
    pub fn scope(&self, name: &str) -> Scope<'_, T> {
        let before = self.recording.borrow_mut().names.enter(name, false);
        Scope { tape: self, before }
    }

    /// A scope with a time of its own: its steps are not those of the nodes around it. An encoder and
    /// a decoder, or the two directions of a layer, have a timeline each, and step 3 of the one is
    /// another than step 3 of the other in tables, drawings and triangles.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// let tape = Tape::<f64>::new();
    /// let w = tape.var(Matrix::scalar(0.5)).named("W");
    /// let read = {
    ///     let _encoder = tape.timeline("encoder");
    ///     let _step = tape.step(0);
    ///     w.tanh().named("h")
    /// };
    /// let _decoder = tape.timeline("decoder");
    /// let _step = tape.step(0);
    /// let e = (read * w).named("E");
    /// let triangle = w.triangle(&[e]);
    /// assert_eq!(triangle.step_names(), ["encoder: t = 0", "decoder: t = 0"]);
    /// assert_eq!(triangle.part(0, ("decoder", 0)).unwrap(), &read.value().to_matrix());
    /// ```
    pub fn timeline(&self, name: &str) -> Scope<'_, T> {
        let before = self.recording.borrow_mut().names.enter(name, true);
        Scope { tape: self, before }
    }

    pub(crate) fn set_label(&self, index: usize, label: &'static str) {
        self.recording.borrow_mut().nodes[index].label = Some(label);
    }

    #[track_caller]
    pub(crate) fn set_time(&self, index: usize, t: usize) {
        self.recording.borrow_mut().nodes[index].time = Some(checked_time(t));
    }

    /// The nodes of a name that belong to time steps, in the order of time: `over_time("lstm1/c")`
    /// are c_0, c_1, … of the layer "lstm1".
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// let tape = Tape::<f64>::new();
    /// let mut h = tape.var(Matrix::scalar(1.0)).named("h"); // of no step
    /// for t in 0..3 {
    ///     let _step = tape.step(t);
    ///     h = h.tanh().named("h");
    /// }
    /// assert_eq!(tape.over_time("h")[2], h);
    /// ```
    pub fn over_time(&self, name: &str) -> Vec<Var<'_, T>> {
        let recording = self.recording();
        let timed = |&index: &usize| recording.nodes[index].time.is_some();
        let named = |index: &usize| {
            let info = self.info(*index);
            let scope_and_name = name.rsplit_once('/').unwrap_or(("", name));
            scope_and_name == (info.scope.as_str(), info.name.unwrap_or_default())
        };
        let nodes = 0..recording.nodes.len();
        let mut found: Vec<usize> = nodes.filter(timed).filter(named).collect();
        found.sort_by_key(|&index| recording.nodes[index].time);
        found.into_iter().map(|index| self.node(index)).collect()
    }

    /// The first node with a NaN or an infinity in its value, to explain a loss that is none.
    pub fn first_non_finite(&self) -> Option<NodeInfo> {
        (0..self.len())
            .find(|&i| !self.value(i).is_finite())
            .map(|i| self.info(i))
    }
}

#[track_caller]
fn checked_time(t: usize) -> u32 {
    u32::try_from(t).unwrap_or_else(|_| panic!("time step {t}: steps are counted below 2³²"))
}

/// Ends a time step when dropped; made by [`Tape::step`].
#[must_use = "the step ends when the guard is dropped: let _step = tape.step(t);"]
#[derive(Debug)]
pub struct Step<'t, T: Scalar = f32> {
    tape: &'t Tape<T>,
    before: Option<u32>,
}

impl<T: Scalar> Drop for Step<'_, T> {
    fn drop(&mut self) {
        self.tape.recording.borrow_mut().names.time = self.before;
    }
}

/// Ends a scope when dropped; made by [`Tape::scope`] and
/// [`Tape::timeline`].
#[must_use = "the scope ends when the guard is dropped: let _scope = tape.scope(name);"]
#[derive(Debug)]
pub struct Scope<'t, T: Scalar = f32> {
    tape: &'t Tape<T>,
    before: (u32, Option<u32>),
}

impl<T: Scalar> Drop for Scope<'_, T> {
    fn drop(&mut self) {
        let names = &mut self.tape.recording.borrow_mut().names;
        let scope = std::mem::replace(&mut names.scope, self.before.0);
        if names.timeline(scope) != names.timeline(self.before.0) {
            names.time = self.before.1; // that of the time outside
        }
    }
}
