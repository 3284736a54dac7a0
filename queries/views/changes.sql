-- One row is one variable that an event found changed, with its value as text whatever its type. The stored table has
-- null for the most frequent values; this view restores them.
-- @reads stored_changes
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column frame_index INT ordinal, 0-based  The frame.
-- @column scope VARCHAR  `local`, `captured`, `global`, `iterator` or `stack`.
-- @column variable_index INT ordinal, 0-based  Which of the variables of that scope in the frame's code.
-- @column name VARCHAR  The variable; `for LINE` for an iterator; null for an entry of the stack.
-- @column event_index INT ordinal, 0-based  The event before which it changed.
-- @column action VARCHAR  `bound`, `rebound`, `mutated` or `deleted`.
-- @column value VARCHAR  The value's `repr`, possibly cut; where there is a `splice_start`, the piece; null when deleted.
-- @column value_int BIGINT  The value, when it is an `int` of 64 bits; for an iterator the number of items drawn.
-- @column value_type VARCHAR  The value's type; null when deleted, or where there is a `splice_start`: as before.
-- @column value_chars BIGINT characters  Length of the whole `repr` when it is cut; else null.
-- @column splice_start INT characters, 0-based  Where `value` takes the place of a piece; null where it is whole.
-- @column splice_removed INT characters  The length of the piece that is replaced; null as `splice_start`.
-- @column object_index INT ordinal, 0-based  Which object it is; null for a type that cannot change in place.
-- @column members VARCHAR  The numbers of the objects inside, in the order of the text.
-- @column items_left BIGINT items  Items left in an iterator that begins; null when not known, and for all else.
WITH names AS (
  SELECT
    execution_index,
    frame_index,
    coalesce(scope, 'local') AS scope,
    variable_index,
    MIN(name) AS name
  FROM stored_changes
  WHERE name IS NOT NULL
  GROUP BY execution_index, frame_index, coalesce(scope, 'local'), variable_index
)
SELECT
  stored_changes.execution_index,
  stored_changes.frame_index,
  coalesce(stored_changes.scope, 'local') AS scope,
  stored_changes.variable_index,
  names.name,
  stored_changes.event_index,
  CASE
    WHEN stored_changes.action IS NOT NULL THEN stored_changes.action
    WHEN stored_changes.value_int IS NULL AND stored_changes.value_text IS NULL THEN 'deleted'
    WHEN stored_changes.splice_start IS NOT NULL THEN 'mutated'
    WHEN stored_changes.name IS NOT NULL OR stored_changes.scope = 'stack' THEN 'bound'
    ELSE 'rebound'
  END AS action,
  coalesce(stored_changes.value_text, CAST(stored_changes.value_int AS VARCHAR)) AS value,
  stored_changes.value_int,
  CASE
    WHEN stored_changes.value_type IS NOT NULL THEN stored_changes.value_type
    WHEN stored_changes.value_int IS NOT NULL THEN 'int'
    WHEN stored_changes.value_text IS NOT NULL AND stored_changes.splice_start IS NULL THEN 'str'
  END AS value_type,
  stored_changes.value_chars,
  stored_changes.splice_start,
  stored_changes.splice_removed,
  stored_changes.object_index,
  stored_changes.members,
  stored_changes.items_left
-- The smaller side stands to the left, where the engine keeps it in memory.
FROM names
RIGHT JOIN stored_changes
  ON stored_changes.execution_index = names.execution_index
  AND stored_changes.frame_index = names.frame_index
  AND coalesce(stored_changes.scope, 'local') = names.scope
  AND stored_changes.variable_index = names.variable_index
