//! [`Elements`]: the memory of a matrix, which is its own or a part of a [`Region`].
//!
//! The buffers of a tape are parts of regions. Each begins where a line of the cache does, so that no register is read
//! from two lines; and large regions ask for pages of 2 MB, as with those of 4 KB a pass over a long recording waits for
//! where its pages are. Steps of training take 3 to 9 % less by it.

#![allow(unsafe_code)] // a region has many owners, of a part each

use std::alloc::{self, Layout};
use std::mem::{self, ManuallyDrop, MaybeUninit};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::slice;
use std::sync::Arc;

use crate::Scalar;

/// Bytes of a line of the cache.
const LINE: usize = 64;
/// Bytes of a large page.
pub(crate) const LARGE_PAGE: usize = 2 << 20;

/// A vector, but for where it may be, and for staying there: it does not grow beyond its capacity.
pub(crate) struct Elements<T> {
    start: NonNull<T>,
    len: usize,
    capacity: usize,
    /// What they are a part of; none if they come from a vector.
    region: Option<Arc<Memory>>,
}

// SAFETY: there is one owner of these elements, as there is of a vector's.
unsafe impl<T: Send> Send for Elements<T> {}
// SAFETY: whoever shares them only reads.
unsafe impl<T: Sync> Sync for Elements<T> {}

impl<T> Elements<T> {
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The vector that these have been, if they have; then none are left.
    fn take_vec(&mut self) -> Option<Vec<T>> {
        if self.region.is_some() {
            return None;
        }
        let Elements {
            start,
            len,
            capacity,
            ..
        } = *ManuallyDrop::new(mem::replace(self, Vec::new().into()));
        // SAFETY: these are the parts of a vector, as `from` has found or `resize` has left them, and its last owner
        // has just been made to forget them.
        Some(unsafe { Vec::from_raw_parts(start.as_ptr(), len, capacity) })
    }
}

impl<T: Scalar> Elements<T> {
    /// As many elements; those that there have not been are zero.
    ///
    /// # Panics
    /// If there is no room for them.
    pub fn resize(&mut self, len: usize) {
        assert!(
            len <= self.capacity,
            "{len} elements in room for {}",
            self.capacity
        );
        if let Some(more @ 1..) = len.checked_sub(self.len) {
            // SAFETY: there is room for them behind the others, and it may be of any content.
            let new = unsafe {
                let start = self.start.add(self.len).cast::<MaybeUninit<T>>();
                slice::from_raw_parts_mut(start.as_ptr(), more)
            };
            new.fill(MaybeUninit::new(T::ZERO));
        }
        self.len = len;
    }

    /// Without a copy, but of a part of a region.
    pub fn into_vec(mut self) -> Vec<T> {
        self.take_vec().unwrap_or_else(|| self.to_vec())
    }
}

impl<T> From<Vec<T>> for Elements<T> {
    fn from(elements: Vec<T>) -> Self {
        let mut elements = ManuallyDrop::new(elements);
        let start = elements.as_mut_ptr(); // of its whole capacity, which a slice is not
        Elements {
            start: NonNull::new(start).expect("a vector is somewhere"),
            len: elements.len(),
            capacity: elements.capacity(),
            region: None,
        }
    }
}

impl<T> Drop for Elements<T> {
    fn drop(&mut self) {
        if self.capacity > 0 {
            drop(self.take_vec());
        }
    }
}

impl<T> Deref for Elements<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        // SAFETY: so many are initialised, and borrowed with their owner.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl<T> DerefMut for Elements<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: so many are initialised, and borrowed with their only owner.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl<T: Clone> Clone for Elements<T> {
    fn clone(&self) -> Self {
        self.to_vec().into()
    }
}

impl<T: PartialEq> PartialEq for Elements<T> {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}

/// Memory that is cut from its beginning to its end, and freed with the last part.
pub(crate) struct Region {
    memory: Arc<Memory>,
    used: usize,
}

struct Memory {
    start: NonNull<u8>,
    layout: Layout,
}

