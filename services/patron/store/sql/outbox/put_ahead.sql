-- The topic has notices that this database does not know. $1 shard, $2 notice[].
INSERT INTO ahead (shard, notice) SELECT $1, notice FROM unnest($2::uuid[]) AS each (notice)
ORDER BY notice
ON CONFLICT DO NOTHING;
