-- Every claim of a group. $1 group.
SELECT topic, partition, epoch, next_offset, last_hash, reached_at, lagging, crash_tries, updated_at
FROM claim WHERE grp = $1 ORDER BY topic, partition;
