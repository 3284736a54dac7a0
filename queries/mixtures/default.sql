-- One row is one execution to render in one format: of the usable ones, the share that the configuration gives each
-- format, chosen by a hash, so that a larger share keeps what a smaller one chose.
-- @reads usable, executions, shares
-- @param seed BIGINT = 0  Seed of the choice.
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column format VARCHAR  The format.
SELECT
  executions.execution_index,
  shares.format
FROM executions
INNER JOIN usable ON usable.execution_index = executions.execution_index
CROSS JOIN shares
WHERE
  CAST(shash(concat(executions.execution_id, ' ', shares.format), $seed) AS DOUBLE)
  < shares.share * 9223372036854775807.0
ORDER BY
  execution_index,
  format
