-- One row is one sample: the source, the call and one state, answered by the next (E.T.'s Line-1). A state has all that
-- the next one follows from: every frame on the stack with its locals and the positions of its loops' iterators, the
-- running one last, about to run its line.
--
--   SOURCE AND CALL AS IN `direct`
--
--   # state
--   frame outer
--   line 7: return inner(a)
--   locals {a: 2}
--   frame inner
--   line 2: for i in range(a + LIMIT):
--   locals {a: 2, i: 3}
--   iterators {for 2: 4 of 12 in range(0, 12)}
--   globals {LIMIT: 10}
--
-- `4 of 12` are the items drawn, and those drawn and left together, `?` where that is not known.
--
-- The completion is the state at the next line event, or `return VALUE`, `raise Type: message`, or `end` for a program;
-- `output TEXT` before it says what the step writes to standard output.
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
    row_number() OVER (
      PARTITION BY events.execution_index
      ORDER BY shash(concat(executions.execution_id, ' line ', events.event_index), $seed), events.event_index
    ) <= $samples_max AS is_start
  FROM chosen
  INNER JOIN executions ON executions.execution_index = chosen.execution_index
  INNER JOIN events ON events.execution_index = chosen.execution_index
  WHERE events.kind = 'line'
),
marks AS (
  SELECT
    execution_index,
    event_index,
    is_start,
    LAG(is_start) OVER (
      PARTITION BY execution_index
      ORDER BY event_index
    ) AS is_target
  FROM lines
),
wanted AS (
  SELECT
    marks.execution_index,
    marks.event_index,
    marks.is_start
  FROM marks
  WHERE
    marks.is_start
    OR marks.is_target
),
states AS (
  SELECT
    wanted.execution_index,
    wanted.event_index,
    wanted.is_start,
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
pairs AS (
  SELECT
    execution_index,
    event_index,
    is_start,
    state,
    LEAD(state) OVER wanted AS next_state,
    coalesce(written, 0) AS written,
    coalesce(LEAD(written) OVER wanted, 0) AS next_written
  FROM states
  WHERE event_index IS NOT NULL
  WINDOW wanted AS (
    PARTITION BY execution_index
    ORDER BY event_index
  )
)
SELECT
  _prompts.execution_index,
  CAST(row_number() OVER (PARTITION BY _prompts.execution_index ORDER BY pairs.event_index) - 1 AS BIGINT)
    AS sample_index,
  concat(_prompts.prompt, chr(10), chr(10), '# state', chr(10), pairs.state) AS prompt,
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
WHERE pairs.is_start
ORDER BY
  execution_index,
  sample_index
