-- One row is one unit with the coverage of its inputs, and why no candidate returned where none did.
-- @reads functions, searches
-- @column function_id VARCHAR  The unit.
-- @column corpus VARCHAR  Its corpus.
-- @column path VARCHAR  Its file.
-- @column qualified_name VARCHAR  Its name.
-- @column kind VARCHAR  What it is.
-- @column input_count INT inputs  Inputs that it got.
-- @column candidate_count INT candidates  Candidates that were run.
-- @column line_share DOUBLE  Share of the function's lines that its inputs cover, 0 to 1; null when nothing was run.
-- @column branch_share DOUBLE  The same for the two branches of each condition and each `for`; null also when there are none.
-- @column reason VARCHAR  Why no candidate returned; null when one did, or none was run.
-- @column model VARCHAR  The end of the request to the language model; null when none was made.
SELECT
  functions.function_id,
  functions.corpus,
  functions.path,
  functions.qualified_name,
  functions.kind,
  searches.input_count,
  searches.candidate_count,
  CAST(searches.lines_reached AS DOUBLE) / NULLIF(searches.line_count, 0) AS line_share,
  CAST(searches.branches_reached AS DOUBLE) / NULLIF(searches.branch_count, 0) AS branch_share,
  searches.reason,
  searches.model
FROM searches
JOIN functions ON functions.function_id = searches.function_id
