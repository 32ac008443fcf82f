//! Counts the memory that an instance takes, beside holding it to its limits.

use wasmtime::{ResourceLimiter, Result, StoreLimits};

/// The limits of a store, and what it has taken of its memory.
pub(super) struct Meter {
    limits: StoreLimits,
    memory_bytes: usize,
}

impl Meter {
    pub(super) const fn new(limits: StoreLimits) -> Self {
        Self { limits, memory_bytes: 0 }
    }

    /// The memories of all instances in the store together, in bytes.
    pub(super) const fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        let may_grow = self.limits.memory_growing(current, desired, maximum)?;
        if may_grow {
            self.memory_bytes += desired.saturating_sub(current);
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
