//! Overwrites what SQLite leaves of deleted rows between those that are there.
//!
//! `secure_delete` overwrites a row when it is deleted. But where SQLite parts a page, or puts one together anew, rows move,
//! and copies of them stay in the free space of the page that they came from (`rebuildPage` in its btree.c): of 1,500 short
//! rows, one or two. No statement reaches these, so they are overwritten in the file: nobody reads what is free of a page,
//! at whatever moment it changes.

use std::{
    fs::File,
    io,
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

/// Pages that are looked through at once, while nothing else is written.
const SLICE: u32 = 1_024;
/// A store of more pages is left alone. Below, the first byte of a page that holds the rest of a long row is that of a
/// page's number, which no kind of page with rows begins with.
const MOST: u64 = 1 << 25;
/// Where page 1 begins, behind the header of the file.
const FILE_HEADER: usize = 100;

/// The file, beside SQLite's own handles.
pub(super) struct Pages {
    /// Held as long as there is a connection: to close any handle of a file drops all locks of the process on it.
    file: File,
    path: PathBuf,
}

impl Pages {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::options().read(true).write(true).open(path)?, path: path.to_owned() })
    }

    /// Whether the file is no longer where it was: somebody deleted it, and it lasts as long as it is open, or moved it, and
    /// the next start would not find what is written into it.
    pub(super) fn is_gone(&self) -> io::Result<bool> {
        let own = self.file.metadata()?;
        match self.path.metadata() {
            Ok(there) => Ok((own.dev(), own.ino()) != (there.dev(), there.ino())),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Overwrites what is free in the pages from `first`, which is 1 or more. Returns where to go on, if there is more.
    /// While it runs nothing may be written to the file, and all that was has to be there rather than in the log.
    pub(super) fn clear(&self, first: u32) -> io::Result<Option<u32>> {
        let mut header = [0; FILE_HEADER];
        self.file.read_exact_at(&mut header, 0)?;
        let size = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 1 << 16,
            size => usize::from(size),
        };
        let usable = size - usize::from(header[20]);
        let pages = self.file.metadata()?.len() / size as u64;
        if pages >= MOST {
            return Err(io::Error::other(format!(
                "the store has {pages} pages, and traces are cleared of at most {MOST}"
            )));
        }
        let pages = u32::try_from(pages).unwrap_or(u32::MAX);
        let (mut page, mut has_changed) = (vec![0; size], false);
        let behind = first.saturating_add(SLICE).min(pages.saturating_add(1));
        for number in first..behind {
            let at = u64::from(number - 1) * size as u64;
            self.file.read_exact_at(&mut page, at)?;
            let begin = if number == 1 { FILE_HEADER } else { 0 };
            for free in free_space(&page[..usable], begin) {
                if page[free.clone()].iter().any(|byte| *byte != 0) {
                    self.file.write_all_at(&vec![0; free.len()], at + free.start as u64)?;
                    has_changed = true;
                }
            }
        }
        if has_changed {
            self.file.sync_data()?;
        }
        Ok((behind <= pages).then_some(behind))
    }
}

/// Whether a file that is open has no name any more.
pub(super) fn is_deleted(file: &File) -> io::Result<bool> {
    Ok(file.metadata()?.nlink() == 0)
}

/// What is free of a page that holds rows, by the file format (sqlite.org/fileformat2.html, section 1.6); nothing where it
/// holds something else.
fn free_space(page: &[u8], begin: usize) -> Vec<std::ops::Range<usize>> {
    let number = |at: usize| page.get(at..at + 2).map_or(0, |two| usize::from(u16::from_be_bytes([two[0], two[1]])));
    let header = match page.get(begin) {
        Some(2 | 5) => 12,
        Some(10 | 13) => 8,
        _ => return Vec::new(),
    };
    let pointers_end = begin + header + 2 * number(begin + 3);
    let rows_begin = match number(begin + 5) {
        0 => 1 << 16,
        at => at,
    };
    if pointers_end > rows_begin || rows_begin > page.len() {
        return Vec::new();
    }
    let mut free = Vec::from([std::ops::Range { start: pointers_end, end: rows_begin }]);
    // Each free block begins with where the next one is, in rising order, and its own length.
    let (mut block, mut last) = (number(begin + 1), 0);
    while block > last && block >= rows_begin {
        let end = block + number(block + 2);
        if end > page.len() || end < block + 4 {
            break;
        }
        free.push(block + 4..end);
        (last, block) = (block, number(block));
    }
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of this kind with one row of four bytes at its end, and something everywhere else.
    fn page(kind: u8) -> Vec<u8> {
        let mut page = vec![0x55; 64];
        page[..8].copy_from_slice(&[kind, 0, 40, 0, 1, 0, 40, 0]);
        // A free block of 16 bytes, and no further one.
        page[40..44].copy_from_slice(&[0, 0, 0, 16]);
        page
    }

    #[test]
    fn what_is_free_lies_before_the_rows_and_in_blocks_between_them() {
        assert_eq!(free_space(&page(13), 0), [10..40, 44..56]);
        assert_eq!(free_space(&page(5), 0), [14..40, 44..56]);
    }

    #[test]
    fn a_page_without_rows_and_one_that_makes_no_sense_are_left_alone() {
        assert!(free_space(&page(0), 0).is_empty());
        let mut damaged = page(13);
        damaged[3..5].copy_from_slice(&[1, 0]);
        assert!(free_space(&damaged, 0).is_empty());
    }
}
