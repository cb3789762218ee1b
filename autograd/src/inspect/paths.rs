//! A sweep that keeps apart what came through each time step.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::recording::Place;
use crate::sweep::Sweep;
use crate::{Keep, Matrix, Moment, Scalar, Tape, Var};

/// A gradient by the time step of the nodes that sent it; `None` is what belongs to no step.
pub(super) type BySteps<T> = BTreeMap<Option<Moment>, Matrix<T>>;

/// The gradient of `from`, of shape [1, 1], by `of`, by steps.
///
/// What a node of step t sends comes through step t. A node of no step, such as the product that
/// projects all steps at once, passes on what it received with the steps it came through; what it
/// sends to a view of step t comes through t as well.
#[inline(never)]
pub(super) fn by_steps<'t, T: Scalar>(from: Var<'t, T>, of: Var<'t, T>) -> BySteps<T> {
    if of.index > from.index || !of.info().needs_gradient {
        return BySteps::new(); // no path leads there
    }
    let place = from.tape.place(of.index);
    let mut paths = Paths::start(from);
    paths.go_down_to(place.owner);
    let received = std::mem::take(&mut paths.received[place.owner]);
    if place.owner == of.index {
        return received;
    }
    let part = |(step, whole): (_, Matrix<T>)| (step, place.view(&whole).to_matrix());
    received.into_iter().map(part).collect()
}

/// A sweep from one node, under way.
struct Paths<'t, T: Scalar> {
    tape: &'t Tape<T>,
    /// Applies the rules.
    scratch: Sweep<'t, T>,
    /// What each node has received that owns its storage.
    received: Vec<BySteps<T>>,
}

impl<'t, T: Scalar> Paths<'t, T> {
    fn start(from: Var<'t, T>) -> Self {
        let tape = from.tape;
        let place = tape.place(from.index);
        let mut paths = Paths {
            tape,
            scratch: Sweep::empty(from, Keep::All),
            received: vec![BySteps::new(); from.index + 1],
        };
        let mut whole = zeros(tape.place(place.owner));
        place.view_mut(&mut whole).fill(T::ONE);
        paths.receive(place.owner, None, whole);
        paths
    }

    /// Has all nodes behind this one send what they have.
    fn go_down_to(&mut self, index: usize) {
        for behind in (index + 1..self.received.len()).rev() {
            if !self.received[behind].is_empty() {
                self.pass_on(behind);
            }
        }
    }

    /// Has a node send what it has received.
    fn pass_on(&mut self, index: usize) {
        let tape = self.tape;
        let (parents, moment) = (tape.info(index).parents, tape.moment(index));
        let received = std::mem::take(&mut self.received[index]);
        let by_step = match &moment {
            Some(_) => sum(received)
                .map(|all| (moment.clone(), all))
                .into_iter()
                .collect(),
            None => received,
        };
        for (step, gradient) in by_step {
            for (owner, part) in self.scratch.sent(index, &Arc::new(gradient)) {
                let part = Arc::unwrap_or_clone(part);
                self.receive_from(&parents, owner, step.clone(), moment.is_some(), part);
            }
        }
    }

    /// Books a contribution to the step it came through: its sender's, or else that of the view
    /// it was sent to, or else the one its sender received it through.
    fn receive_from(
        &mut self,
        parents: &[usize],
        owner: usize,
        step: Option<Moment>,
        sender_has_time: bool,
        mut part: Matrix<T>,
    ) {
        if !sender_has_time {
            for &parent in parents {
                let (place, view) = (self.tape.place(parent), self.tape.info(parent));
                let is_part = place.owner == owner && parent != owner && view.needs_gradient;
                let moment = self.tape.moment(parent);
                if is_part && moment.is_some() {
                    let mut own = zeros(self.tape.place(owner));
                    let moved = move_out(place, &mut part);
                    place.view_mut(&mut own).copy_from(moved.view());
                    self.receive(owner, moment, own);
                }
            }
            let only_views = !parents.contains(&owner);
            if only_views && part.data().iter().all(|&x| x == T::ZERO) {
                return; // nothing is left
            }
        }
        self.receive(owner, step, part);
    }

    fn receive(&mut self, owner: usize, step: Option<Moment>, part: Matrix<T>) {
        let received = &mut self.received[owner];
        match received.get_mut(&step) {
            Some(total) => *total += &part,
            None => drop(received.insert(step, part)),
        }
    }
}

fn zeros<T: Scalar>(place: Place) -> Matrix<T> {
    Matrix::zeros(place.shape.rows, place.shape.cols)
}

/// A part of a matrix, leaving zeros.
fn move_out<T: Scalar>(place: Place, whole: &mut Matrix<T>) -> Matrix<T> {
    let part = place.view(whole).to_matrix();
    place.view_mut(whole).copy_from(zeros(place).view());
    part
}

/// The sum over all steps of what has been received.
fn sum<T: Scalar>(parts: BySteps<T>) -> Option<Matrix<T>> {
    parts.into_values().reduce(|mut total, part| {
        total += part;
        total
    })
}
