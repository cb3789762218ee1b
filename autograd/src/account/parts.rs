//! Gradients that have been written in parts only, as those of nodes that are used through views.
//!
//! A part that is written first is stored, not added to zeros: whatever no part has covered when
//! the gradient is needed is set to zero then.

use std::sync::Arc;

use crate::matrix::unique;
use crate::recording::{Place, Window};
use crate::{Matrix, Scalar, Shape};

/// The gradients of which parts are known, a few at a time.
#[derive(Default)]
pub(super) struct Parts {
    entries: Vec<Entry>,
}

/// The parts of one gradient that have been written: disjoint, and joined where they can be. Rows
/// of steps and columns of gates need no more than these two: the steps that are done, and the one
/// under way.
struct Entry {
    owner: usize,
    parts: [Option<Window>; 2],
}

impl Parts {
    /// Notes that a place is about to be written; gives whether to add to what is there.
    pub fn cover<T: Scalar>(
        &mut self,
        is_new: bool,
        place: Place,
        gradient: &mut Matrix<T>,
    ) -> bool {
        let window = place.window(gradient.col_count());
        let known = self.entries.iter().position(|e| e.owner == place.owner);
        let Some(at) = known else {
            if is_new && window.shape != gradient.shape() {
                let (owner, parts) = (place.owner, [Some(window), None]);
                self.entries.push(Entry { owner, parts });
            }
            return !is_new;
        };
        match self.entries[at].add(window) {
            Some(accumulate) => {
                if self.entries[at].covers(gradient.shape()) {
                    self.entries.swap_remove(at);
                }
                accumulate
            }
            None => {
                self.entries.swap_remove(at).fill_rest(gradient);
                true
            }
        }
    }

    /// Nothing is known of any gradient.
    pub fn forget(&mut self) {
        self.entries.clear();
    }

    /// Sets to zero what no part has covered.
    pub fn complete<T: Scalar>(&mut self, owner: usize, gradient: &mut Arc<Matrix<T>>) {
        if let Some(at) = self.entries.iter().position(|e| e.owner == owner) {
            self.entries.swap_remove(at).fill_rest(unique(gradient));
        }
    }
}

impl Entry {
    /// Takes in a further part; gives whether it had been written before, or `None` if it overlaps
    /// another or there is no room to remember it.
    fn add(&mut self, window: Window) -> Option<bool> {
        if self.parts.iter().flatten().any(|p| contains(*p, window)) {
            return Some(true);
        }
        if self.parts.iter().flatten().any(|p| overlaps(*p, window)) {
            return None;
        }
        let mut joined = window;
        for part in &mut self.parts {
            if let Some(union) = part.and_then(|p| join(p, joined)) {
                joined = union;
                *part = None;
            }
        }
        // The second part may have grown to fit the first.
        if let Some(union) = self.parts[0].and_then(|p| join(p, joined)) {
            joined = union;
            self.parts[0] = None;
        }
        let free = self.parts.iter_mut().find(|p| p.is_none())?;
        *free = Some(joined);
        Some(false)
    }

    fn covers(&self, shape: Shape) -> bool {
        self.parts.iter().flatten().any(|p| p.shape == shape)
    }

    fn fill_rest<T: Scalar>(&self, gradient: &mut Matrix<T>) {
        let cols = gradient.col_count();
        for (r, row) in gradient.data_mut().chunks_exact_mut(cols).enumerate() {
            let of_row = self
                .parts
                .iter()
                .flatten()
                .filter(|p| rows(**p).contains(&r));
            let mut written: [_; 2] = [0..0, 0..0];
            of_row.zip(&mut written).for_each(|(p, w)| *w = columns(*p));
            written.sort_by_key(|w| w.start);
            let mut done = 0;
            for w in written.iter().filter(|w| !w.is_empty()) {
                row[done..w.start].fill(T::ZERO);
                done = w.end;
            }
            row[done..].fill(T::ZERO);
        }
    }
}

fn rows(w: Window) -> std::ops::Range<usize> {
    w.row..w.row + w.shape.rows
}

fn columns(w: Window) -> std::ops::Range<usize> {
    w.col..w.col + w.shape.cols
}

fn contains(outer: Window, inner: Window) -> bool {
    let within =
        |o: std::ops::Range<usize>, i: std::ops::Range<usize>| o.start <= i.start && i.end <= o.end;
    within(rows(outer), rows(inner)) && within(columns(outer), columns(inner))
}

fn overlaps(a: Window, b: Window) -> bool {
    let meet =
        |a: std::ops::Range<usize>, b: std::ops::Range<usize>| a.start < b.end && b.start < a.end;
    meet(rows(a), rows(b)) && meet(columns(a), columns(b))
}

/// Two disjoint windows as one, if they make a rectangle.
fn join(a: Window, b: Window) -> Option<Window> {
    let (row, col) = (a.row.min(b.row), a.col.min(b.col));
    let above = rows(a).end == b.row || rows(b).end == a.row;
    let beside = columns(a).end == b.col || columns(b).end == a.col;
    let shape = if above && columns(a) == columns(b) {
        Shape::new(a.shape.rows + b.shape.rows, a.shape.cols)
    } else if beside && rows(a) == rows(b) {
        Shape::new(a.shape.rows, a.shape.cols + b.shape.cols)
    } else {
        return None;
    };
    Some(Window { row, col, shape })
}
