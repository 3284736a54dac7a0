-- One row is one variable that has a value in the frame of an event, at that event: the full state of every step.
-- The state of a `line` event is what holds before its line runs.
-- @reads _replayed
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column event_index INT ordinal, 0-based  The event.
-- @column kind VARCHAR  The event's kind.
-- @column frame_index INT ordinal, 0-based  The event's frame.
-- @column depth INT frames  Frames of the unit below it.
-- @column function VARCHAR  The frame's code.
-- @column line_number INT lines, 1-based  The event's line.
-- @column scope VARCHAR  `local`, `captured` or `global`.
-- @column variable_index INT ordinal, 0-based  Which of the variables of that scope.
-- @column name VARCHAR  The variable.
-- @column value VARCHAR  Its value's `repr`, possibly cut.
-- @column value_type VARCHAR  That value's type.
-- @column value_chars BIGINT characters  Length of the whole `repr` when `value` is cut; else null.
-- @column object_index INT ordinal, 0-based  Which object it is; null for a type that cannot change in place.
-- @column members VARCHAR  The numbers of the objects inside that can change in place, in the order of the text.
SELECT
  execution_index,
  event_index,
  kind,
  frame_index,
  depth,
  function,
  line_number,
  scope,
  variable_index,
  name,
  value,
  value_type,
  value_chars,
  object_index,
  members
FROM _replayed
WHERE scope IN ('local', 'captured', 'global')
