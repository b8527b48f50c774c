-- Documents that meet every limit of the recipe c4, copies included. Rules: Raffel et al. 2020, JMLR 21, section 2.2.
SELECT id FROM signals
WHERE coalesce("language" IN ('en'), false)
  AND coalesce(isfinite(CAST("language_score" AS DOUBLE)), false)
  AND coalesce(CAST("language_score" AS DOUBLE) >= 0.65, false)
  AND coalesce(isfinite(CAST("sentence_count" AS DOUBLE)), false)
  AND coalesce(CAST("sentence_count" AS DOUBLE) >= 5, false)
  AND coalesce(isfinite(CAST("has_curly_bracket" AS DOUBLE)), false)
  AND coalesce(CAST("has_curly_bracket" AS DOUBLE) <= 0, false)
  AND coalesce(isfinite(CAST("has_lorem_ipsum" AS DOUBLE)), false)
  AND coalesce(CAST("has_lorem_ipsum" AS DOUBLE) <= 0, false)
