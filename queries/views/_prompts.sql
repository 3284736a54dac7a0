-- One row is one chosen execution with the texts that formats share: what the model is given, and how it ended.
-- The prompt is the unit's source, then what ran:
--
--   SOURCE
--
--   # setup              only where the input has set-up statements
--   SETUP
--   # call               for a program: `# stdin`, then the text it reads, as a Python string
--   CALL
-- @reads chosen, executions, inputs, functions
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column execution_id VARCHAR  Its id.
-- @column source VARCHAR  The unit's source.
-- @column prompt VARCHAR  The unit's source and the call, or the program and its standard input.
-- @column is_program BOOLEAN  A whole program ran, not a call.
-- @column stdout VARCHAR  What it wrote to standard output.
-- @column ending VARCHAR  How it ended as one line: `return VALUE`, `raise Type: message`, `exit STATUS` for `os._exit`, or `end` for a program.
-- @column answer VARCHAR  What the format `direct` answers: the value or exception, after a program's output.
WITH endings AS (
  SELECT
    execution_index,
    CASE
      WHEN coalesce(exception_message, '') = '' THEN exception_type
      ELSE concat(exception_type, ': ', exception_message)
    END AS exception
  FROM executions
)
SELECT
  executions.execution_index,
  executions.execution_id,
  functions.source,
  concat(
    rtrim(functions.source, chr(10)),
    chr(10),
    chr(10),
    CASE
      WHEN inputs.setup = '' THEN ''
      ELSE concat('# setup', chr(10), rtrim(inputs.setup, chr(10)), chr(10))
    END,
    CASE
      WHEN inputs.call = '' THEN concat('# stdin', chr(10), py_str(inputs.stdin))
      ELSE concat('# call', chr(10), inputs.call)
    END
  ) AS prompt,
  inputs.call = '' AS is_program,
  executions.stdout,
  CASE
    WHEN executions.exception_type = 'os._exit' THEN concat('exit ', executions.exception_message)
    WHEN endings.exception IS NOT NULL THEN concat('raise ', endings.exception)
    WHEN inputs.call = '' THEN 'end'
    ELSE concat('return ', executions.result)
  END AS ending,
  CASE
    WHEN inputs.call <> '' THEN coalesce(endings.exception, executions.result, '')
    WHEN endings.exception IS NULL THEN executions.stdout
    WHEN executions.stdout = '' OR ends_with(executions.stdout, chr(10))
      THEN concat(executions.stdout, endings.exception)
    ELSE concat(executions.stdout, chr(10), endings.exception)
  END AS answer
FROM chosen
INNER JOIN executions ON executions.execution_index = chosen.execution_index
INNER JOIN endings ON endings.execution_index = chosen.execution_index
INNER JOIN inputs ON inputs.input_id = executions.input_id
INNER JOIN functions ON functions.function_id = executions.function_id
