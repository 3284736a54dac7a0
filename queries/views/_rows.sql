-- One row is one event, or one change that an event found; the replaying functions read them by `position`
-- within an execution, so that an event comes after its changes. One number, and not a constant a table beside
-- `event_index`: the engine takes such a constant for one of the whole union when it plans the sort.
-- @reads events, changes
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column event_index INT ordinal, 0-based  The event, or the event that found the change.
-- @column position BIGINT  Where it stands in its execution; 2^32 places for each event, the last its own.
-- @column kind VARCHAR  The event's kind; null for a change.
-- @column frame_index INT ordinal, 0-based  The frame.
-- @column depth INT frames  Frames below the event's; null for a change.
-- @column function VARCHAR  The event's code; null for a change.
-- @column line_number INT lines, 1-based  The event's line; null for a change.
-- @column scope VARCHAR  Where the changed variable lives; null for an event, as the two that follow.
-- @column variable_index INT ordinal, 0-based  Its place in its frame.
-- @column name VARCHAR  Its name.
-- @column value VARCHAR  Its value, null when deleted; for an event the value returned or yielded.
-- @column value_type VARCHAR  That value's type.
-- @column value_chars BIGINT characters  Length of the whole value when it is cut.
-- @column exception VARCHAR  The event's exception; null for a change.
-- @column output VARCHAR  Text written since the event before; null for a change.
SELECT
  execution_index,
  event_index,
  CAST(event_index AS BIGINT) * 4294967296 + 4294967295 AS position,
  kind,
  frame_index,
  depth,
  function,
  line_number,
  CAST(NULL AS VARCHAR) AS scope,
  CAST(NULL AS INT) AS variable_index,
  CAST(NULL AS VARCHAR) AS name,
  value,
  value_type,
  value_chars,
  exception,
  output
FROM events
UNION ALL
SELECT
  execution_index,
  event_index,
  CAST(event_index AS BIGINT) * 4294967296 + variable_index * 4
    + CASE scope WHEN 'local' THEN 0 WHEN 'captured' THEN 1 ELSE 2 END AS position,
  CAST(NULL AS VARCHAR) AS kind,
  frame_index,
  CAST(NULL AS INT) AS depth,
  CAST(NULL AS VARCHAR) AS function,
  CAST(NULL AS INT) AS line_number,
  scope,
  variable_index,
  name,
  value,
  value_type,
  value_chars,
  CAST(NULL AS VARCHAR) AS exception,
  CAST(NULL AS VARCHAR) AS output
FROM changes
