-- These are known now, and were not sent again. $1 shard, $2 notice[].
DELETE FROM ahead WHERE shard = $1 AND notice = ANY($2::uuid[]);
