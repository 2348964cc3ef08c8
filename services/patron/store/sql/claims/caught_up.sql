-- Say of partitions that they have no lag, or have. Nothing is written where it is known.
-- $1 group; one element a partition: $2 topic[], $3 partition[], $4 epoch[], $5 lagging[].
UPDATE claim SET lagging = wanted.lagging, updated_at = now()
FROM unnest($2::text[], $3::int[], $4::int[], $5::boolean[])
    AS wanted (topic, partition, epoch, lagging)
WHERE claim.grp = $1 AND claim.topic = wanted.topic AND claim.partition = wanted.partition
    AND claim.epoch = wanted.epoch AND claim.lagging <> wanted.lagging;
