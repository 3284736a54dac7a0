-- One row is one sample: the source and the call, answered by the history with changed variables only (NExT): a record
-- a step, two spaces deeper for each frame; at the end the answer of the format `direct`.
--
--   [BEGIN]
--   call f  # a = 1; b = 2             a frame starts; after `#` what is bound
--     2: c = a + b                     a line is about to run; after `#` what the line before it changed
--     3: return c  # c = 3             `del x` says that x has no value any more
--   return 3                           likewise `yield`, `resume f`, `raise Type: message`, `handle Type: message` where
--                                      a clause takes it, `unwind Type: message` where it leaves the frame
--   [DONE]
--   3
--
-- Before a record that is not a line or a start, a record `# CHANGES` says what changed; `output TEXT` says what was
-- written to standard output since the record before.
-- @reads _prompts, _chosen_rows
-- @version 2
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
    depth,
    function,
    line_number,
    value,
    value_chars,
    exception,
    coalesce(SUM(character_length(output)) OVER execution, 0) AS written,
    changed_text(step) OVER execution AS changed
  FROM _chosen_rows
  WINDOW execution AS (
    PARTITION BY execution_index
    ORDER BY position
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
),
-- Instructions are passed over: what they changed and wrote belongs to the next step.
shown AS (
  SELECT
    execution_index,
    event_index,
    kind,
    depth,
    function,
    line_number,
    value,
    value_chars,
    exception,
    changed,
    written,
    LAG(written, 1, 0) OVER (
      PARTITION BY execution_index
      ORDER BY event_index
    ) AS written_before
  FROM states
  WHERE
    kind IS NOT NULL
    AND kind <> 'instruction'
),
steps AS (
  SELECT
    _prompts.execution_index,
    states.event_index,
    states.kind IN ('call', 'line', 'resume') AS is_start,
    repeat('  ', states.depth) AS indent,
    states.changed,
    CASE
      WHEN states.written > states.written_before THEN substr(
        _prompts.stdout, states.written_before + 1, states.written - states.written_before
      )
    END AS output,
    CASE states.kind
      WHEN 'line' THEN concat(
        '  ', states.line_number, ': ', btrim(coalesce(source_line(_prompts.source, states.line_number), ''))
      )
      WHEN 'call' THEN concat('call ', states.function)
      WHEN 'resume' THEN concat('resume ', states.function)
      WHEN 'exception' THEN concat('raise ', states.exception)
      WHEN 'handled' THEN concat('handle ', states.exception)
      WHEN 'unwind' THEN concat('unwind ', states.exception)
      ELSE concat(
        states.kind, ' ', replace(states.value, chr(10), '\n'), CASE WHEN states.value_chars IS NULL THEN '' ELSE '...' END
      )
    END AS step
  FROM _prompts
  INNER JOIN shown AS states ON states.execution_index = _prompts.execution_index
),
records AS (
  SELECT
    execution_index,
    event_index,
    concat(
      CASE WHEN output IS NULL THEN '' ELSE concat(indent, '  output ', py_str(output), chr(10)) END,
      CASE WHEN is_start OR changed IS NULL THEN '' ELSE concat(indent, '  # ', changed, chr(10)) END,
      indent,
      step,
      CASE WHEN is_start AND changed IS NOT NULL THEN concat('  # ', changed) ELSE '' END,
      chr(10)
    ) AS record
  FROM steps
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
  concat('[BEGIN]', chr(10))
    || CASE WHEN histories.execution_index IS NULL THEN '' ELSE histories.history END
    || concat('[DONE]', chr(10), _prompts.answer) AS completion
FROM _prompts
LEFT JOIN histories ON histories.execution_index = _prompts.execution_index
ORDER BY
  execution_index,
  sample_index
