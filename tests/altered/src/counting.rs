//! [`Counting`]: how much memory something takes.
#![allow(unsafe_code)] // a global allocator is

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// Bytes that are allocated by this thread; the most of them, and the most at once, since last set to 0.
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
    static LARGEST: Cell<isize> = const { Cell::new(0) };
}

/// Memory that something has taken, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The largest allocation.
    pub largest: usize,
    /// The most that was allocated at the same time, beside what was before.
    pub together: usize,
    /// What is still there, and has to be given back: less than nothing, if what was before is no more.
    pub left: isize,
}

/// What a reader may allocate, as a multiple of what it reads, and all together.
const AT_ONCE: usize = 10;
const TOGETHER: usize = 20;
/// What it may have beside that, for messages and tables: what unpacks has a window.
const BESIDE: usize = 1 << 19;

impl Memory {
    /// Whether it is right for a file of so many bytes.
    pub fn is_little(self, len: usize) -> bool {
        self.largest <= AT_ONCE * len + BESIDE && self.together <= TOGETHER * len + BESIDE
    }
}

/// The system's allocator, which counts for each thread.
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: altered::Counting = altered::Counting;
///
/// let (kept, memory) = altered::memory(|| [vec![0_u8; 1000], vec![0; 500]][1].clone());
/// assert_eq!((memory.largest, memory.together, memory.left), (1000, 2000, 500));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Counting;

/// What a function gives, and the memory that this thread has taken while it ran: 0 where [`Counting`] is not the
/// allocator.
pub fn memory<R>(f: impl FnOnce() -> R) -> (R, Memory) {
    let before = LIVE.get();
    PEAK.set(before);
    LARGEST.set(0);
    let result = f();
    let memory = Memory {
        largest: LARGEST.get() as usize,
        together: (PEAK.get() - before) as usize,
        left: LIVE.get() - before,
    };
    (result, memory)
}

fn count_new(bytes: usize) {
    LARGEST.set(LARGEST.get().max(bytes as isize));
    count(bytes as isize);
}

fn count(bytes: isize) {
    let live = LIVE.get() + bytes;
    LIVE.set(live);
    PEAK.set(PEAK.get().max(live));
}

// SAFETY: everything is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count_new(layout.size());
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count_new(layout.size());
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count_new(size); // beside the old one: it may have to move
        count(-(layout.size() as isize));
        // SAFETY: the caller keeps the contract.
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(at, layout) }
    }
}
