-- Take partitions over: whoever owned them is fenced from now on.
-- $1 group, $2 owner, $3 topic[], $4 partition[]: one element a partition.
INSERT INTO claim (grp, topic, partition, epoch, owner)
SELECT $1, topic, partition, 1, $2
FROM unnest($3::text[], $4::int[]) AS wanted (topic, partition)
ORDER BY topic, partition
ON CONFLICT (grp, topic, partition) DO UPDATE
    SET epoch = claim.epoch + 1, owner = excluded.owner, updated_at = now()
RETURNING topic, partition, epoch, next_offset, last_hash, reached_at, crash_tries;
