-- One row is one change that names an event which does not exist, or one of another frame.
-- @reads changes, stored_events
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column event_index INT ordinal, 0-based  The event named.
-- @column frame_index INT ordinal, 0-based  The change's frame.
-- @column scope VARCHAR  Where the variable lives.
-- @column name VARCHAR  The variable; null for an entry of the stack.
SELECT
  changes.execution_index,
  changes.event_index,
  changes.frame_index,
  changes.scope,
  changes.name
FROM changes
LEFT ANTI JOIN stored_events
  ON stored_events.execution_index = changes.execution_index
  AND stored_events.event_index = changes.event_index
  AND stored_events.frame_index = changes.frame_index
ORDER BY
  execution_index,
  event_index,
  frame_index,
  scope,
  name
