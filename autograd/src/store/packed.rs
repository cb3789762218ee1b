//! Right operands of products, laid out once for as long as they are recorded.
//!
//! A weight is multiplied with at every step, on the way forward and on the way back; laying it out
//! for the inner loop costs as much as a skinny product does.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Recorded, Store};
use crate::kernels::pack::Packed;
use crate::recording::Place;
use crate::{Matrix, Scalar, Shape};

/// How a matrix b is used as a right operand.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Right {
    /// The product is with b.
    Plain,
    /// The product is with bᵀ.
    Transposed,
    /// The product is of one row, with bᵀ of rounded elements.
    TransposedHalves,
}

/// What has been laid out, by where it is.
pub(super) type PackedOperands<T> = FxHashMap<(Place, Right), Packed<T>>;

impl<T: Scalar> Recorded<'_, T> {
    /// A node as the right operand of a product. It is kept if it is a leaf, or a node that has
    /// several uses already; others may well be used just this once.
    pub fn with_right<R>(
        self,
        index: usize,
        right: Right,
        multiply: impl FnOnce(&Packed<T>) -> R,
    ) -> R {
        let node = &self.recording.nodes[index];
        let store = self.store;
        let key = (node.place, right);
        if let Some(packed) = store.packed.borrow().get(&key) {
            return multiply(packed);
        }
        let packed = store.pack(node.place, right);
        let result = multiply(&packed);
        if self.is_of_leaf(index) || node.uses > 1 {
            store.packed.borrow_mut().insert(key, packed);
        } else {
            store.give_back(packed.buffer);
        }
        result
    }
}

impl<T: Scalar> Store<T> {
    /// Forgets what has been laid out of the nodes from `first` on, and keeps the buffers.
    pub fn forget_packed(&self, first: usize) {
        let mut packed = self.packed.borrow_mut();
        for (_, packed) in packed.extract_if(|(place, _), _| place.owner >= first) {
            self.give_back(packed.buffer);
        }
    }

    fn pack(&self, place: Place, right: Right) -> Packed<T> {
        let b = self.value(place);
        let Shape { rows, cols } = place.shape;
        match right {
            Right::Plain => {
                let mut packed = self.empty_packed(T::panel_width(cols), rows, cols);
                packed.push_rows(b);
                packed
            }
            Right::Transposed => {
                let mut packed = self.empty_packed(T::panel_width(rows), cols, rows);
                packed.push_cols(b);
                packed
            }
            Right::TransposedHalves => {
                let packed = self.pack(place, Right::Transposed);
                match T::halves(&packed, |len| self.packed_buffer(len)) {
                    Some(halves) => {
                        self.give_back(packed.buffer);
                        halves
                    }
                    None => packed,
                }
            }
        }
    }

    pub fn empty_packed(&self, width: usize, capacity: usize, n: usize) -> Packed<T> {
        let size = Packed::<T>::size(width, capacity, n);
        Packed::empty(self.packed_buffer(size), width, capacity, n)
    }

    fn packed_buffer(&self, len: usize) -> Arc<Matrix<T>> {
        self.write(Shape::new(1, len), |_| ())
    }
}
