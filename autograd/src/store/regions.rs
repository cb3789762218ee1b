//! [`Regions`]: where new buffers come from.

use crate::Scalar;
use crate::matrix::{Elements, LARGE_PAGE, Region};

/// Bytes of a region when there are few, so that a tape of single numbers takes no more.
const LEAST: usize = 1 << 12;
/// And when there are many.
const MOST: usize = 16 * LARGE_PAGE;
/// From so many bytes on, regions are of large pages.
const ENOUGH: usize = LARGE_PAGE / 2;
/// What there is, over a new region.
const GROWTH: usize = 16;
/// A region, over the most that may be lost of it.
const LOSS: usize = 8;

/// Regions that grow with what has been cut from them, so that they stay few.
#[derive(Default)]
pub(super) struct Regions {
    current: Option<Region>,
    /// Of all together.
    bytes: usize,
}

impl Regions {
    /// The bytes of all regions.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Room for so many elements.
    pub fn cut<T: Scalar>(&mut self, capacity: usize) -> Elements<T> {
        // What watches each access knows where allocations end, and not parts of one.
        if cfg!(apart) {
            self.bytes += capacity * size_of::<T>();
            return Vec::with_capacity(capacity).into();
        }
        let current = self.current.as_mut();
        if let Some(elements) = current.and_then(|region| region.cut(capacity)) {
            return elements;
        }
        let (needed, size) = (capacity * size_of::<T>(), size_after(self.bytes));
        // What is large has a region for itself: what is left of the current one is not lost then.
        let is_large = needed > size / LOSS;
        let mut region = Region::new(if is_large { needed } else { size });
        self.bytes += region.bytes();
        let elements = region.cut(capacity).expect("a region for it");
        if !is_large {
            self.current = Some(region);
        }
        elements
    }
}

/// The bytes of the next region.
fn size_after(bytes: usize) -> usize {
    let share = bytes / GROWTH;
    if bytes < ENOUGH {
        share.max(LEAST)
    } else {
        (share - share % LARGE_PAGE).clamp(LARGE_PAGE, MOST)
    }
}

/// The most bytes of regions that so many of buffers are cut from.
pub(crate) fn around(buffers: usize) -> usize {
    if buffers == 0 {
        return 0;
    }
    // Each region but the current one is full, but for what it may lose.
    let full = buffers.saturating_add(buffers / (LOSS - 1));
    full.saturating_add(size_after(full))
}

#[cfg(all(test, not(apart)))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn little_is_lost(most in 1usize..20_000, count in 1usize..2000) {
            let mut regions = Regions::default();
            let mut parts = Vec::new();
            let mut buffers = 0;
            for i in 0..count {
                let capacity = 16 * (1 + i * i % most); // of any sizes, in any order
                parts.push(regions.cut::<f32>(capacity));
                buffers += 4 * capacity;
                prop_assert_eq!(parts[i].capacity(), capacity);
                let (bytes, most) = (regions.bytes(), around(buffers));
                prop_assert!(buffers <= bytes && bytes <= most, "{buffers}: {bytes} of {most}");
            }
        }
    }

    #[test]
    fn a_large_buffer_leaves_the_others_together() {
        let mut regions = Regions::default();
        let small = |regions: &mut Regions| {
            let mut part = regions.cut::<f32>(16);
            part.resize(16);
            part.as_ptr() as usize
        };
        let first = small(&mut regions);
        let large = regions.cut::<f32>(10_000_000);
        assert_eq!(
            (small(&mut regions) - first, large.capacity()),
            (64, 10_000_000)
        );
    }
}
