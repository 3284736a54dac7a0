-- One row is one entry of the value stack on which an instruction is about to run. Only executions recorded at
-- instruction granularity have them.
-- @reads _replayed
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column event_index INT ordinal, 0-based  The instruction's event.
-- @column frame_index INT ordinal, 0-based  The event's frame.
-- @column entry_index INT ordinal, 0-based, from the bottom  The entry's place.
-- @column value VARCHAR  Its value's `repr`, possibly cut.
-- @column value_type VARCHAR  That value's type.
-- @column value_chars BIGINT characters  Length of the whole `repr` when `value` is cut; else null.
-- @column object_index INT ordinal, 0-based  Which object it is; null for a type that cannot change in place.
-- @column members VARCHAR  The numbers of the objects inside that can change in place, in the order of the text.
SELECT
  execution_index,
  event_index,
  frame_index,
  variable_index AS entry_index,
  value,
  value_type,
  value_chars,
  object_index,
  members
FROM _replayed
WHERE
  scope = 'stack'
  AND kind = 'instruction'
