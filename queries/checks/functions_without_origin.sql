-- One row is one unit that does not have exactly one first origin.
-- @reads functions, origins
-- @column function_id VARCHAR  The unit.
-- @column first_places BIGINT  How many of its places are called its first.
WITH places AS (
  SELECT
    function_id,
    COUNT(*) FILTER (WHERE is_first) AS first_places
  FROM origins
  GROUP BY function_id
)
SELECT
  functions.function_id,
  coalesce(places.first_places, 0) AS first_places
FROM functions
LEFT JOIN places ON places.function_id = functions.function_id
WHERE coalesce(places.first_places, 0) <> 1
ORDER BY function_id
