-- Which notices of a shard are still here. $1 shard, $2 notice[].
SELECT id FROM outbox WHERE shard = $1 AND notice = ANY($2::uuid[]);
