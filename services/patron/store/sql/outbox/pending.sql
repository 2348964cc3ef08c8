-- How many notices of a shard wait, counted up to a limit. $1 shard, $2 limit.
SELECT count(*) FROM (SELECT 1 FROM outbox WHERE shard = $1 LIMIT $2) AS waiting;
