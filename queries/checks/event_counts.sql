-- One row is one execution whose frames, events or changes are not as many as it says.
-- @reads executions, frames, stored_events, stored_changes
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column frame_count BIGINT  Frames it says.
-- @column frames_found BIGINT  Frames there are.
-- @column event_count BIGINT  Events it says.
-- @column events_found BIGINT  Events there are.
-- @column instruction_count BIGINT  Instructions among them it says.
-- @column instructions_found BIGINT  Instructions among them there are.
-- @column change_count BIGINT  Changes it says.
-- @column changes_found BIGINT  Changes there are.
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
