-- Let a stopped partition go on elsewhere; whoever holds it now is fenced. The record before
-- is another one than was applied last, so its hash is forgotten.
-- $1 group, $2 topic, $3 partition, $4 offset. Returns a row if it was stopped.
UPDATE claim
SET epoch = claim.epoch + 1, next_offset = $4, last_hash = NULL, crash_tries = 0,
    stopped = NULL, stopped_detail = NULL, updated_at = now()
FROM (
    SELECT topic, partition, next_offset, stopped FROM claim
    WHERE grp = $1 AND topic = $2 AND partition = $3 AND stopped IS NOT NULL
    FOR NO KEY UPDATE
) AS before
WHERE claim.grp = $1 AND claim.topic = before.topic AND claim.partition = before.partition
RETURNING before.next_offset, before.stopped;
