mod archive;
mod conformance;
mod damaged;
mod own;

use std::path::PathBuf;

use tempfile::TempDir;

use super::SqliteRecords;
use crate::sqlite::Store;

/// A store in a folder of its own.
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(super) fn path(&self) -> PathBuf {
        self.0.path().join("sayso.db")
    }

    pub(super) fn store(&self) -> Store {
        Store::open(&self.path()).expect("opens")
    }

    pub(super) fn records(&self) -> SqliteRecords {
        SqliteRecords::new(self.store()).expect("opens")
    }

    /// Everything that is in the folder's files.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.0.path()).expect("a folder");
        files.flat_map(|file| std::fs::read(file.expect("a file").path()).expect("reads")).collect()
    }
}