// SAFETY: what is in it belongs to the owners of its parts; this only frees it.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Region {
    /// A region of so many bytes, and not none.
    pub fn new(bytes: usize) -> Self {
        let align = if bytes < LARGE_PAGE { LINE } else { LARGE_PAGE };
        let layout =
            Layout::from_size_align(bytes.max(LINE), align).expect("more than there is memory");
        // SAFETY: it is of more than no bytes.
        let start = unsafe { alloc::alloc(layout) };
        let start = NonNull::new(start).unwrap_or_else(|| alloc::handle_alloc_error(layout));
        let memory = Memory { start, layout };
        memory.ask_for_large_pages();
        Region {
            memory: Arc::new(memory),
            used: 0,
        }
    }

    /// All that it takes.
    pub fn bytes(&self) -> usize {
        const COUNTS: usize = 2 * size_of::<usize>();
        self.memory.layout.size() + size_of::<Memory>() + COUNTS
    }

    /// Room for elements, behind what has been cut before; if there is as much.
    pub fn cut<T: Scalar>(&mut self, capacity: usize) -> Option<Elements<T>> {
        let bytes = capacity.checked_mul(size_of::<T>())?;
        // What is less than a line is in one line.
        let align = bytes.min(LINE).next_power_of_two().max(align_of::<T>());
        let from = self.used.next_multiple_of(align);
        let to = from.checked_add(bytes)?;
        if to > self.memory.layout.size() {
            return None;
        }
        self.used = to;
        Some(Elements {
            // SAFETY: it lies within, and was nobody's.
            start: unsafe { self.memory.start.add(from) }.cast(),
            len: 0,
            capacity,
            region: Some(Arc::clone(&self.memory)),
        })
    }
}

impl Memory {
    /// Without them it works as well: so it does not matter whether the system has any.
    fn ask_for_large_pages(&self) {
        #[cfg(target_os = "linux")]
        if self.layout.size() >= LARGE_PAGE {
            let start = self.start.as_ptr().cast();
            // SAFETY: the range is ours, and what is in it stays as it is.
            unsafe { libc::madvise(start, self.layout.size(), libc::MADV_HUGEPAGE) };
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: it was allocated so, and the last of its parts is gone.
        unsafe { alloc::dealloc(self.start.as_ptr(), self.layout) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_vector_comes_back_as_it_was() {
        let mut x = Vec::with_capacity(7);
        x.extend([1.0f64, 2.0, 3.0]);
        let place = x.as_ptr();
        let mut elements = Elements::from(x);
        elements.resize(5);
        assert_eq!(elements[..], [1.0, 2.0, 3.0, 0.0, 0.0]);
        let copy = elements.clone();
        elements[0] = 9.0;
        let x = elements.into_vec();
        assert_eq!((x.as_ptr(), x.capacity()), (place, 7));
        assert_eq!((x[0], copy[0]), (9.0, 1.0));
    }

    #[test]
    #[should_panic(expected = "3 elements in room for 2")]
    fn there_is_no_more_than_there_is_room_for() {
        Elements::from(vec![0.0f32; 2]).resize(3);
    }

    proptest! {
        /// In any order of their ends, and also after the region's own.
        #[test]
        fn parts_of_a_region_are_apart(
            size in 1usize..5000,
            lens in prop::collection::vec(1usize..60, 1..60),
            order in any::<prop::sample::Index>(),
        ) {
            let mut region = Region::new(size);
            let mut parts: Vec<Elements<f32>> = lens.iter().map_while(|&len| region.cut(len)).collect();
            drop(region);
            for (i, part) in parts.iter_mut().enumerate() {
                part.resize(lens[i]);
                prop_assert!(part.iter().all(|&x| x == 0.0));
                part.fill(i as f32);
                let first = part.as_ptr() as usize;
                let last = first + 4 * lens[i] - 1;
                prop_assert!(first.is_multiple_of(LINE) || first / LINE == last / LINE);
            }
            for (i, part) in parts.iter().enumerate() {
                prop_assert!(part.iter().all(|&x| x == i as f32));
            }
            if !parts.is_empty() {
                let first = order.index(parts.len());
                let whole = parts.swap_remove(first).into_vec();
                prop_assert_eq!(whole, vec![first as f32; lens[first]]);
            }
        }
    }

    #[test]
    fn a_large_region_begins_with_a_large_page() {
        let mut region = Region::new(LARGE_PAGE + 1000);
        let mut part = region.cut::<f64>(LARGE_PAGE / 8 + 100).expect("room");
        assert_eq!(part.start.as_ptr() as usize % LARGE_PAGE, 0);
        part.resize(LARGE_PAGE / 8 + 100);
        assert!(region.cut::<f64>(100).is_none(), "only 200 bytes are left");
        assert!(region.cut::<f64>(usize::MAX / 4).is_none());
        assert!(region.cut::<f64>(usize::MAX / 8).is_none());
        assert!(region.cut::<f64>(20).is_some());
    }
}
