-- One row is one usable execution that returned, for mixtures that want no exceptions.
-- @reads _verdicts, executions
-- @column execution_index BIGINT ordinal, 0-based  The execution.
SELECT executions.execution_index
FROM executions
INNER JOIN _verdicts ON _verdicts.execution_index = executions.execution_index
WHERE
  _verdicts.verdict = 'usable'
  AND executions.outcome = 'returned'
