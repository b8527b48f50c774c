-- Documents and kept documents of the largest hosts.
SELECT host, count(*) AS documents, count(*) FILTER (kept) AS kept FROM documents JOIN decisions USING (id)
GROUP BY host ORDER BY documents DESC LIMIT 50
