-- Documents and kept documents of each language.
SELECT language, count(*) AS documents, count(*) FILTER (kept) AS kept, avg(language_score) AS mean_score
FROM documents JOIN decisions USING (id) GROUP BY language ORDER BY documents DESC
