-- One row is one unit whose samples are in more than one split: training data would leak into tests.
-- @reads mixtures
-- @column function_id VARCHAR  The unit.
-- @column splits BIGINT  In how many splits it is.
SELECT
  function_id,
  COUNT(DISTINCT split) AS splits
FROM mixtures
GROUP BY function_id
HAVING COUNT(DISTINCT split) > 1
ORDER BY function_id
