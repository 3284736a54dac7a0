-- One row is one event or change of a chosen execution: `_rows` without the executions that are not rendered.
-- @reads chosen, _rows
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column event_index INT ordinal, 0-based  The event, or the event that found the change.
-- @column position BIGINT  Where it stands in its execution.
-- @column kind VARCHAR  The event's kind; null for a change, as all that follow but the last.
-- @column frame_index INT ordinal, 0-based  The event's frame.
-- @column depth INT frames  Frames below it.
-- @column function VARCHAR  The frame's code.
-- @column line_number INT lines, 1-based  The event's line.
-- @column value VARCHAR  The value returned or yielded.
-- @column value_chars BIGINT characters  Length of the whole value when it is cut.
-- @column exception VARCHAR  The event's exception.
-- @column output VARCHAR  Text written since the event before.
-- @column step STRUCT  All that the replaying functions need of the row.
SELECT
  _rows.execution_index,
  _rows.event_index,
  _rows.position,
  _rows.kind,
  _rows.frame_index,
  _rows.depth,
  _rows.function,
  _rows.line_number,
  _rows.value,
  _rows.value_chars,
  _rows.exception,
  _rows.output,
  _rows.step
FROM chosen
INNER JOIN _rows ON _rows.execution_index = chosen.execution_index
