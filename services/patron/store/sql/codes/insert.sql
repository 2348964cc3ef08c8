-- More codes of a locked pool. $1 program, $2 pool; one element a code: $3 number[],
-- $4 digest[], $5 sealed[].
INSERT INTO code (program, pool, number, digest, sealed)
SELECT $1, $2, number, digest, sealed
FROM unnest($3::int[], $4::uuid[], $5::bytea[]) AS new (number, digest, sealed);
