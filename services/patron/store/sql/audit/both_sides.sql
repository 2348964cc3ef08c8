-- Which of these events have an entry in two accounts: a transfer's two sides, written in
-- one transaction. $1 event[], $2 recorded_at[], $3 kind.
SELECT event FROM entry
WHERE recorded_at = ANY($2::timestamptz[]) AND kind = $3 AND event = ANY($1::uuid[])
GROUP BY event HAVING count(DISTINCT account) > 1;
