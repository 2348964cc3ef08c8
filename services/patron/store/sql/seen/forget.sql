-- Give back names that this transaction claimed and could not use: a dead letter claims none.
-- $1 week[], $2 event[].
DELETE FROM seen USING unnest($1::int[], $2::uuid[]) AS unfit (week, event)
WHERE seen.week = unfit.week AND seen.event = unfit.event;
