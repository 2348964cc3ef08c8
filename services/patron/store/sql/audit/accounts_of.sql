-- Which accounts have an entry of these events. $1 event[], $2 recorded_at[], $3 kind.
SELECT event, account FROM entry
WHERE recorded_at = ANY($2::timestamptz[]) AND kind = $3 AND event = ANY($1::uuid[]);
