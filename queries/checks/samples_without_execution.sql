-- One row is one sample of an execution or unit that does not exist.
-- @reads mixtures, executions
-- @column sample_id VARCHAR  The sample.
-- @column execution_id VARCHAR  The execution that it names.
-- @column function_id VARCHAR  The unit that it names.
SELECT
  mixtures.sample_id,
  mixtures.execution_id,
  mixtures.function_id
FROM mixtures
LEFT ANTI JOIN executions
  ON executions.execution_index = mixtures.execution_index
  AND executions.execution_id = mixtures.execution_id
  AND executions.function_id = mixtures.function_id
ORDER BY sample_id
