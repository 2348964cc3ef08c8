-- Set poison aside. One element a record: $1 topic[], $2 partition[], $3 offset[],
-- $4 record_at[], $5 code[], $6 detail[], $7 sealed[].
INSERT INTO dead_letter (topic, partition, record_offset, record_at, code, detail, sealed)
SELECT topic, partition, record_offset, record_at, code, detail, sealed
FROM unnest(
    $1::text[], $2::int[], $3::bigint[], $4::timestamptz[], $5::text[], $6::text[], $7::bytea[]
) AS poison (topic, partition, record_offset, record_at, code, detail, sealed);
