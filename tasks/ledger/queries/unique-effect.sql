-- Of each limit the documents it crosses, and those that it alone drops.
SELECT entry.reason AS crossed, count(*) AS documents, count(*) FILTER (len(crossed) = 1) AS alone
FROM (SELECT crossed, unnest(crossed) AS entry FROM decisions) GROUP BY 1 ORDER BY documents DESC
