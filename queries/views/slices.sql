-- One row is one slice of a unit that spans several modules: which lines of the unit's source are of which module.
-- @reads functions
-- @column function_id VARCHAR  The unit.
-- @column corpus VARCHAR  Its corpus.
-- @column slice_index BIGINT ordinal, 0-based  Which of its slices; the last one is of the unit's own module.
-- @column module VARCHAR  The module's full name.
-- @column is_package BOOLEAN  Whether the module is a package.
-- @column path VARCHAR  Its file in the corpus; null for a package without a file.
-- @column first_line INT lines, 1-based  The first line of the slice in the unit's source.
-- @column last_line INT lines, 1-based  The last one; before the first where nothing of the module is needed but that it is there.
WITH unnested AS (
  SELECT
    function_id,
    corpus,
    UNNEST(GENERATE_SERIES(CAST(1 AS BIGINT), CAST(ARRAY_LENGTH(slices) AS BIGINT))) AS place,
    slices
  FROM functions
  WHERE ARRAY_LENGTH(slices) > 0
),
placed AS (
  SELECT
    function_id,
    corpus,
    place - 1 AS slice_index,
    ARRAY_ELEMENT(slices, place) AS slice
  FROM unnested
)
SELECT
  function_id,
  corpus,
  slice_index,
  slice['module'] AS module,
  slice['is_package'] AS is_package,
  slice['path'] AS path,
  slice['first_line'] AS first_line,
  CAST(slice['first_line'] + slice['line_count'] - 1 AS INT) AS last_line
FROM placed
