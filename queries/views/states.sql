-- One row is one variable that has a value in the frame of an event, at that event: the full state of every step.
-- The state of a `line` event is what holds before its line runs.
-- @reads _rows
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column event_index INT ordinal, 0-based  The event.
-- @column kind VARCHAR  The event's kind.
-- @column frame_index INT ordinal, 0-based  The event's frame.
-- @column depth INT frames  Frames of the unit below it.
-- @column function VARCHAR  The frame's code.
-- @column line_number INT lines, 1-based  The event's line.
-- @column scope VARCHAR  `local`, `captured` or `global`.
-- @column name VARCHAR  The variable.
-- @column value VARCHAR  Its value's `repr`, possibly cut.
-- @column value_type VARCHAR  That value's type.
-- @column value_chars BIGINT characters  Length of the whole `repr` when `value` is cut; else null.
WITH replayed AS (
  SELECT
    execution_index,
    event_index,
    kind,
    frame_index,
    depth,
    function,
    line_number,
    state_list(
      kind, frame_index, function, line_number, scope, variable_index, name, value, value_type, value_chars
    ) OVER (
      PARTITION BY execution_index
      ORDER BY position
    ) AS state
  FROM _rows
),
variables AS (
  SELECT
    execution_index,
    event_index,
    kind,
    frame_index,
    depth,
    function,
    line_number,
    unnest(state) AS variable
  FROM replayed
  WHERE kind IS NOT NULL
)
SELECT
  execution_index,
  event_index,
  kind,
  frame_index,
  depth,
  function,
  line_number,
  variable['scope'] AS scope,
  variable['name'] AS name,
  variable['value'] AS value,
  variable['value_type'] AS value_type,
  variable['value_chars'] AS value_chars
FROM variables
