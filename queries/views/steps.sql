-- One row is one event with the unit that ran and the line of source that the event is about.
-- @reads events, executions, functions
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column event_index INT ordinal, 0-based  Which of its events.
-- @column function_id VARCHAR  The unit.
-- @column qualified_name VARCHAR  The unit's name.
-- @column kind VARCHAR  `call`, `line`, `instruction`, `return`, `exception`, `handled`, `unwind`, `yield` or `resume`.
-- @column frame_index INT ordinal, 0-based  Which frame of the execution.
-- @column depth INT frames  Frames of the unit below it.
-- @column function VARCHAR  The code's qualified name.
-- @column line_number INT lines, 1-based  Line of the unit's source.
-- @column source_line VARCHAR  That line's text; null when the source has no such line.
-- @column value VARCHAR  The value returned or yielded.
-- @column exception VARCHAR  The exception as `Type: message`.
-- @column output VARCHAR  Text written to standard output since the event before.
SELECT
  events.execution_index,
  events.event_index,
  executions.function_id,
  functions.qualified_name,
  events.kind,
  events.frame_index,
  events.depth,
  events.function,
  events.line_number,
  source_line(functions.source, events.line_number) AS source_line,
  events.value,
  events.exception,
  events.output
FROM functions
INNER JOIN executions ON executions.function_id = functions.function_id
INNER JOIN events ON events.execution_index = executions.execution_index
