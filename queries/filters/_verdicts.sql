-- One row is one execution with the reason why no samples are made of it, or `usable`.
-- @reads executions
-- @param events_max BIGINT = 512  Executions with more events, instructions not counted, are left out.
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column verdict VARCHAR  `usable`; an outcome; `process_exit` where `os._exit` left frames open; `check_failed`, `no_events`, `too_many_events`, `result_cut` or `irreproducible`.
SELECT
  execution_index,
  CASE
    WHEN outcome NOT IN ('returned', 'raised', 'exited') THEN outcome
    WHEN exception_type = 'os._exit' THEN 'process_exit'
    WHEN check_passed = FALSE THEN 'check_failed'
    WHEN event_count = 0 THEN 'no_events'
    WHEN event_count - instruction_count > $events_max THEN 'too_many_events'
    WHEN result_chars IS NOT NULL THEN 'result_cut'
    WHEN array_has_any(labels, ['address', 'hash', 'id', 'killed', 'wall_clock']) THEN 'irreproducible'
    ELSE 'usable'
  END AS verdict
FROM executions
