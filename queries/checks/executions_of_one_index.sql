-- One row is one execution_index that more than one execution has: their frames, events and changes cannot be
-- distinguished.
-- @reads executions
-- @column execution_index BIGINT ordinal, 0-based  The index.
-- @column executions BIGINT  How many executions have it.
SELECT
  execution_index,
  COUNT(*) AS executions
FROM executions
GROUP BY execution_index
HAVING COUNT(*) > 1
ORDER BY execution_index
