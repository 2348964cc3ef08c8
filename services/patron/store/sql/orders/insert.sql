-- Orders that are new. $1 tenant, $2 program; one element an order, ascending:
-- $3 order_id[], $4 account[], $5 seq[], $6 version[], $7 tier[], $8 state[].
-- Fewer rows than elements: somebody else made one first.
INSERT INTO orders (tenant, program, order_id, account, seq, version, tier, state)
SELECT $1, $2, order_id, account, seq, version, tier, state
FROM unnest(
    $3::text[], $4::bigint[], $5::int[], $6::int[], $7::smallint[], $8::bytea[]
) AS new (order_id, account, seq, version, tier, state)
ON CONFLICT (tenant, program, order_id) DO NOTHING;
