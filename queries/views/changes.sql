-- One row is one variable that an event found changed, with its value as text whatever its type.
-- @reads stored_changes
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column frame_index INT ordinal, 0-based  The frame.
-- @column scope VARCHAR  `local`, `captured` or `global`.
-- @column variable_index INT ordinal, 0-based  Which of the frame's variables, in order of first appearance.
-- @column name VARCHAR  The variable.
-- @column event_index INT ordinal, 0-based  The event before which it changed.
-- @column action VARCHAR  `bound`, `rebound`, `mutated` or `deleted`.
-- @column value VARCHAR  The value's `repr`, possibly cut; null when deleted.
-- @column value_int BIGINT  The value, when it is an `int` of 64 bits.
-- @column value_type VARCHAR  The value's type; null when deleted.
-- @column value_chars BIGINT characters  Length of the whole `repr` when `value` is cut; else null.
SELECT
  execution_index,
  frame_index,
  scope,
  variable_index,
  name,
  event_index,
  action,
  coalesce(value_text, CAST(value_int AS VARCHAR)) AS value,
  value_int,
  value_type,
  value_chars
FROM stored_changes
