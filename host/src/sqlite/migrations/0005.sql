-- What kept answers explain of refused items: it quotes them, and an erasure takes it along.
ALTER TABLE answer ADD COLUMN details BLOB;
-- Those were part of the answer before. Without one, each item of a repetition is recognised by itself.
DELETE FROM answer WHERE instr(answer, CAST('"rejected":[[' AS BLOB)) > 0;

-- Customers who are being forgotten, or were lately: what was accepted until `at` is not saved any more.
CREATE TABLE erasure (
    digest   BLOB PRIMARY KEY,               -- SHA-256 of the sender's identifier
    customer TEXT,                           -- the identifier, as long as something may be left
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One request may carry several deliveries, and its answer is kept with each: all of them are found by its time.
CREATE INDEX attempt_answered ON attempt (at) WHERE response IS NOT NULL;

-- How often something was erased or removed for its age, and as of which time all traces of that are overwritten.
CREATE TABLE residue (
    erased   INTEGER NOT NULL,
    scrubbed INTEGER NOT NULL
) STRICT;
INSERT INTO residue VALUES (0, 0);
