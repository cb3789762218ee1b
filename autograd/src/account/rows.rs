//! Gradients that are known by rows: those of variables of which rows were looked up, and nothing else.
//!
//! A vocabulary may have 50,000 words, and a mini-batch some hundred of them: what their look-ups send stays as it is
//! until somebody asks for the whole matrix.

use std::cell::OnceCell;
use std::ops::Range;
use std::sync::Arc;

use super::received::Received;
use crate::gradients::RowGradient;
use crate::kernels::reduce::add_rows_at;
use crate::recording::Place;
use crate::store::{Recorded, Store};
use crate::{Matrix, Scalar, Shape};

/// What look-ups have sent to leaves.
pub(super) struct Rows<T> {
    contributions: Vec<Contribution<T>>,
    /// Of all contributions, one list behind the other.
    indices: Vec<usize>,
    leaves: Vec<Leaf<T>>,
}

/// Row r of the gradient belongs to row indices\[r\] of the leaf.
struct Contribution<T> {
    to: usize,
    indices: Range<usize>,
    gradient: Arc<Matrix<T>>,
}

/// A leaf that has received rows.
struct Leaf<T> {
    index: usize,
    /// The whole gradient, once it has been asked for.
    whole: OnceCell<Arc<Matrix<T>>>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Rows {
            contributions: Vec::new(),
            indices: Vec::new(),
            leaves: Vec::new(),
        }
    }
}

impl<T: Scalar> Rows<T> {
    /// Keeps a contribution to a leaf.
    pub fn add(&mut self, to: usize, indices: &[usize], gradient: &Arc<Matrix<T>>) {
        if !self.leaves.iter().any(|known| known.index == to) {
            let whole = OnceCell::new();
            self.leaves.push(Leaf { index: to, whole });
        }
        let start = self.indices.len();
        self.indices.extend_from_slice(indices);
        self.contributions.push(Contribution {
            to,
            indices: start..self.indices.len(),
            gradient: Arc::clone(gradient),
        });
    }

    /// The whole gradient of a leaf that has received rows.
    pub fn whole(&self, leaf: usize, on: Recorded<'_, T>) -> Option<&Arc<Matrix<T>>> {
        let known = self.leaves.iter().find(|known| known.index == leaf)?;
        Some(known.whole.get_or_init(|| {
            on.store.write(on.place(leaf).shape, |whole| {
                whole.data_mut().fill(T::ZERO);
                for (indices, gradient) in self.of(leaf) {
                    add_rows_at(gradient.view(), indices, whole.view_mut());
                }
            })
        }))
    }

    /// [`Rows::whole`], moved out.
    pub fn take(&mut self, leaf: usize, on: Recorded<'_, T>) -> Option<Arc<Matrix<T>>> {
        self.whole(leaf, on)?;
        let at = self.leaves.iter().position(|known| known.index == leaf)?;
        self.leaves.swap_remove(at).whole.into_inner()
    }

    /// The rows that a leaf has received, moved out: each once, in their order.
    pub fn take_rows(&mut self, leaf: usize, on: Recorded<'_, T>) -> Option<RowGradient<T>> {
        let at = self.leaves.iter().position(|known| known.index == leaf)?;
        let mut rows: Vec<_> = self.of(leaf).flat_map(|(i, _)| i).copied().collect();
        rows.sort_unstable();
        rows.dedup();
        let place = |row: &usize| rows.binary_search(row).expect("one of the rows");
        let shape = Shape::new(rows.len(), on.place(leaf).shape.cols);
        let values = on.store.write(shape, |values| {
            values.data_mut().fill(T::ZERO);
            for (indices, gradient) in self.of(leaf) {
                let places: Vec<_> = indices.iter().map(place).collect();
                add_rows_at(gradient.view(), &places, values.view_mut());
            }
        });
        self.leaves.swap_remove(at);
        Some(RowGradient::new(rows, values))
    }

    /// Adds the rows of a leaf to what it has received otherwise.
    pub fn settle(&mut self, leaf: Place, received: &mut Received<T>, on: Recorded<'_, T>) {
        let owner = leaf.owner;
        let Some(at) = self.leaves.iter().position(|known| known.index == owner) else {
            return;
        };
        for (indices, gradient) in self.of(owner) {
            add_rows_at(gradient.view(), indices, received.sink(leaf, on).zeroed());
        }
        self.leaves.swap_remove(at);
        self.contributions.retain(|c| c.to != owner);
    }

    /// The contributions to a leaf, in the order in which they came.
    fn of(&self, leaf: usize) -> impl Iterator<Item = (&[usize], &Arc<Matrix<T>>)> {
        let of_leaf = self.contributions.iter().filter(move |c| c.to == leaf);
        of_leaf.map(|c| (&self.indices[c.indices.clone()], &c.gradient))
    }

    /// Gives all buffers back.
    pub fn forget(&mut self, store: &Store<T>) {
        let leaves = self.leaves.drain(..);
        let wholes = leaves.filter_map(|leaf| leaf.whole.into_inner());
        let sent = self.contributions.drain(..).map(|c| c.gradient);
        wholes
            .chain(sent)
            .for_each(|buffer| store.give_back(buffer));
        self.indices.clear();
    }
}
