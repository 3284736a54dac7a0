-- One row is one thing that the frame of an event holds at that event: a variable, the iterator of a loop that runs, or
-- an entry of the value stack.
-- @reads _rows
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column event_index INT ordinal, 0-based  The event.
-- @column kind VARCHAR  The event's kind.
-- @column frame_index INT ordinal, 0-based  The event's frame.
-- @column depth INT frames  Frames of the unit below it.
-- @column function VARCHAR  The frame's code.
-- @column line_number INT lines, 1-based  The event's line.
-- @column scope VARCHAR  `local`, `captured`, `global`, `iterator` or `stack`.
-- @column variable_index INT ordinal, 0-based  Its place among those of its scope.
-- @column name VARCHAR  Its name; empty on the stack.
-- @column value VARCHAR  Its value's `repr`, possibly cut; what an iterator walks.
-- @column value_type VARCHAR  That value's type; the iterator's.
-- @column value_chars BIGINT characters  Length of the whole `repr` when `value` is cut; else null.
-- @column object_index INT ordinal, 0-based  Which object it is; null for a type that cannot change in place.
-- @column members VARCHAR  The numbers of the objects inside.
-- @column items_drawn BIGINT items  Items drawn from an iterator.
-- @column items_left BIGINT items  Items left in an iterator; null when not known.
WITH replayed AS (
  SELECT
    execution_index,
    event_index,
    kind,
    frame_index,
    depth,
    function,
    line_number,
    state_list(step) OVER (
      PARTITION BY execution_index
      ORDER BY position
    ) AS state
  FROM _rows
),
held AS (
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
  variable['variable_index'] AS variable_index,
  variable['name'] AS name,
  variable['value'] AS value,
  variable['value_type'] AS value_type,
  variable['value_chars'] AS value_chars,
  variable['object_index'] AS object_index,
  variable['members'] AS members,
  variable['items_drawn'] AS items_drawn,
  variable['items_left'] AS items_left
FROM held
