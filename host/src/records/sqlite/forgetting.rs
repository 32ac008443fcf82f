use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    super::{Erasure, Forgetting, Oldest, Page, Piece, RecordsError, Subject},
    SqliteRecords,
};
use crate::feedback::DeliveryId;

#[async_trait]
impl Forgetting for SqliteRecords {
    fn era(&self) -> i64 {
        self.erasures.era()
    }

    async fn era_after(&self, era: i64) {
        self.erasures.after(era).await;
    }

    async fn begin_erasure(&self, subject: &Subject) -> Result<Erasure, RecordsError> {
        self.put_erasure(subject).await
    }

    async fn erasures(&self) -> Result<Vec<Erasure>, RecordsError> {
        self.open_erasures().await
    }

    async fn pieces_of(&self, erasure: &Erasure, max: usize) -> Result<Vec<Piece>, RecordsError> {
        self.to_erase(erasure, max).await
    }

    async fn deliveries_of(&self, pieces: &[Piece]) -> Result<Vec<DeliveryId>, RecordsError> {
        self.owed_for(pieces).await
    }

    async fn erase(&self, pieces: &[Piece]) -> Result<(), RecordsError> {
        self.erase_pieces(pieces).await
    }

    async fn end_erasure(&self, erasure: &Erasure) -> Result<(), RecordsError> {
        self.close_erasure(erasure).await
    }

    async fn drop_erasures(&self, before: Timestamp) -> Result<(), RecordsError> {
        self.forget_erasures(before).await
    }

    async fn scrub(&self, patience: Duration) -> Result<bool, RecordsError> {
        self.remove_residue(patience).await
    }

    async fn expired_feedback(&self, before: Timestamp, after: Option<&str>) -> Result<Page<Piece>, RecordsError> {
        self.old_feedback(before, after).await
    }

    async fn expired_deliveries(
        &self,
        before: Timestamp,
        after: Option<&str>,
    ) -> Result<Page<(DeliveryId, String)>, RecordsError> {
        self.old_deliveries(before, after).await
    }

    async fn drop_deliveries(&self, ids: &[DeliveryId], before: Timestamp) -> Result<u64, RecordsError> {
        self.remove_deliveries(ids, before).await
    }

    async fn drop_attempts(
        &self,
        before: Timestamp,
        after: Option<&str>,
    ) -> Result<(u64, Option<String>), RecordsError> {
        self.remove_attempts(before, after).await
    }

    async fn oldest(&self) -> Result<Oldest, RecordsError> {
        self.how_far_back().await
    }
}
