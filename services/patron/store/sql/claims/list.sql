-- Every partition of a group, and what holds it. $1 group.
SELECT topic, partition, epoch, owner, next_offset, reached_at, lagging, crash_tries,
    stopped, stopped_detail
FROM claim WHERE grp = $1 ORDER BY topic, partition;
