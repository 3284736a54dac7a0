-- One row is one event, or one change that an event found; the replaying functions read them by `position`
-- within an execution, so that an event comes after its changes. One number, and not a constant a table beside
-- `event_index`: the engine takes such a constant for one of the whole union when it plans the sort.
-- @reads events, instructions, stored_changes
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column event_index INT ordinal, 0-based  The event, or the event that found the change.
-- @column position BIGINT  Where it stands in its execution; 2^32 places for each event, the last its own.
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
  events.execution_index,
  events.event_index,
  CAST(events.event_index AS BIGINT) * 4294967296 + 4294967295 AS position,
  events.kind,
  events.frame_index,
  events.depth,
  events.function,
  events.line_number,
  events.value,
  events.value_chars,
  events.exception,
  events.output,
  named_struct(
    'kind', events.kind,
    'frame_index', events.frame_index,
    'function', events.function,
    'line_number', events.line_number,
    'stack_depth', instructions.stack_depth,
    'pushes', instructions.pushes,
    'scope', CAST(NULL AS VARCHAR),
    'variable_index', CAST(NULL AS INT),
    'name', CAST(NULL AS VARCHAR),
    'action', CAST(NULL AS VARCHAR),
    'value_int', CAST(NULL AS BIGINT),
    'value_text', CAST(NULL AS VARCHAR),
    'value_type', CAST(NULL AS VARCHAR),
    'value_chars', CAST(NULL AS BIGINT),
    'splice_start', CAST(NULL AS INT),
    'splice_removed', CAST(NULL AS INT),
    'object_index', CAST(NULL AS INT),
    'members', CAST(NULL AS VARCHAR),
    'items_left', CAST(NULL AS BIGINT)
  ) AS step
-- The smaller side stands to the left, where the engine keeps it in memory.
FROM instructions
RIGHT JOIN events
  ON events.execution_index = instructions.execution_index
  AND events.code_index = instructions.code_index
  AND events.instruction_index = instructions.instruction_index
UNION ALL
SELECT
  execution_index,
  event_index,
  CAST(event_index AS BIGINT) * 4294967296 + least(variable_index, 268435455) * 8
    + CASE scope WHEN 'captured' THEN 1 WHEN 'global' THEN 2 WHEN 'iterator' THEN 3 WHEN 'stack' THEN 4 ELSE 0 END
    AS position,
  CAST(NULL AS VARCHAR) AS kind,
  CAST(NULL AS INT) AS frame_index,
  CAST(NULL AS INT) AS depth,
  CAST(NULL AS VARCHAR) AS function,
  CAST(NULL AS INT) AS line_number,
  CAST(NULL AS VARCHAR) AS value,
  CAST(NULL AS BIGINT) AS value_chars,
  CAST(NULL AS VARCHAR) AS exception,
  CAST(NULL AS VARCHAR) AS output,
  named_struct(
    'kind', CAST(NULL AS VARCHAR),
    'frame_index', frame_index,
    'function', CAST(NULL AS VARCHAR),
    'line_number', CAST(NULL AS INT),
    'stack_depth', CAST(NULL AS INT),
    'pushes', CAST(NULL AS VARCHAR),
    'scope', scope,
    'variable_index', variable_index,
    'name', name,
    'action', action,
    'value_int', value_int,
    'value_text', value_text,
    'value_type', value_type,
    'value_chars', value_chars,
    'splice_start', splice_start,
    'splice_removed', splice_removed,
    'object_index', object_index,
    'members', members,
    'items_left', items_left
  ) AS step
FROM stored_changes
