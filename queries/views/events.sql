-- One row is one event of an execution, with its frame. The state of a step is what holds before its line or
-- instruction runs. The stored table has null for the most frequent values; this view restores them.
-- @reads stored_events, frames, executions
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column event_index INT ordinal, 0-based  Which of its events.
-- @column kind VARCHAR  `call`, `line`, `instruction`, `return`, `exception`, `handled`, `unwind`, `yield` or `resume`.
-- @column frame_index INT ordinal, 0-based  Which frame of the execution.
-- @column parent_index INT ordinal, 0-based  The frame that called it; null for a call from outside the unit.
-- @column depth INT frames  Frames of the unit below it.
-- @column function VARCHAR  The code's qualified name.
-- @column code_index INT ordinal, 0-based  Which of the execution's code objects it runs.
-- @column line_number INT lines, 1-based  About to run for `line`, of the `def` for `call`, running for the others.
-- @column instruction_index INT ordinal, 0-based  Which instruction of the code; null for other kinds.
-- @column value VARCHAR  The value returned or yielded, as `repr`.
-- @column value_type VARCHAR  That value's type.
-- @column value_chars BIGINT characters  Length of the whole `repr` when `value` is cut; else null.
-- @column exception VARCHAR  The exception as `Type: message`.
-- @column output VARCHAR  Text written to standard output since the event before.
SELECT
  stored_events.execution_index,
  stored_events.event_index,
  CASE
    WHEN stored_events.kind IS NOT NULL THEN stored_events.kind
    WHEN stored_events.instruction_index IS NOT NULL THEN 'instruction'
    ELSE 'line'
  END AS kind,
  stored_events.frame_index,
  frames.parent_index,
  frames.depth,
  frames.function,
  frames.code_index,
  stored_events.line_number,
  stored_events.instruction_index,
  CASE WHEN results.execution_index IS NULL THEN stored_events.value ELSE results.result END AS value,
  CASE WHEN results.execution_index IS NULL THEN stored_events.value_type ELSE results.result_type END AS value_type,
  CASE WHEN results.execution_index IS NULL THEN stored_events.value_chars ELSE results.result_chars END AS value_chars,
  stored_events.exception,
  stored_events.output
-- The smaller sides stand to the left, where the engine keeps them in memory.
FROM executions AS results
RIGHT JOIN (
  frames
  RIGHT JOIN stored_events
    ON stored_events.execution_index = frames.execution_index
    AND stored_events.frame_index = frames.frame_index
)
  ON stored_events.execution_index = results.execution_index
  AND stored_events.kind = 'return'
  AND stored_events.value IS NULL
