-- One row is one frame whose first event is not its only call, or that has events after its end.
-- @reads events
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column frame_index INT ordinal, 0-based  The frame.
-- @column problem VARCHAR  What is wrong.
WITH frames AS (
  SELECT
    execution_index,
    frame_index,
    COUNT(*) FILTER (WHERE kind = 'call') AS calls,
    COUNT(*) FILTER (WHERE kind IN ('return', 'unwind')) AS ends,
    MIN(event_index) AS first_event,
    MAX(event_index) AS last_event,
    MIN(event_index) FILTER (WHERE kind = 'call') AS call_event,
    MAX(event_index) FILTER (WHERE kind IN ('return', 'unwind')) AS end_event
  FROM events
  GROUP BY execution_index, frame_index
)
SELECT
  execution_index,
  frame_index,
  CASE
    WHEN calls <> 1 THEN 'not exactly one call'
    WHEN call_event <> first_event THEN 'the call is not its first event'
    WHEN ends > 1 THEN 'it ends more than once'
    ELSE 'it goes on after its end'
  END AS problem
FROM frames
WHERE
  calls <> 1
  OR call_event <> first_event
  OR ends > 1
  OR end_event <> last_event
ORDER BY
  execution_index,
  frame_index
