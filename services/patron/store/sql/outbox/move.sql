-- Up to where the output topic has been seen. $1 shard; one element a partition:
-- $2 topic[], $3 partition[], $4 next_offset[].
INSERT INTO relay_position (shard, topic, partition, next_offset)
SELECT $1, topic, partition, next_offset
FROM unnest($2::text[], $3::int[], $4::bigint[]) AS seen (topic, partition, next_offset)
ORDER BY topic, partition
ON CONFLICT (shard, topic, partition) DO UPDATE
    SET next_offset = greatest(relay_position.next_offset, excluded.next_offset);
