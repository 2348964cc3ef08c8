-- The first statement of a batch: move each partition on, if it is still ours and stands
-- where we think. The rows stay locked to the commit, so a successor's claim waits for it.
-- $1 group; one element a partition, ascending: $2 topic[], $3 partition[], $4 epoch[],
--    $5 expected offset[], $6 next offset[], $7 last hash[], $8 reached_at[], $9 lagging[].
-- Returns the partitions that moved; one that is not returned is fenced.
UPDATE claim
SET next_offset = step.next_offset, last_hash = step.last_hash,
    reached_at = greatest(claim.reached_at, step.reached_at), lagging = step.lagging,
    crash_tries = 0, updated_at = now()
FROM (
    SELECT wanted.*
    FROM unnest(
        $2::text[], $3::int[], $4::int[], $5::bigint[], $6::bigint[], $7::bytea[],
        $8::timestamptz[], $9::boolean[]
    ) AS wanted (topic, partition, epoch, expected, next_offset, last_hash, reached_at, lagging)
    JOIN claim AS held ON
        held.grp = $1 AND held.topic = wanted.topic AND held.partition = wanted.partition
    ORDER BY wanted.topic, wanted.partition
    FOR NO KEY UPDATE OF held
) AS step
WHERE claim.grp = $1 AND claim.topic = step.topic AND claim.partition = step.partition
    AND claim.epoch = step.epoch AND claim.next_offset = step.expected
RETURNING claim.topic, claim.partition;
