-- One row is one execution whose events or changes are not as many as it says.
-- @reads executions, events, changes
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column event_count BIGINT  Events it says.
-- @column events_found BIGINT  Events there are.
-- @column change_count BIGINT  Changes it says.
-- @column changes_found BIGINT  Changes there are.
WITH event_counts AS (
  SELECT
    execution_index,
    COUNT(*) AS found
  FROM events
  GROUP BY execution_index
),
change_counts AS (
  SELECT
    execution_index,
    COUNT(*) AS found
  FROM changes
  GROUP BY execution_index
)
SELECT
  executions.execution_index,
  executions.event_count,
  coalesce(event_counts.found, 0) AS events_found,
  executions.change_count,
  coalesce(change_counts.found, 0) AS changes_found
FROM executions
LEFT JOIN event_counts ON event_counts.execution_index = executions.execution_index
LEFT JOIN change_counts ON change_counts.execution_index = executions.execution_index
WHERE
  executions.event_count <> coalesce(event_counts.found, 0)
  OR executions.change_count <> coalesce(change_counts.found, 0)
ORDER BY execution_index
