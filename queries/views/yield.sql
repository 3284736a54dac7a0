-- One row is one end of the functions of a corpus: how many were traced, and for each reason how many were not.
-- @reads functions, searches, executions
-- @column corpus VARCHAR  The corpus.
-- @column linkage VARCHAR  How far the functions reach: see `functions`.
-- @column reason VARCHAR  `traced` where an execution returned; else why no candidate returned, or how the first execution ended.
-- @column function_count BIGINT functions  How many end so.
-- @column share DOUBLE  Their share of all functions of the corpus, 0 to 1.
WITH ended AS (
  SELECT
    function_id,
    BOOL_OR(outcome = 'returned') AS is_traced,
    FIRST_VALUE(outcome ORDER BY execution_index) AS outcome
  FROM executions
  GROUP BY function_id
),
reasons AS (
  SELECT
    functions.corpus,
    functions.linkage,
    CASE
      WHEN ended.is_traced THEN 'traced'
      ELSE COALESCE(searches.reason, ended.outcome, 'nothing_ran')
    END AS reason
  FROM functions
  LEFT JOIN searches ON searches.function_id = functions.function_id
  LEFT JOIN ended ON ended.function_id = functions.function_id
)
SELECT
  corpus,
  linkage,
  reason,
  COUNT(*) AS function_count,
  CAST(COUNT(*) AS DOUBLE) / SUM(COUNT(*)) OVER (PARTITION BY corpus) AS share
FROM reasons
GROUP BY corpus, linkage, reason
ORDER BY corpus, function_count DESC, linkage, reason
