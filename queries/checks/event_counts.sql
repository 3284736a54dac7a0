-- One row is one execution whose numbers of frames, events or changes differ from its counts.
-- @reads executions, frames, stored_events, stored_changes
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column frame_count BIGINT  Frames that it states.
-- @column frames_found BIGINT  Rows of `frames`.
-- @column event_count BIGINT  Events that it states.
-- @column events_found BIGINT  Rows of `events`.
-- @column instruction_count BIGINT  Instructions that it states.
-- @column instructions_found BIGINT  Rows of `events` that are instructions.
-- @column change_count BIGINT  Changes that it states.
-- @column changes_found BIGINT  Rows of `changes`.
WITH frame_counts AS (
  SELECT
    execution_index,
    COUNT(*) AS found
  FROM frames
  GROUP BY execution_index
),
event_counts AS (
  SELECT
    execution_index,
    COUNT(*) AS found,
    COUNT(instruction_index) AS instructions
  FROM stored_events
  GROUP BY execution_index
),
change_counts AS (
  SELECT
    execution_index,
    COUNT(*) AS found
  FROM stored_changes
  GROUP BY execution_index
),
found AS (
  SELECT
    executions.execution_index,
    executions.frame_count,
    coalesce(frame_counts.found, 0) AS frames_found,
    executions.event_count,
    coalesce(event_counts.found, 0) AS events_found,
    executions.instruction_count,
    coalesce(event_counts.instructions, 0) AS instructions_found,
    executions.change_count,
    coalesce(change_counts.found, 0) AS changes_found
  FROM executions
  LEFT JOIN frame_counts ON frame_counts.execution_index = executions.execution_index
  LEFT JOIN event_counts ON event_counts.execution_index = executions.execution_index
  LEFT JOIN change_counts ON change_counts.execution_index = executions.execution_index
)
SELECT
  execution_index,
  frame_count,
  frames_found,
  event_count,
  events_found,
  instruction_count,
  instructions_found,
  change_count,
  changes_found
FROM found
WHERE
  frame_count <> frames_found
  OR event_count <> events_found
  OR instruction_count <> instructions_found
  OR change_count <> changes_found
ORDER BY execution_index
