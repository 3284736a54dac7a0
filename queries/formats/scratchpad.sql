-- One row is one sample: the source and the call, answered by the whole history (Nye et al.): before each line that
-- runs the whole state of its frame, then the line; at the end the answer of the format `direct`.
--
--   [BEGIN]
--
--   state: {a: 1, b: 2, f: <callable_object f>}
--   line:     c = a + b
--   …
--   [DONE]
--   3
-- @reads _prompts, _chosen_rows
-- @version 1
-- @param sample_chars_max BIGINT = 32768  Longest sample, in characters.
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column sample_index BIGINT ordinal, 0-based  Always 0.
-- @column prompt VARCHAR  What the model is given.
-- @column completion VARCHAR  What it must answer; null when it is too long.
WITH states AS (
  SELECT
    execution_index,
    event_index,
    kind,
    line_number,
    state_text(step) OVER (
      PARTITION BY execution_index
      ORDER BY position
    ) AS state
  FROM _chosen_rows
),
records AS (
  SELECT
    _prompts.execution_index,
    states.event_index,
    concat(
      'state: ',
      states.state,
      chr(10),
      'line: ',
      rtrim(coalesce(source_line(_prompts.source, states.line_number), '')),
      chr(10)
    ) AS record
  FROM _prompts
  INNER JOIN states ON states.execution_index = _prompts.execution_index
  WHERE states.kind = 'line'
),
histories AS (
  SELECT
    execution_index,
    join_records(record, event_index, $sample_chars_max) AS history
  FROM records
  GROUP BY execution_index
)
SELECT
  _prompts.execution_index,
  CAST(0 AS BIGINT) AS sample_index,
  _prompts.prompt,
  concat('[BEGIN]', chr(10), chr(10))
    || CASE WHEN histories.execution_index IS NULL THEN '' ELSE histories.history END
    || concat('[DONE]', chr(10), _prompts.answer) AS completion
FROM _prompts
LEFT JOIN histories ON histories.execution_index = _prompts.execution_index
ORDER BY
  execution_index,
  sample_index
