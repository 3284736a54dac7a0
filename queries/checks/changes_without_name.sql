-- One row is one variable or iterator that changes and has no name.
-- @reads changes
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column frame_index INT ordinal, 0-based  The frame.
-- @column scope VARCHAR  Where it lives.
-- @column variable_index INT ordinal, 0-based  Its place.
SELECT DISTINCT
  execution_index,
  frame_index,
  scope,
  variable_index
FROM changes
WHERE
  name IS NULL
  AND scope <> 'stack'
ORDER BY
  execution_index,
  frame_index,
  scope,
  variable_index
