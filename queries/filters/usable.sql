-- One row is one execution that samples may be made of: it ended by itself, its check did not fail, it has events and
-- not too many, and its result is whole.
-- @reads _verdicts
-- @column execution_index BIGINT ordinal, 0-based  The execution.
SELECT execution_index
FROM _verdicts
WHERE verdict = 'usable'
