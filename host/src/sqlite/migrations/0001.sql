-- Times are nanoseconds since 1970. Ids are the 16 bytes of the UUID.

-- ── The queue ──────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE lane (
    number INTEGER PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE
) STRICT;

-- Everything a lane has seen and still knows of. `key` is 524,287 less the lane's number in the upper bits, and the
-- message's place in the lane in the lower 44, so that the table is sorted by lane and place, and ends with lane 1.
CREATE TABLE message (
    key          INTEGER PRIMARY KEY,
    lane         INTEGER NOT NULL,
    id           BLOB NOT NULL,
    revision     INTEGER NOT NULL,
    state        INTEGER NOT NULL,           -- 0 waits or is leased, 1 parked, 2 settled
    tries        INTEGER NOT NULL DEFAULT 0, -- how often it was put back
    due_at       INTEGER NOT NULL DEFAULT 0, -- of one that was put back
    published_at INTEGER NOT NULL,
    parked_at    INTEGER,
    reason       TEXT,                       -- of one that is parked
    body         BLOB                        -- none when settled
) STRICT;
CREATE UNIQUE INDEX message_id ON message (id, lane, revision);
CREATE INDEX message_parked ON message (lane, id, revision) WHERE state = 1;

-- What the sender calls a feedback, and which one that is.
CREATE TABLE identity (
    key      TEXT PRIMARY KEY,
    id       BLOB NOT NULL,
    revision INTEGER NOT NULL,               -- the newest
    digest   BLOB NOT NULL                   -- of the newest
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_id ON identity (id);

-- Answers to requests with an Idempotency-Key.
CREATE TABLE answer (
    key        TEXT PRIMARY KEY,
    digest     BLOB NOT NULL,
    answer     BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX answer_expiry ON answer (expires_at);

-- ── The records ────────────────────────────────────────────────────────────────────────────────────────────────────

-- The newest revision of every feedback, in a narrow table that is quick to walk. `no` is the millisecond in the id,
-- times 32,768, plus a counter: every list is sorted by it.
CREATE TABLE feedback (
    no          INTEGER PRIMARY KEY,
    id          BLOB NOT NULL UNIQUE,
    revision    INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    customer    TEXT,
    language    TEXT,
    label       TEXT,
    score       REAL
) STRICT;

-- Its feedback and analysis, as JSON.
CREATE TABLE content (
    no       INTEGER PRIMARY KEY,
    feedback TEXT NOT NULL,
    analysis TEXT NOT NULL
) STRICT;

-- Revisions that are no longer the newest: deliveries of them may still be due.
CREATE TABLE older (
    id       BLOB NOT NULL,
    revision INTEGER NOT NULL,
    customer TEXT,
    feedback TEXT NOT NULL,
    analysis TEXT NOT NULL,
    PRIMARY KEY (id, revision)
) STRICT;
CREATE INDEX older_customer ON older (customer) WHERE customer IS NOT NULL;

-- The three tables below are the index: what the newest revision is found and counted by. It is brought up to date
-- many rows at a time, because each row belongs on pages far apart, and a page costs the same for one row as for many.

CREATE TABLE facet (
    facet INTEGER NOT NULL,                  -- 0 tag, 1 intent, 2 route
    value TEXT NOT NULL,
    no    INTEGER NOT NULL,
    score REAL,                              -- as in feedback, to save the look-up
    PRIMARY KEY (facet, value, no)
) STRICT, WITHOUT ROWID;

CREATE TABLE customer (
    customer TEXT NOT NULL,
    no       INTEGER NOT NULL,
    PRIMARY KEY (customer, no)
) STRICT, WITHOUT ROWID;

-- The words of title and text, prepared by the host; rowid is `no`. The text itself is in `content` alone.
CREATE VIRTUAL TABLE words USING fts5(text, content = '', columnsize = 0, tokenize = "unicode61 remove_diacritics 2");
-- A word that is deleted leaves no trace.
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);

-- Rows of feedback that are not in the index yet.
CREATE TABLE unindexed (
    no   INTEGER PRIMARY KEY,
    mark INTEGER NOT NULL                    -- tells the row from an earlier one with the same number
) STRICT;

-- The first six bytes of a delivery's id are those of its feedback's, so deliveries lie in the order of feedback.
CREATE TABLE delivery (
    id              BLOB PRIMARY KEY,
    feedback        BLOB NOT NULL,
    revision        INTEGER NOT NULL,
    webhook         TEXT NOT NULL,
    status          INTEGER NOT NULL,        -- 0 pending, 1 delivered, 2 parked
    created_at      INTEGER NOT NULL,
    next_attempt_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_parked ON delivery (id) WHERE status = 2;

CREATE TABLE attempt (
    delivery   BLOB NOT NULL,
    number     INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    address    TEXT,
    status     INTEGER,
    latency_ms INTEGER NOT NULL,
    response   TEXT,
    error      TEXT,
    PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;
