-- One row is one change that names an event which does not exist, or one of another frame.
-- @reads changes, events
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column event_index INT ordinal, 0-based  The event named.
-- @column frame_index INT ordinal, 0-based  The change's frame.
-- @column name VARCHAR  The variable.
SELECT
  changes.execution_index,
  changes.event_index,
  changes.frame_index,
  changes.name
FROM changes
LEFT ANTI JOIN events
  ON events.execution_index = changes.execution_index
  AND events.event_index = changes.event_index
  AND events.frame_index = changes.frame_index
ORDER BY
  execution_index,
  event_index,
  frame_index,
  name
