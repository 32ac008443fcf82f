-- What an erasure of a customer covers is told by eras, each begun by an erasure: the clock may be set back.
CREATE TABLE era (now INTEGER NOT NULL) STRICT;
INSERT INTO era VALUES (1);
ALTER TABLE message ADD COLUMN era INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feedback ADD COLUMN era INTEGER NOT NULL DEFAULT 0;
-- Those that ended were kept for workers that do not run any more; those that did not end cover everything until now.
DELETE FROM erasure WHERE customer IS NULL AND feedback IS NULL;
ALTER TABLE erasure ADD COLUMN era INTEGER NOT NULL DEFAULT 1;

-- When a message got its `due_at`, by the same clock: one that was ahead is found out by it.
ALTER TABLE message ADD COLUMN put_back_at INTEGER NOT NULL DEFAULT 0;
