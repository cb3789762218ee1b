//! The sum over time as a product: Σ_t a_tᵀ b_t = Aᵀ B.
//!
//! A weight that is used at T steps gets T contributions aᵀb. They are not computed one by one:
//! their rows are gathered, in the layout that a product reads, until a large one is worth while.

use super::received::Received;
use crate::kernels::operands::Left;
use crate::kernels::pack::Packed;
use crate::kernels::product::{multiply, multiply_gathered};
use crate::recording::Place;
use crate::store::{Recorded, Store};
use crate::{MatrixView, Scalar};

/// How many rows are gathered before their product is done: enough to make it an efficient one,
/// and few enough for a strip of them to stay in the fastest cache.
const ROWS: usize = 512;

/// Contributions of up to so many rows are gathered as they come, and not laid out: done row by row,
/// that costs more than the kernel that needs it saves. Their shape alone decides, and not how many
/// there are, so that the same formula has the same bits.
const FEW_ROWS: usize = 2;

/// The products to be done, one for each weight.
pub(super) struct Products<T> {
    entries: Vec<Entry<T>>,
}

/// Gathered rows of A and B, of which a place is owed AᵀB.
struct Entry<T> {
    to: Place,
    a: Packed<T>,
    b: Packed<T>,
    /// Whether the rows are laid out for the inner loop, or are as they came.
    cut: bool,
    /// How many uses of the node have not contributed yet; an upper bound.
    left: u32,
}

impl<T> Default for Products<T> {
    fn default() -> Self {
        Products {
            entries: Vec::new(),
        }
    }
}

impl<T: Scalar> Products<T> {
    /// Gathers the rows of `a` and `b`, and does their product whenever there are enough.
    pub fn add(
        &mut self,
        to: Place,
        (a, b): (MatrixView<'_, T>, MatrixView<'_, T>),
        received: &mut Received<T>,
        on: Recorded<'_, T>,
    ) {
        let known = self.entries.iter().position(|e| e.to == to);
        let at = known.unwrap_or_else(|| {
            let uses = on.recording.nodes[to.owner].uses;
            let entry = Entry::new(on.store, to, (a, b), uses);
            self.entries.push(entry);
            self.entries.len() - 1
        });
        let entry = &mut self.entries[at];
        let mut done = 0;
        while done < a.row_count() {
            let end = a.row_count().min(done + ROWS - entry.a.k);
            entry.a.push_rows(a.rows(done..end));
            entry.b.push_rows(b.rows(done..end));
            done = end;
            if entry.a.k == ROWS {
                entry.multiply(received, on);
            }
        }
        entry.left -= 1;
        if entry.left == 0 {
            self.finish(at, received, on);
        }
    }

    /// Does what is to be done for a node or for a view of it.
    pub fn complete(&mut self, owner: usize, received: &mut Received<T>, on: Recorded<'_, T>) {
        while let Some(at) = self.entries.iter().position(|e| e.to.owner == owner) {
            self.finish(at, received, on);
        }
    }

    fn finish(&mut self, at: usize, received: &mut Received<T>, on: Recorded<'_, T>) {
        let mut entry = self.entries.swap_remove(at);
        entry.multiply(received, on);
        entry.give_back(on.store);
    }

    /// Does no product any more, and gives the buffers back.
    pub fn forget(&mut self, store: &Store<T>) {
        self.entries
            .drain(..)
            .for_each(|entry| entry.give_back(store));
    }
}

impl<T: Scalar> Entry<T> {
    /// For contributions like this one.
    fn new(
        store: &Store<T>,
        to: Place,
        (a, b): (MatrixView<'_, T>, MatrixView<'_, T>),
        left: u32,
    ) -> Self {
        let (m, n) = (a.col_count(), b.col_count());
        let cut = a.row_count() > FEW_ROWS;
        let (strip, panel) = match cut {
            true => (T::strip_width(m), T::panel_width(n)),
            false => (m, n),
        };
        Entry {
            to,
            a: store.empty_packed(strip, ROWS, m),
            b: store.empty_packed(panel, ROWS, n),
            cut,
            left,
        }
    }

    fn multiply(&mut self, received: &mut Received<T>, on: Recorded<'_, T>) {
        let Entry { to, a, b, cut, .. } = self;
        if a.k == 0 {
            return;
        }
        let (gradient, start) = received.sink(*to, on).start();
        match cut {
            true => multiply(Left::Strips(a), b, start, gradient),
            false => multiply_gathered(a.as_matrix(), b.as_matrix(), start, gradient),
        }
        (a.k, b.k) = (0, 0);
    }

    fn give_back(self, store: &Store<T>) {
        store.give_back(self.a.buffer);
        store.give_back(self.b.buffer);
    }
}
