-- One row is one kind of sample, with the number of samples and of bytes of text.
-- @reads mixtures
-- @column split VARCHAR  `train`, `validation` or `test`.
-- @column format VARCHAR  The format.
-- @column format_version INT version  The format's version.
-- @column corpus VARCHAR  The corpus.
-- @column licence VARCHAR  The licence; null when the corpus does not say.
-- @column samples BIGINT  How many samples.
-- @column text_bytes BIGINT bytes  Prompts and completions together.
SELECT
  split,
  format,
  format_version,
  corpus,
  licence,
  COUNT(*) AS samples,
  SUM(octet_length(prompt) + octet_length(completion)) AS text_bytes
FROM mixtures
GROUP BY split, format, format_version, corpus, licence
ORDER BY
  split,
  format,
  format_version,
  corpus,
  licence
