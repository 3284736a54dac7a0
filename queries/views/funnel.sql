-- One row is one reason of a stage: how many things it applies to, and their share of all that entered the stage.
-- @reads stats
-- @column stage_index BIGINT ordinal, 0-based  Where the stage stands in the pipeline; order by it.
-- @column stage VARCHAR  The stage.
-- @column unit VARCHAR  What is counted.
-- @column severity_index BIGINT ordinal, 0-based  Kept first, then meant drops, failures, losses.
-- @column severity VARCHAR  `kept`, `info`, `failure` or `data_loss`.
-- @column reason VARCHAR  Why they were kept, dropped or lost.
-- @column count BIGINT  How many.
-- @column share DOUBLE  Their share of all of that stage and unit, 0 to 1; null when there are none.
WITH totals AS (
  SELECT
    stage,
    unit,
    severity,
    reason,
    SUM(count) AS count
  FROM stats
  GROUP BY stage, unit, severity, reason
)
SELECT
  CASE stage
    WHEN 'corpora' THEN 0
    WHEN 'modules' THEN 1
    WHEN 'functions' THEN 2
    WHEN 'inputs' THEN 3
    WHEN 'executions' THEN 4
    WHEN 'mixtures' THEN 5
    WHEN 'shards' THEN 6
    ELSE 7
  END AS stage_index,
  stage,
  unit,
  CASE severity
    WHEN 'kept' THEN 0
    WHEN 'info' THEN 1
    WHEN 'failure' THEN 2
    ELSE 3
  END AS severity_index,
  severity,
  reason,
  count,
  CAST(count AS DOUBLE) / NULLIF(SUM(count) OVER (PARTITION BY stage, unit), 0) AS share
FROM totals
ORDER BY
  stage_index,
  stage,
  unit,
  severity_index,
  count DESC,
  reason
