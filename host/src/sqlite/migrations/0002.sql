-- Webhooks that were made over the API. Secrets are as they are, since sayso signs with them: the file is readable by
-- its owner alone.
CREATE TABLE webhook (
    id         BLOB PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    revision   INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,                      -- of one whose deliveries may still have to be parked
    settings   TEXT NOT NULL,                -- JSON; empty when deleted
    secrets    TEXT NOT NULL                 -- JSON; empty when deleted
) STRICT;

-- The type of the event, and whether `feedback` is the feedback that it is about.
ALTER TABLE delivery ADD COLUMN event TEXT NOT NULL DEFAULT 'feedback.analyzed';
ALTER TABLE delivery ADD COLUMN is_of_feedback INTEGER NOT NULL DEFAULT 1;

-- Messages of one lane and one series are leased one after the other.
ALTER TABLE message ADD COLUMN series INTEGER;
