-- An erasure that goes on for long covers what was accepted before it, also of what became an older revision since.
ALTER TABLE older ADD COLUMN era INTEGER NOT NULL DEFAULT 0;
