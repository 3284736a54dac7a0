-- One row is one frame that has no row of its own, or no events, or does not begin with the event that it names.
-- @reads frames, stored_events
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column frame_index INT ordinal, 0-based  The frame.
-- @column problem VARCHAR  What is wrong.
WITH begun AS (
  SELECT
    execution_index,
    frame_index,
    MIN(event_index) AS event_index
  FROM stored_events
  GROUP BY execution_index, frame_index
),
pairs AS (
  SELECT
    coalesce(frames.execution_index, begun.execution_index) AS execution_index,
    coalesce(frames.frame_index, begun.frame_index) AS frame_index,
    CASE
      WHEN frames.frame_index IS NULL THEN 'events of no frame'
      WHEN begun.frame_index IS NULL THEN 'no events'
      WHEN frames.event_index <> begun.event_index THEN 'it begins elsewhere'
    END AS problem
  FROM frames
  FULL JOIN begun
    ON begun.execution_index = frames.execution_index
    AND begun.frame_index = frames.frame_index
)
SELECT
  execution_index,
  frame_index,
  problem
FROM pairs
WHERE problem IS NOT NULL
ORDER BY
  execution_index,
  frame_index
