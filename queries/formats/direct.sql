-- One row is one sample: the source and the call, answered by the result or the exception.
-- A program's prompt ends with what it reads, and its completion is what it writes; an exception that ends it stands
-- on a line of its own after that.
-- @reads _prompts
-- @version 1
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column sample_index BIGINT ordinal, 0-based  Always 0.
-- @column prompt VARCHAR  What the model is given.
-- @column completion VARCHAR  What it must answer.
SELECT
  execution_index,
  CAST(0 AS BIGINT) AS sample_index,
  prompt,
  answer AS completion
FROM _prompts
ORDER BY
  execution_index,
  sample_index
