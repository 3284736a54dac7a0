-- One row is one sample: the source, the call and one state, answered by a later one (E.T.'s Line-n). States are as in
-- `dynamic_line`; how many lines to go, one of 2, 4, 8, 16 and 32 by a seeded hash, stands below the state:
--
--   # state
--   …
--   # after 8 lines
--
-- The completion is the state n line events later, or how the execution ends when it ends before that.
-- @reads _prompts, _chosen_rows, executions, events, chosen
-- @version 2
-- @param samples_max BIGINT = 8  Samples of one execution; a seeded hash says which.
-- @param seed BIGINT = 0  Seed of that choice.
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column sample_index BIGINT ordinal, 0-based  Which of the execution's samples, in order of events.
-- @column prompt VARCHAR  What the model is given.
-- @column completion VARCHAR  What it must answer.
WITH lines AS (
  SELECT
    events.execution_index,
    events.event_index,
    CASE shash(concat(executions.execution_id, ' jump ', events.event_index), $seed) % 5
      WHEN 0 THEN 2
      WHEN 1 THEN 4
      WHEN 2 THEN 8
      WHEN 3 THEN 16
      ELSE 32
    END AS jump,
    row_number() OVER (
      PARTITION BY events.execution_index
      ORDER BY shash(concat(executions.execution_id, ' line n ', events.event_index), $seed), events.event_index
    ) AS rank,
    row_number() OVER (
      PARTITION BY events.execution_index
      ORDER BY events.event_index
    ) AS step_index
  FROM chosen
  INNER JOIN executions ON executions.execution_index = chosen.execution_index
  INNER JOIN events ON events.execution_index = chosen.execution_index
  WHERE events.kind = 'line'
),
starts AS (
  SELECT
    execution_index,
    event_index,
    CAST(step_index AS BIGINT) AS step_index,
    CASE WHEN rank <= $samples_max THEN jump END AS jump
  FROM lines
),
marks AS (
  SELECT
    execution_index,
    event_index,
    step_index,
    jump,
    make_array(
      CASE WHEN jump IS NOT NULL THEN step_index END,
      CASE WHEN LAG(jump, 2) OVER execution = 2 THEN step_index - 2 END,
      CASE WHEN LAG(jump, 4) OVER execution = 4 THEN step_index - 4 END,
      CASE WHEN LAG(jump, 8) OVER execution = 8 THEN step_index - 8 END,
      CASE WHEN LAG(jump, 16) OVER execution = 16 THEN step_index - 16 END,
      CASE WHEN LAG(jump, 32) OVER execution = 32 THEN step_index - 32 END
    ) AS roles
  FROM starts
  WINDOW execution AS (
    PARTITION BY execution_index
    ORDER BY event_index
  )
),
wanted AS (
  SELECT
    marks.execution_index,
    marks.event_index,
    marks.step_index,
    marks.jump,
    marks.roles
  FROM marks
  WHERE array_max(marks.roles) IS NOT NULL
),
states AS (
  SELECT
    wanted.execution_index,
    wanted.step_index,
    wanted.jump,
    wanted.roles,
    stack_text(rows.step, _prompts.source) OVER execution AS state,
    SUM(character_length(rows.output)) OVER execution AS written
  -- The smaller side stands to the left, where the engine keeps it in memory. Only wanted rows get a source.
  FROM _prompts
  RIGHT JOIN (
    wanted
    RIGHT JOIN _chosen_rows AS rows
      ON rows.execution_index = wanted.execution_index
      AND rows.event_index = wanted.event_index
      AND rows.kind = 'line'
  ) ON _prompts.execution_index = wanted.execution_index
  WINDOW execution AS (
    PARTITION BY rows.execution_index
    ORDER BY rows.position
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
),
ends AS (
  SELECT
    execution_index,
    step_index,
    jump,
    unnest(roles) AS start_index,
    state,
    coalesce(written, 0) AS chars
  FROM states
  WHERE step_index IS NOT NULL
),
pairs AS (
  SELECT
    execution_index,
    start_index,
    MAX(CASE WHEN step_index = start_index THEN jump END) AS jump,
    MAX(CASE WHEN step_index = start_index THEN state END) AS state,
    MAX(CASE WHEN step_index = start_index THEN chars END) AS written,
    MAX(CASE WHEN step_index > start_index THEN state END) AS next_state,
    MAX(CASE WHEN step_index > start_index THEN chars END) AS next_written
  FROM ends
  WHERE start_index IS NOT NULL
  GROUP BY execution_index, start_index
)
SELECT
  _prompts.execution_index,
  CAST(row_number() OVER (PARTITION BY _prompts.execution_index ORDER BY pairs.start_index) - 1 AS BIGINT)
    AS sample_index,
  concat(
    _prompts.prompt,
    chr(10),
    chr(10),
    '# state',
    chr(10),
    pairs.state,
    chr(10),
    '# after ',
    pairs.jump,
    ' lines'
  ) AS prompt,
  concat(
    CASE
      WHEN pairs.next_state IS NOT NULL AND pairs.next_written > pairs.written THEN concat(
        'output ',
        py_str(substr(_prompts.stdout, pairs.written + 1, pairs.next_written - pairs.written)),
        chr(10)
      )
      WHEN pairs.next_state IS NULL AND character_length(_prompts.stdout) > pairs.written THEN concat(
        'output ',
        py_str(substr(_prompts.stdout, pairs.written + 1)),
        chr(10)
      )
      ELSE ''
    END,
    coalesce(pairs.next_state, _prompts.ending)
  ) AS completion
FROM _prompts
INNER JOIN pairs ON pairs.execution_index = _prompts.execution_index
ORDER BY
  execution_index,
  sample_index
