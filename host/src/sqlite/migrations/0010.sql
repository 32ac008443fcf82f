-- When a delivery ended: its attempts, which tell it as well, are kept for less long. Not known of those that ended before.
ALTER TABLE delivery ADD COLUMN ended_at INTEGER;
