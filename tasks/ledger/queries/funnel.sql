-- Every reason for which documents were dropped, and how many; null are those kept.
SELECT reason, count(*) AS documents FROM decisions GROUP BY reason ORDER BY documents DESC
