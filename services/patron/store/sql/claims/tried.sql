-- Count an attempt at what comes next, or take one back: whoever dies of it leaves the count.
-- $1 group; one element a partition: $2 topic[], $3 partition[], $4 offset[];
-- $5 by how many, $6 from how many at least.
UPDATE claim
SET crash_tries = least(greatest(claim.crash_tries, $6) + $5, 1000), updated_at = now()
FROM (
    SELECT wanted.*
    FROM unnest($2::text[], $3::int[], $4::bigint[]) AS wanted (topic, partition, next_offset)
    JOIN claim AS held ON
        held.grp = $1 AND held.topic = wanted.topic AND held.partition = wanted.partition
    ORDER BY wanted.topic, wanted.partition
    FOR NO KEY UPDATE OF held
) AS step
WHERE claim.grp = $1 AND claim.topic = step.topic AND claim.partition = step.partition
    AND claim.next_offset = step.next_offset;
