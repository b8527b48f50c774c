-- Pairs of limits that the same documents cross.
SELECT a.reason AS one, b.reason AS other, count(*) AS documents
FROM (SELECT unnest(crossed) AS a, crossed FROM decisions), unnest(crossed) AS t(b)
WHERE a.reason < b.reason GROUP BY 1, 2 ORDER BY documents DESC LIMIT 50
