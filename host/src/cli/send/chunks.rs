//! Items put together for one request each. The same file, cut with the same options, always makes the same chunks.

use sha2::{Digest, Sha256};

use super::Rejection;
use super::items::Items;
use crate::api::auth::hex;

/// Largest request, in bytes, unless one item alone is larger.
const MAX_BYTES: usize = 4 << 20;

/// What goes into one request.
#[derive(Debug)]
pub(super) struct Chunk {
    /// Counted from 0.
    pub(super) number: u64,
    /// The items as NDJSON.
    pub(super) body: Vec<u8>,
    /// Where each of them stands in the file.
    pub(super) lines: Vec<u64>,
    /// What cannot be sent at all.
    pub(super) rejected: Vec<Rejection>,
    /// The `Idempotency-Key`.
    pub(super) key: String,
}

impl Chunk {
    /// Where it begins in the file.
    pub(super) fn first_line(&self) -> u64 {
        let rejected = self.rejected.first().map(|rejection| rejection.line);
        self.lines.first().copied().into_iter().chain(rejected).min().unwrap_or_default()
    }
}

/// The chunks of a file.
pub(super) struct Chunks {
    items: Items,
    max_items: usize,
    number: u64,
    /// Names the file; for a pipe the digest of everything so far.
    name: Name,
}

enum Name {
    Fixed(String),
    Running(Box<Sha256>),
}

impl Chunks {
    /// Chunks of up to `max_items`; `digest` names the file, where it is one.
    pub(super) fn new(items: Items, max_items: u32, digest: Option<String>) -> Self {
        let name = digest.map_or_else(|| Name::Running(Box::default()), Name::Fixed);
        Self { items, max_items: max_items as usize, number: 0, name }
    }

    /// How much of the file was read, in bytes.
    pub(super) fn position(&self) -> u64 {
        self.items.position()
    }

    /// The next chunk.
    pub(super) async fn next(&mut self) -> anyhow::Result<Option<Chunk>> {
        let mut chunk = Chunk {
            number: self.number,
            body: Vec::new(),
            lines: Vec::new(),
            rejected: Vec::new(),
            key: String::new(),
        };
        while chunk.lines.len() + chunk.rejected.len() < self.max_items && chunk.body.len() < MAX_BYTES {
            let Some(item) = self.items.next().await? else { break };
            match item.json {
                Ok(json) => {
                    chunk.body.extend_from_slice(&json);
                    chunk.body.push(b'\n');
                    chunk.lines.push(item.line);
                }
                Err(reason) => chunk.rejected.push(Rejection { line: item.line, reason }),
            }
        }
        if chunk.lines.is_empty() && chunk.rejected.is_empty() {
            return Ok(None);
        }
        chunk.key = match &mut self.name {
            Name::Fixed(digest) => format!("send-{digest}-{}", self.number),
            Name::Running(hasher) => {
                hasher.update(&chunk.body);
                format!("send-{}-{}", hex(&hasher.clone().finalize()[..16]), self.number)
            }
        };
        self.number += 1;
        Ok(Some(chunk))
    }
}
