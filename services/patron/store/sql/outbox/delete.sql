-- Notices that the world has. $1 shard, $2 id[].
DELETE FROM outbox WHERE shard = $1 AND id = ANY($2::bigint[]);
