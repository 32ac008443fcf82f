//! The allocator of guests: what a call allocates, it frees before the next one, so that allocating is moving a pointer.
//!
//! Until [`Arena::enable`], after the first batch, everything goes to the standard allocator: what a plugin makes once and
//! keeps, at the latest at its first item. So does what does not fit later. The arena begins anew whenever nothing of it is
//! in use, which is at the end of every call. What a plugin keeps from a later call to the next stays in the arena and keeps
//! it from beginning anew, until it is full: then the plugin is as fast as with the standard allocator.
#![expect(unsafe_code, reason = "an allocator cannot be written without")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::{Cell, UnsafeCell},
};

/// Bytes of the arena: several batches of ordinary feedback with their effects.
const SIZE: usize = 1 << 20;
/// The alignment of its beginning, and the largest that it serves.
const ALIGN: usize = 16;

#[repr(align(16))]
struct Memory(UnsafeCell<[u8; SIZE]>);

/// The allocator.
pub struct Arena {
    memory: Memory,
    is_enabled: Cell<bool>,
    /// Offset of the first byte that is free.
    next: Cell<usize>,
    /// How many allocations are in use.
    live: Cell<usize>,
}

// SAFETY: a guest has one thread.
unsafe impl Sync for Arena {}

impl Default for Arena {
    fn default() -> Self {
        Self::new()
    }
}

impl Arena {
    /// An arena that is not used yet.
    pub const fn new() -> Self {
        let memory = Memory(UnsafeCell::new([0; SIZE]));
        Self { memory, is_enabled: Cell::new(false), next: Cell::new(0), live: Cell::new(0) }
    }

    /// Serves from the arena from here on.
    pub fn enable(&self) {
        self.is_enabled.set(true);
    }

    /// The offset of an allocation of the arena; at least [`SIZE`] for one of the standard allocator.
    fn offset(&self, at: *mut u8) -> usize {
        at.addr().wrapping_sub(self.memory.0.get().addr())
    }
}

// SAFETY: allocations of the arena lie between the ends of `memory`, do not overlap, since `next` lies behind all that are
// in use, and are aligned, since `memory` is aligned to the largest alignment that is served. All others are those of the
// standard allocator, which an address outside `memory` tells.
unsafe impl GlobalAlloc for Arena {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = self.next.get().next_multiple_of(layout.align());
        if !self.is_enabled.get() || layout.align() > ALIGN || layout.size() > SIZE.saturating_sub(start) {
            // SAFETY: the caller's.
            return unsafe { System.alloc(layout) };
        }
        self.next.set(start + layout.size());
        self.live.set(self.live.get() + 1);
        // SAFETY: `start` is within `memory`.
        unsafe { self.memory.0.get().cast::<u8>().add(start) }
    }

    #[inline]
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        let offset = self.offset(at);
        if offset >= SIZE {
            // SAFETY: it came from there.
            return unsafe { System.dealloc(at, layout) };
        }
        self.live.set(self.live.get() - 1);
        if self.live.get() == 0 {
            self.next.set(0);
        } else if offset + layout.size() == self.next.get() {
            self.next.set(offset);
        }
    }

    #[inline]
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let offset = self.offset(at);
        if offset >= SIZE {
            // SAFETY: it came from there.
            return unsafe { System.realloc(at, layout, size) };
        }
        let is_last = offset + layout.size() == self.next.get();
        if is_last && size <= SIZE - offset {
            self.next.set(offset + size);
            return at;
        }
        if size <= layout.size() {
            return at;
        }
        // SAFETY: the caller's, who gives a size that is not 0 and fits the alignment; the two do not overlap.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                std::ptr::copy_nonoverlapping(at, moved, layout.size());
                self.dealloc(at, layout);
            }
            moved
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 8).expect("is a layout")
    }

    fn enabled() -> Box<Arena> {
        let arena = Box::new(Arena::new());
        arena.enable();
        arena
    }

    /// What is allocated, filled with `byte`.
    fn filled(arena: &Arena, size: usize, byte: u8) -> *mut u8 {
        // SAFETY: `size` bytes are allocated, and no test asks for 0.
        unsafe {
            let at = arena.alloc(layout(size));
            assert!(!at.is_null());
            at.write_bytes(byte, size);
            at
        }
    }

    fn holds(at: *mut u8, size: usize, byte: u8) -> bool {
        // SAFETY: the tests ask for what they filled.
        unsafe { std::slice::from_raw_parts(at, size) }.iter().all(|own| *own == byte)
    }

    #[test]
    fn it_begins_anew_when_nothing_is_in_use() {
        let arena = enabled();
        let (a, b) = (filled(&arena, 100, 1), filled(&arena, 50, 2));
        assert!(holds(a, 100, 1) && holds(b, 50, 2));
        // SAFETY: as allocated.
        unsafe {
            arena.dealloc(a, layout(100));
            arena.dealloc(b, layout(50));
        }
        assert_eq!(filled(&arena, 10, 3), a);
    }

    #[test]
    fn what_does_not_fit_comes_from_the_standard_allocator() {
        let arena = enabled();
        let kept = filled(&arena, SIZE - 64, 1);
        let large = filled(&arena, 4096, 2);
        assert!(arena.offset(large) >= SIZE && holds(kept, SIZE - 64, 1));
        // SAFETY: as allocated.
        unsafe { arena.dealloc(large, layout(4096)) };
    }

    #[test]
    fn growing_keeps_what_is_there_and_never_reaches_into_another() {
        let arena = enabled();
        let first = filled(&arena, 16, 1);
        // SAFETY: as allocated.
        let grown = unsafe { arena.realloc(first, layout(16), 64) };
        assert_eq!(grown, first, "the last one grows where it is");
        let behind = filled(&arena, 16, 2);
        // SAFETY: as allocated.
        let moved = unsafe { arena.realloc(grown, layout(64), 128) };
        assert!(moved != grown && holds(moved, 16, 1) && holds(behind, 16, 2));
        // SAFETY: as allocated.
        let shrunk = unsafe { arena.realloc(behind, layout(16), 8) };
        assert!(shrunk == behind && holds(shrunk, 8, 2));
    }

    #[test]
    fn before_it_is_enabled_everything_comes_from_the_standard_allocator() {
        let arena = Box::new(Arena::new());
        let at = filled(&arena, 32, 7);
        assert!(arena.offset(at) >= SIZE);
        // SAFETY: as allocated.
        unsafe { arena.dealloc(at, layout(32)) };
    }
}
