-- One row is one execution number that events have and no execution has.
-- @reads events, executions
-- @column execution_index BIGINT ordinal, 0-based  The number.
-- @column event_count BIGINT  How many events have it.
SELECT
  events.execution_index,
  COUNT(*) AS event_count
FROM events
LEFT ANTI JOIN executions ON executions.execution_index = events.execution_index
GROUP BY events.execution_index
ORDER BY execution_index
