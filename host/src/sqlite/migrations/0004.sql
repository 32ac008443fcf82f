-- Deliveries are listed by webhook and by when they became due. Those that are pending and those that are parked are
-- few, and are found without passing the others by.
CREATE INDEX delivery_due ON delivery (webhook, created_at, id);
CREATE INDEX delivery_pending ON delivery (webhook, created_at, id) WHERE status = 0;
DROP INDEX delivery_parked;
CREATE INDEX delivery_parked ON delivery (webhook, created_at, id) WHERE status = 2;

-- Replays of many deliveries.
CREATE TABLE replay (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    id          BLOB NOT NULL UNIQUE,
    webhook     TEXT NOT NULL,
    filter      TEXT NOT NULL,                  -- JSON
    state       INTEGER NOT NULL,               -- 0 running, 1 finished, 2 cancelled
    reason      TEXT,                           -- of one that sayso cancelled
    total       INTEGER,                        -- once it is counted
    done        INTEGER NOT NULL DEFAULT 0,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER,
    due         INTEGER NOT NULL,               -- up to where it has looked: when a delivery became due,
    last        BLOB NOT NULL,                  -- and its id
    page        BLOB NOT NULL DEFAULT x''       -- ids of the deliveries that are being put back, one after the other
) STRICT;
CREATE UNIQUE INDEX replay_running ON replay (webhook) WHERE state = 0;

-- Which replay has put it back last; 0 while one is put back by itself.
ALTER TABLE delivery ADD COLUMN replay INTEGER;
CREATE INDEX delivery_replayed ON delivery (replay, status, next_attempt_at) WHERE replay IS NOT NULL;
