//! Counts the memory that an instance takes, beside holding it to its limits.

use wasmtime::{ResourceLimiter, Result, StoreLimits};

/// The limits of a store, and what it has taken of its memory.
pub(super) struct Meter {
    /// For each memory and table by itself, and for their number.
    limits: StoreLimits,
    /// For all memories together, in bytes.
    most_bytes: usize,
    memory_bytes: usize,
}

impl Meter {
    /// Holds a store to these limits, and its memories together to so many bytes.
    pub(super) const fn new(limits: StoreLimits, most_bytes: usize) -> Self {
        Self { limits, most_bytes, memory_bytes: 0 }
    }

    /// The memories of all instances in the store together, in bytes.
    pub(super) const fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        let growth = desired.saturating_sub(current);
        // A memory that is too large by the sum is too large: the limit then does what it does with one.
        let wanted = if self.memory_bytes.saturating_add(growth) > self.most_bytes { usize::MAX } else { desired };
        let may_grow = self.limits.memory_growing(current, wanted, maximum)?;
        if may_grow {
            self.memory_bytes += growth;
        }
        Ok(may_grow)
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> Result<()> {
        self.limits.memory_grow_failed(error)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        self.limits.table_growing(current, desired, maximum)
    }

    fn table_grow_failed(&mut self, error: wasmtime::Error) -> Result<()> {
        self.limits.table_grow_failed(error)
    }

    fn instances(&self) -> usize {
        self.limits.instances()
    }

    fn tables(&self) -> usize {
        self.limits.tables()
    }

    fn memories(&self) -> usize {
        self.limits.memories()
    }
}
