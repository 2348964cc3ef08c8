-- Write down which partitions wait for an operator, and why; null: read on. Nothing is
-- written where that is known.
-- $1 group; one element a partition: $2 topic[], $3 partition[], $4 epoch[], $5 reason[],
-- $6 detail[].
UPDATE claim SET stopped = step.reason, stopped_detail = step.detail, updated_at = now()
FROM unnest($2::text[], $3::int[], $4::int[], $5::text[], $6::text[])
    AS step (topic, partition, epoch, reason, detail)
WHERE claim.grp = $1 AND claim.topic = step.topic AND claim.partition = step.partition
    AND claim.epoch = step.epoch
    AND (claim.stopped, claim.stopped_detail) IS DISTINCT FROM (step.reason, step.detail);
