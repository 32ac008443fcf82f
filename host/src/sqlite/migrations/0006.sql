-- One feedback may be forgotten, too: its id, as long as something may be left.
ALTER TABLE erasure ADD COLUMN feedback BLOB;

-- A customer without an identifier is known by the e-mail address. The identifier would come first in the JSON.
CREATE TEMP TABLE known_by AS
SELECT no, json_extract(feedback, '$.customer.email') AS email FROM content
WHERE instr(feedback, '"customer":{"email":"') AND json_extract(feedback, '$.customer.id') IS NULL AND email <> '';
INSERT INTO customer (customer, no) SELECT email, no FROM known_by WHERE no NOT IN (SELECT no FROM unindexed);
UPDATE feedback SET customer = k.email FROM known_by k WHERE k.no = feedback.no;
DROP TABLE known_by;
UPDATE older SET customer = nullif(json_extract(feedback, '$.customer.email'), '')
WHERE customer IS NULL AND instr(feedback, '"customer":{"email":"');
