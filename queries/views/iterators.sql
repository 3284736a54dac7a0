-- One row is one loop that runs in the frame of an event, at that event: its iterable and its position.
-- @reads _replayed
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column event_index INT ordinal, 0-based  The event.
-- @column kind VARCHAR  The event's kind.
-- @column frame_index INT ordinal, 0-based  The event's frame.
-- @column line_number INT lines, 1-based  The event's line.
-- @column loop_index INT ordinal, 0-based  The loop's place in its code: outer loops come before inner ones.
-- @column name VARCHAR  `for LINE`.
-- @column walks VARCHAR  The iterable, as `repr` when the loop began, possibly cut.
-- @column walks_chars BIGINT characters  Length of the whole `repr` when `walks` is cut; else null.
-- @column iterator_type VARCHAR  The iterator's type.
-- @column items_drawn BIGINT items  Items that the loop has drawn.
-- @column items_left BIGINT items  Items left; null when the iterator did not give a length when the loop began.
SELECT
  execution_index,
  event_index,
  kind,
  frame_index,
  line_number,
  variable_index AS loop_index,
  name,
  value AS walks,
  value_chars AS walks_chars,
  value_type AS iterator_type,
  items_drawn,
  items_left
FROM _replayed
WHERE scope = 'iterator'
