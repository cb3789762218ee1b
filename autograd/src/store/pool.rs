//! Recycled buffers: after the first pass over a formula, recording it again allocates nothing.

use std::sync::Arc;

use super::regions::Regions;
use crate::matrix::is_shared;
use crate::{Matrix, Scalar, Shape};

/// What a tape's pool has done so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PoolStats {
    /// Buffers that had to be allocated.
    pub allocated: usize,
    /// The elements these have room for, together.
    pub elements: usize,
    /// Requests that a recycled buffer answered.
    pub recycled: usize,
    /// The elements that free buffers have room for.
    pub free: usize,
    /// The bytes of the lists of free buffers.
    pub handles: usize,
    /// The bytes of the regions that buffers are parts of.
    pub regions: usize,
}

/// Free buffers, sorted by size class. Each has exactly one owner.
pub(crate) struct Pool<T> {
    classes: Vec<Class<T>>,
    stats: PoolStats,
    /// How many passes are over.
    passes: usize,
    regions: Regions,
}

/// After so many passes, every class has what a pass needs, if those to come are like them. Where shapes
/// vary, one may still run out: it is lent buffers, as else each class would keep as many as its busiest
/// pass needed, and these are different passes.
const LENDING_AFTER: usize = 4;

/// The free buffers of a size class, in a list that has room for all there are.
struct Class<T> {
    free: Vec<Arc<Matrix<T>>>,
    allocated: usize,
}

impl<T> Default for Class<T> {
    fn default() -> Self {
        let (free, allocated) = (Vec::new(), 0);
        Class { free, allocated }
    }
}

impl<T: Scalar> Pool<T> {
    pub fn new() -> Self {
        Pool {
            classes: Vec::new(),
            stats: PoolStats::default(),
            passes: 0,
            regions: Regions::default(),
        }
    }

    pub fn stats(&self) -> PoolStats {
        let buffers = self.classes.iter().flat_map(|class| &class.free);
        let handles = self.classes.iter().map(|class| class.free.capacity());
        PoolStats {
            free: buffers.map(|buffer| buffer.capacity()).sum(),
            handles: handles.sum::<usize>() * size_of::<Arc<Matrix<T>>>(),
            regions: self.regions.bytes(),
            ..self.stats
        }
    }

    /// A buffer with room for this shape that nobody else has. It may still have another shape.
    pub fn take(&mut self, shape: Shape) -> Arc<Matrix<T>> {
        let (class, capacity) = size_class(shape.len());
        if self.classes.len() <= class {
            self.classes.resize_with(class + 1, Class::default);
        }
        let recycled = match self.classes[class].free.pop() {
            None if self.passes >= LENDING_AFTER => self.lend(class),
            own => own,
        };
        if let Some(buffer) = recycled {
            self.stats.recycled += 1;
            return buffer;
        }
        let (shape, class) = (shape.checked::<T>(), &mut self.classes[class]);
        class.allocated += 1;
        class.free.reserve(class.allocated);
        self.stats.allocated += 1;
        self.stats.elements += capacity;
        Arc::new(Matrix::within(self.regions.cut(capacity), shape))
    }

    /// What has been recorded is no longer needed.
    pub fn end_pass(&mut self) {
        self.passes += 1;
    }

    /// A free buffer of the classes above, up to about twice as large.
    #[cold]
    fn lend(&mut self, class: usize) -> Option<Arc<Matrix<T>>> {
        let mut above = self.classes[class + 1..].iter_mut().take(4);
        above.find_map(|class| class.free.pop())
    }

    /// Takes a buffer back, unless somebody still holds it.
    pub fn give_back(&mut self, buffer: Arc<Matrix<T>>) {
        if is_shared(&buffer) {
            return;
        }
        let (class, capacity) = size_class(buffer.capacity());
        // One from elsewhere may have too little room for its class, and serves the one below.
        let class = class - usize::from(capacity > buffer.capacity());
        if let Some(class) = self.classes.get_mut(class) {
            class.free.push(buffer);
        }
    }
}

/// The class of buffers that serve `len` elements, and how many elements those hold: four classes
/// between one power of two and the next, so that sequences of varying length share buffers.
fn size_class(len: usize) -> (usize, usize) {
    if len <= 4 {
        return (len, len);
    }
    let magnitude = (len - 1).ilog2() as usize; // 2^magnitude < len <= 2^(magnitude + 1)
    let quarter = 1 << (magnitude - 2);
    let quarters = len.div_ceil(quarter); // 5..=8
    (4 * magnitude + quarters - 8, quarters * quarter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_from_elsewhere_serves_what_it_has_room_for() {
        let mut pool = Pool::<f32>::new();
        let shapes = [Shape::new(8, 8), Shape::new(7, 8)];
        let own = shapes.map(|shape| pool.take(shape));
        pool.give_back(Arc::new(Matrix::zeros(6, 10)));
        assert_eq!(pool.take(shapes[0]).capacity(), 64);
        assert_eq!(pool.take(shapes[1]).capacity(), 60);
        assert_eq!((pool.stats().recycled, own[1].capacity()), (1, 56));
    }

    #[test]
    fn size_classes_grow_with_what_they_hold() {
        let mut last = (0, 0);
        for len in 1..5000 {
            let (class, capacity) = size_class(len);
            assert!(
                capacity >= len && (len < 5 || 4 * capacity <= 5 * len + 4),
                "{len}"
            );
            assert!(
                (class == last.0) == (capacity == last.1) && class >= last.0,
                "{len}"
            );
            assert_eq!(
                size_class(capacity),
                (class, capacity),
                "a class holds its own capacity"
            );
            last = (class, capacity);
        }
    }
}
