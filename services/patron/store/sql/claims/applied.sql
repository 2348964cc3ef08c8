-- How far a group has come, over all partitions that were begun. $1 group.
SELECT coalesce(sum(next_offset), 0)::bigint FROM claim WHERE grp = $1;
