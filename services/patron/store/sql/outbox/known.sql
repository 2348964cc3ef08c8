-- Which of these notices wait in a shard. $1 shard, $2 notice[].
SELECT id, notice FROM outbox WHERE shard = $1 AND notice = ANY($2::uuid[]);
