-- One row is one instruction event without a row of `instructions`, or one code object of `instructions` that no frame
-- runs.
-- @reads frames, instructions, events
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column code_index INT ordinal, 0-based  The code object.
-- @column problem VARCHAR  What is wrong.
WITH unknown AS (
  SELECT DISTINCT
    events.execution_index,
    events.code_index,
    'an instruction that is not known' AS problem
  FROM events
  LEFT ANTI JOIN instructions
    ON instructions.execution_index = events.execution_index
    AND instructions.code_index = events.code_index
    AND instructions.instruction_index = events.instruction_index
  WHERE events.kind = 'instruction'
),
idle AS (
  SELECT DISTINCT
    instructions.execution_index,
    instructions.code_index,
    'no frame runs it' AS problem
  FROM instructions
  LEFT ANTI JOIN frames
    ON frames.execution_index = instructions.execution_index
    AND frames.code_index = instructions.code_index
)
SELECT
  execution_index,
  code_index,
  problem
FROM unknown
UNION ALL
SELECT
  execution_index,
  code_index,
  problem
FROM idle
ORDER BY
  execution_index,
  code_index,
  problem
