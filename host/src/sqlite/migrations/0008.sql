-- The words are in another form (see records/sqlite/segment.rs), and marks of vowels no longer part them, so the index of
-- them is made anew: rows that are here are put there when the records are opened.
DROP TABLE words;
CREATE VIRTUAL TABLE words USING fts5(
    text, content = '', columnsize = 0, tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
INSERT INTO unindexed (no, mark) SELECT no, 0 FROM feedback WHERE no NOT IN (SELECT no FROM unindexed);
