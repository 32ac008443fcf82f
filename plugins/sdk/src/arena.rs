//! An allocator for guests: what a call allocates, it frees before the next one.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

const SIZE: usize = 1 << 20;

#[repr(align(16))]
struct Memory([u8; SIZE]);

static mut MEMORY: Memory = Memory([0; SIZE]);

pub struct Arena {
    on: Cell<bool>,
    next: Cell<usize>,
    live: Cell<usize>,
}
unsafe impl Sync for Arena {}

impl Arena {
    pub const fn new() -> Self {
        Self { on: Cell::new(false), next: Cell::new(0), live: Cell::new(0) }
    }
    pub fn enable(&self) {
        self.on.set(true);
    }
    #[inline(always)]
    fn base(&self) -> usize {
        (&raw mut MEMORY) as usize
    }
}

unsafe impl GlobalAlloc for Arena {
    #[inline(always)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = (self.next.get() + (layout.align() - 1)) & !(layout.align() - 1);
        let end = start + layout.size();
        if self.on.get() && layout.align() <= 16 && end <= SIZE && layout.size() <= SIZE {
            self.next.set(end);
            self.live.set(self.live.get() + 1);
            (self.base() + start) as *mut u8
        } else {
            unsafe { System.alloc(layout) }
        }
    }
    #[inline(always)]
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        let offset = (ptr as usize).wrapping_sub(self.base());
        if offset < SIZE {
            let live = self.live.get() - 1;
            self.live.set(live);
            if live == 0 {
                self.next.set(0);
            } else if offset + layout.size() == self.next.get() {
                self.next.set(offset);
            }
        } else {
            unsafe { System.dealloc(ptr, layout) }
        }
    }
    #[inline(always)]
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let offset = (ptr as usize).wrapping_sub(self.base());
        if offset < SIZE {
            if offset + layout.size() == self.next.get() && offset + new_size <= SIZE {
                self.next.set(offset + new_size);
                return ptr;
            }
            if new_size <= layout.size() {
                return ptr;
            }
            unsafe {
                let new = self.alloc(Layout::from_size_align_unchecked(new_size, layout.align()));
                if !new.is_null() {
                    std::ptr::copy_nonoverlapping(ptr, new, layout.size());
                    self.dealloc(ptr, layout);
                }
                new
            }
        } else {
            unsafe { System.realloc(ptr, layout, new_size) }
        }
    }
}
