-- The largest clusters of copies by text, with the URL of one member.
SELECT text_cluster, max(text_cluster_size) AS members, any_value(url) AS url
FROM clusters JOIN documents USING (id) WHERE text_cluster IS NOT NULL GROUP BY 1 ORDER BY members DESC LIMIT 50
