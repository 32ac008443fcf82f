-- How webhooks do that do not do well: what has to outlast a restart. Times are nanoseconds since 1970.
CREATE TABLE webhook_health (
    webhook       TEXT PRIMARY KEY,
    endpoint      TEXT NOT NULL,             -- tells what it led to
    failing_since INTEGER,
    last_failure  INTEGER,
    disabled_at   INTEGER,
    cause         INTEGER,                   -- of disabling: 0 gone, 1 failing
    reason        TEXT,
    announced     INTEGER NOT NULL           -- whether it was said that it is disabled
) STRICT, WITHOUT ROWID;
