-- Documents that one limit alone drops, by the smallest margin.
SELECT id, url, crossed[1].reason AS reason, crossed[1].value AS value, crossed[1]."limit" AS bound
FROM decisions JOIN documents USING (id) WHERE len(crossed) = 1 AND crossed[1].margin IS NOT NULL
ORDER BY crossed[1].margin / nullif(abs(crossed[1]."limit"), 0) LIMIT 50
